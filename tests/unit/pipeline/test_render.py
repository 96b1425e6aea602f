"""Rendering a scene: ranges in parallel, both ends of each pipe, and the steps beside them."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO, cast

import pytest

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.errors import EngineFailed, EngineKilled, EngineTimedOut, WorkerError
from ffmpeg_worker.fair_slots import FairSlots
from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.job.lifecycle import ignore_event
from ffmpeg_worker.owners import ANONYMOUS
from ffmpeg_worker.pipeline.inputs_by_range import InputsByRange
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.pipeline.progress import JobProgress, Pace
from ffmpeg_worker.pipeline.render import render
from ffmpeg_worker.pipeline.render_answer import measure_scene, render_still
from ffmpeg_worker.pipeline.run_command import CommandRunner
from ffmpeg_worker.pipeline.scratch_usage import JobUsage, ScratchUsage
from ffmpeg_worker.planning.placed_files import Folder
from ffmpeg_worker.planning.step_result import StepResult
from ffmpeg_worker.planning.steps import (
    DependentStep,
    FfmpegStep,
    FrameRange,
    MeasureStep,
    RenderStep,
    StillStep,
    StreamedFile,
)
from ffmpeg_worker.process.child import Output
from ffmpeg_worker.sandbox.jail import Jail
from ffmpeg_worker.scene.scene import Scene
from support.job_contexts import FakeProbes

SCENE = Scene(width=2, height=2, fps=(10, 1), frames=20, background=(0, 0, 0, 1.0), elements=())
HALVES = (FrameRange(0, 10, Invocation(("first",))), FrameRange(10, 20, Invocation(("second",))))


@dataclass
class Renderers:
    """Stands for the spawner of renderers: writes `output`, then ends with `warnings` or the error."""

    output: bytes = b"frames"
    warnings: tuple[str, ...] = ()
    error: WorkerError | None = None
    killed: int = 0
    """How many of them are killed from outside, from the first one on."""
    signal: int | None = None
    orders: list[Mapping[str, Any]] = field(default_factory=list)
    streams: list[list[str]] = field(default_factory=list)
    running: int = 0
    most: int = 0

    async def start(
        self, order: Mapping[str, Any], *, stdout: Output | int, streams: Any = None, **_: object
    ) -> Any:
        self.orders.append(order)
        self.streams.append([*(streams or {})])
        if isinstance(stdout, int):
            os.write(stdout, self.output)
        else:
            stdout.feed(self.output)
        return SimpleNamespace(child=FakeChild(self), wait=self._wait, files=())

    async def _wait(self) -> tuple[str, ...]:
        if self.error is not None:
            raise self.error.copy()
        if len(self.orders) <= self.killed:
            raise EngineKilled("The renderer was killed.")
        return self.warnings


class FakeChild:
    """A renderer's process; counts how many live at once."""

    def __init__(self, renderers: Renderers) -> None:
        self._renderers = renderers

    async def __aenter__(self) -> None:
        self._renderers.running += 1
        self._renderers.most = max(self._renderers.most, self._renderers.running)

    async def __aexit__(self, *_: object) -> None:
        self._renderers.running -= 1

    async def wait(self) -> Any:
        return SimpleNamespace(cpu_seconds=0.5, signal=self._renderers.signal)


class FakeRunner(CommandRunner):
    """Encodes by reading the pipe; notes what ran, and fails as told."""

    def __init__(self, folder: Path, renderers: Renderers, *, cores: int = 4, slots: int = 4) -> None:
        context = SimpleNamespace(
            resources=SimpleNamespace(slots=FairSlots(slots), cores=cores, renderer=renderers),
            by_range=InputsByRange(cast(Any, None)),
            workspace=SimpleNamespace(
                jail=Jail(folder, None, cores=cores), usage=JobUsage(ScratchUsage(folder), ANONYMOUS)
            ),
            runtime=SimpleNamespace(deadline=time.monotonic() + 10, owner=ANONYMOUS, job_id="job-7"),
            progress=JobProgress(ignore_event),
            probes=FakeProbes(),
        )
        super().__init__(cast(JobContext, context), folder, {})
        self.encoded: list[tuple[str, bytes]] = []
        self.ran: list[str] = []
        self.error: WorkerError | None = None
        self.stream_error: WorkerError | None = None
        self.written = 0
        self.killed = 0

    async def run_in_slot(
        self,
        step: FfmpegStep,
        on_progress: Callable[[Progress], None],
        *,
        stdin: BinaryIO | None = None,
        stdout: BinaryIO | None = None,
    ) -> StepResult:
        if stdout is not None:
            return self._write(stdout)
        assert stdin is not None
        content = await asyncio.to_thread(stdin.read)
        self.encoded.append((step.invocation.arguments[0], content))
        if self.error is not None:
            raise self.error.copy()
        if len(self.encoded) <= self.killed:
            raise EngineKilled("The encoder was killed.")
        on_progress(Progress(frame=10, out_time_s=1.0, speed=2.0, fps=50.0))
        return StepResult(seconds=1.0, cpu_seconds=1.0, frames=10, out_time_s=1.0)

    def _write(self, stdout: BinaryIO) -> StepResult:
        """Write a file that the renderer reads, or fail, the first time only if killed."""
        with stdout:
            self.written += 1
            if isinstance(self.stream_error, EngineKilled) and self.written > 1:
                return StepResult(cpu_seconds=2.0)
            if self.stream_error is not None:
                raise self.stream_error.copy()
        return StepResult(cpu_seconds=2.0)

    async def run(
        self, step: FfmpegStep, on_progress: Callable[[Progress], None], *, is_alone: bool = True
    ) -> StepResult:
        assert not is_alone
        self.ran.append(step.invocation.arguments[0])
        return StepResult(cpu_seconds=0.25, log="-20 LUFS")


@pytest.fixture
def renderers() -> Renderers:
    return Renderers()


@pytest.fixture
def runner(tmp_path: Path, renderers: Renderers) -> FakeRunner:
    return FakeRunner(tmp_path, renderers)


def ignore(_fraction: float, _pace: Pace | None) -> None:
    pass


async def test_each_range_has_a_renderer_and_an_encoder(runner: FakeRunner, renderers: Renderers) -> None:
    renderers.warnings = ("a font is missing",)
    reports: list[tuple[float, Pace | None]] = []
    step = RenderStep(SCENE, HALVES, "rgba", max_parallel=2, setup=(Folder("out"),))
    result = await render(step, runner, lambda fraction, pace: reports.append((fraction, pace)))
    assert sorted(runner.encoded) == [("first", b"frames"), ("second", b"frames")]
    assert sorted((order["first"], order["last"], order["form"]) for order in renderers.orders) == [
        (0, 10, "rgba"),
        (10, 20, "rgba"),
    ]
    assert (result.frames, result.out_time_s, result.cpu_seconds) == (20, 2.0, 3.0)
    assert result.warnings == ("a font is missing",)
    assert reports == [(0.5, Pace(2.0, 50.0)), (1.0, Pace(4.0, 100.0))]
    assert (runner.folder / "out").is_dir()


async def test_no_more_ranges_run_in_parallel_than_allowed(runner: FakeRunner, renderers: Renderers) -> None:
    await render(RenderStep(SCENE, HALVES, max_parallel=1), runner, ignore)
    assert renderers.most == 1


@pytest.mark.parametrize(("parallel", "threads"), [(1, 4), (2, 2), (8, 2)])
async def test_renderers_share_the_cores(
    runner: FakeRunner, renderers: Renderers, parallel: int, threads: int
) -> None:
    await render(RenderStep(SCENE, HALVES, max_parallel=parallel), runner, ignore)
    assert [order["threads"] for order in renderers.orders] == [threads, threads]


async def test_the_steps_beside_run_in_order(runner: FakeRunner) -> None:
    measure = FfmpegStep(Invocation(("measure",)))
    write = DependentStep(lambda results, _: FfmpegStep(Invocation((results[-1].log,))))
    result = await render(RenderStep(SCENE, HALVES[:1], beside=(measure, write)), runner, ignore)
    assert runner.ran == ["measure", "-20 LUFS"]
    assert (result.frames, result.cpu_seconds) == (10, 2.0)


ENCODER = EngineFailed("The encoder failed.", code="encoder_unavailable")


@pytest.mark.parametrize(
    ("encoder", "renderer", "raised"),
    [
        (ENCODER, None, "The encoder failed."),
        (None, EngineFailed("No such font.", code="renderer_failed"), "No such font."),
        (ENCODER, EngineFailed("Broken pipe.", code="renderer_failed"), "The encoder failed."),
        (ENCODER, EngineFailed("Too large.", code="renderer_out_of_memory"), "Too large."),
        (EngineTimedOut("Time is up."), EngineFailed("Broken pipe.", code="renderer_failed"), "Time is up."),
    ],
)
async def test_the_cause_is_raised(
    runner: FakeRunner,
    renderers: Renderers,
    encoder: WorkerError | None,
    renderer: WorkerError | None,
    raised: str,
) -> None:
    runner.error, renderers.error = encoder, renderer
    with pytest.raises(WorkerError) as caught:
        await render(RenderStep(SCENE, HALVES[:1]), runner, ignore)
    assert caught.value.message == raised
    assert renderers.running == 0


async def test_a_renderer_that_crashes_is_the_cause_although_the_encoder_fails_too(
    runner: FakeRunner, renderers: Renderers
) -> None:
    renderers.error, renderers.signal = EngineFailed("It crashed.", code="renderer_failed"), signal.SIGSEGV
    runner.error = EngineFailed("No frames.", code="output_empty")
    with pytest.raises(EngineFailed, match="It crashed"):
        await render(RenderStep(SCENE, HALVES[:1]), runner, ignore)
    assert len(renderers.orders) == 1


STREAMED = RenderStep(
    SCENE, (FrameRange(0, 10, Invocation(("first",)), (StreamedFile("drawn.mov", FfmpegStep(Invocation(()))),)),)
)


async def test_a_file_is_read_while_it_is_written(runner: FakeRunner, renderers: Renderers) -> None:
    result = await render(STREAMED, runner, ignore)
    assert (renderers.streams, runner.written) == ([["drawn.mov"]], 1)
    assert result.cpu_seconds == 3.5


@pytest.mark.parametrize(
    ("stream", "renderer", "raised"),
    [
        # The renderer finds no frame in a file that could not be written.
        ("Too little memory.", EngineFailed("No frame.", code="source_unreadable"), "The subtitles"),
        ("Too little memory.", None, "The subtitles"),
        ("Error writing: Broken pipe", EngineFailed("No such font.", code="renderer_failed"), "No such font."),
        ("Error writing: Broken pipe", None, None),
    ],
)
async def test_the_cause_is_raised_where_a_file_is_streamed(
    runner: FakeRunner, renderers: Renderers, stream: str, renderer: WorkerError | None, raised: str | None
) -> None:
    runner.stream_error = EngineFailed("The subtitles cannot be drawn.", code="engine_failed", detail=stream)
    renderers.error = renderer
    if raised is None:
        await render(STREAMED, runner, ignore)
        return
    with pytest.raises(WorkerError, match=raised):
        await render(STREAMED, runner, ignore)
    assert renderers.running == 0


async def test_a_range_whose_stream_is_killed_is_rendered_again(runner: FakeRunner, renderers: Renderers) -> None:
    runner.stream_error = EngineKilled("ffmpeg was killed.")
    result = await render(STREAMED, runner, ignore)
    assert (result.frames, len(renderers.orders), runner.written) == (10, 2, 2)


@pytest.mark.parametrize(
    ("renderer", "encoder", "starts"), [(1, 0, 2), (0, 1, 2), (1, 1, 2), (2, 0, None), (0, 2, None)]
)
async def test_a_range_whose_program_is_killed_is_rendered_again_once(
    runner: FakeRunner, renderers: Renderers, renderer: int, encoder: int, starts: int | None
) -> None:
    renderers.killed, runner.killed = renderer, encoder
    if starts is None:
        with pytest.raises(EngineKilled):
            await render(RenderStep(SCENE, HALVES[:1]), runner, ignore)
    else:
        result = await render(RenderStep(SCENE, HALVES[:1]), runner, ignore)
        assert (result.frames, result.cpu_seconds) == (10, 1.5)
    assert [content for _, content in runner.encoded] == [b"frames"] * 2
    assert renderers.running == 0


async def test_a_still_whose_renderer_is_killed_is_drawn_again(runner: FakeRunner, renderers: Renderers) -> None:
    renderers.output, renderers.killed = b"PNG", 1
    await render_still(StillStep(SCENE, 7, "p.png"), runner)
    assert (runner.folder / "p.png").read_bytes() == b"PNG"
    assert len(renderers.orders) == 2


async def test_a_still_becomes_a_file(runner: FakeRunner, renderers: Renderers) -> None:
    renderers.output = b"PNG"
    result = await render_still(StillStep(SCENE, 7, "posters/p.png"), runner)
    assert (runner.folder / "posters/p.png").read_bytes() == b"PNG"
    assert (renderers.orders[0]["first"], renderers.orders[0]["form"]) == (7, "png")
    assert (result.frames, result.cpu_seconds) == (1, 0.5)


async def test_measured_texts_become_a_file(runner: FakeRunner, renderers: Renderers) -> None:
    renderers.output, renderers.warnings = b"{}", ("in the answer, too",)
    result = await measure_scene(MeasureStep(SCENE, "metrics-0.json"), runner)
    assert (runner.folder / "metrics-0.json").read_bytes() == b"{}"
    assert result.warnings == ()
