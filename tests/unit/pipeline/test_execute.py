"""Running the steps of a lane: order, results, files between steps, progress."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.errors import EngineFailed, NothingSelected
from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.job.written_outputs import WrittenOutput, WrittenStream
from ffmpeg_worker.pipeline import run_step
from ffmpeg_worker.pipeline.execute import Executed, execute
from ffmpeg_worker.pipeline.progress import Pace
from ffmpeg_worker.pipeline.run_command import CommandRunner
from ffmpeg_worker.planning.expectations import Expectations
from ffmpeg_worker.planning.plan import Lane, SideBySide
from ffmpeg_worker.planning.step_result import StepFiles, StepResult
from ffmpeg_worker.planning.steps import ComputeStep, CopyStep, DependentStep, FfmpegStep, OptionalStep, ProbeStep
from support.job_contexts import FakeJob
from support.jobs.plans import plan_job
from support.wait_until import until_async

Steps = list[tuple[float, Pace | None]]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[FfmpegStep]:
    """The steps that ran; ffmpeg reports half of ten seconds, then ends."""
    steps: list[FfmpegStep] = []

    async def run(
        self: CommandRunner, step: FfmpegStep, on_progress: Callable[[Progress], None], *, is_alone: bool
    ) -> StepResult:
        assert is_alone
        steps.append(step)
        on_progress(Progress(frame=5, out_time_s=5.0, speed=2.0, fps=50.0))
        return StepResult(frames=len(steps), problems=(f"[mp4] [error] problem {len(steps) // 3}",))

    monkeypatch.setattr(CommandRunner, "run", run)
    return steps


async def executed(
    job: FakeJob, lane: Lane, folder: Path, reports: Steps | None = None, expected: Expectations | None = None
) -> Executed:
    noted: Steps = [] if reports is None else reports
    return await execute(
        job.context,
        lane,
        folder,
        expect=lambda: expected or Expectations(),
        progress=lambda fraction, pace: noted.append((fraction, pace)),
    )


def step(**facts: Any) -> FfmpegStep:
    return FfmpegStep(Invocation(()), **facts)


async def test_steps_run_in_order_and_leave_their_results(tmp_path: Path, ran: list[FfmpegStep]) -> None:
    job = FakeJob(tmp_path)
    lane = Lane((step(command=0), step(command=1), step(command=2)))
    done = await executed(job, lane, job.lane("lane-3"))
    assert [each.command for each in ran] == [0, 1, 2]
    assert [result.frames for result in done.results] == [1, 2, 3]
    assert (done.name, done.lane, done.is_fused) == ("lane-3", lane, False)
    assert done.problems == ("[mp4] [error] problem 0", "[mp4] [error] problem 1")


def _rows(at_once: int, after: dict[int, frozenset[int]] | None = None) -> Lane:
    """Three rows of two steps."""
    groups = ((0, 1), (2, 3), (4, 5))
    waits = {number: frozenset[int]() for number in range(6)} | (after or {})
    return Lane(
        tuple(step(command=number) for number in range(6)), side_by_side=SideBySide(groups, waits, at_once)
    )


class _HeldRuns:
    """Runs of ffmpeg that last until they are let go; `running` are those of now, and `begun` all so far."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.running: dict[int, asyncio.Future[StepResult]] = {}
        self.begun: list[int] = []
        held = self

        async def run(_self: CommandRunner, step: FfmpegStep, _progress: object, *, is_alone: bool) -> StepResult:
            assert not is_alone
            held.begun.append(step.command)
            held.running[step.command] = asyncio.get_running_loop().create_future()
            try:
                return await held.running[step.command]
            finally:
                del held.running[step.command]

        monkeypatch.setattr(CommandRunner, "run", run)

    async def reach(self, *commands: int) -> None:
        """Wait until exactly these run."""
        await until_async(lambda: sorted(self.running) == sorted(commands))

    def end(self, command: int) -> None:
        """Let a run end."""
        self.running[command].set_result(StepResult(frames=command))


async def test_rows_run_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held, job, reports = _HeldRuns(monkeypatch), FakeJob(tmp_path), Steps()
    # The last step of row 1 needs what the first step of row 0 makes.
    lane = _rows(2, {3: frozenset({0})})
    run = asyncio.create_task(executed(job, lane, job.lane(), reports))
    await held.reach(0, 2)
    held.end(2)
    await held.reach(0)
    held.end(0)
    await held.reach(1, 3)
    held.end(3)
    # The third row begins when another one has ended.
    await held.reach(1, 4)
    held.end(4)
    await held.reach(1, 5)
    held.end(1)
    held.end(5)
    done = await run
    assert [result.frames for result in done.results] == [*range(6)]
    fractions = [fraction for fraction, _ in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


async def test_a_row_that_fails_stops_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held, job = _HeldRuns(monkeypatch), FakeJob(tmp_path)
    run = asyncio.create_task(executed(job, _rows(2), job.lane()))
    await held.reach(0, 2)
    held.running[2].set_exception(EngineFailed("The renderer failed.", code="renderer_failed"))
    with pytest.raises(EngineFailed) as caught:
        await run
    assert (caught.value.where or {}).get("row") == 1
    assert (held.begun, held.running) == ([0, 2], {})


async def test_a_cancelled_job_stops_all_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held, job = _HeldRuns(monkeypatch), FakeJob(tmp_path)
    run = asyncio.create_task(executed(job, _rows(3), job.lane()))
    await held.reach(0, 2, 4)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert (held.begun, held.running) == ([0, 2, 4], {})


async def test_a_step_is_built_from_what_earlier_ones_found(tmp_path: Path, ran: list[FfmpegStep]) -> None:
    job = FakeJob(tmp_path)
    folder = job.lane(measured__txt=b"-20 dB")
    seen: list[Any] = []

    def build(results: Any, files: StepFiles) -> FfmpegStep:
        seen.append((len(results), dict(files)))
        return step(command=7)

    await executed(job, Lane((step(), DependentStep(build, ("measured.txt",)))), folder)
    assert seen == [(1, {"measured.txt": b"-20 dB"})]
    assert ran[-1].command == 7


async def test_a_computation_gets_the_files_and_leaves_its_answer_as_one(
    tmp_path: Path, ran: list[FfmpegStep], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = FakeJob(tmp_path)
    folder = job.lane()
    (folder / "measured.txt").write_bytes(b"-20 dB")

    async def build_apart(_context: Any, build: Any, results: Any, reads: Any, of: Path) -> Any:
        return build(results, {name: (of / name).read_bytes() for name in reads})

    monkeypatch.setattr(run_step, "build_apart", build_apart)
    compute = ComputeStep(
        lambda _results, files: {"level": files["measured.txt"].decode()}, ("measured.txt",), "a.json"
    )
    await executed(job, Lane((compute,)), folder)
    assert json.loads((folder / "a.json").read_bytes()) == {"level": "-20 dB"}
    assert ran == []


@pytest.mark.parametrize("is_needed", [True, False])
async def test_an_optional_step_is_left_out_if_its_files_say_so(
    tmp_path: Path, ran: list[FfmpegStep], *, is_needed: bool
) -> None:
    job, reports = FakeJob(tmp_path), Steps()
    folder = job.lane()
    (folder / "found.json").write_bytes(b"yes" if is_needed else b"no")
    optional = OptionalStep(lambda files: step() if files["found.json"] == b"yes" else None, ("found.json",))
    lane = Lane((step(expected_s=10.0), optional))
    done = await executed(job, lane, folder, reports)
    assert len(ran) == 1 + is_needed
    assert len(done.results) == len(lane.steps)
    assert [fraction for fraction, _ in reports] == sorted(fraction for fraction, _ in reports)
    assert reports[2][0] > 0.9  # the first step is nearly all of the work


@pytest.mark.parametrize(
    ("planned", "expected", "fraction"),
    [(step(expected_s=20.0), None, 0.25), (step(), Expectations((10.0,)), 0.5), (step(), None, 0.0)],
    ids=["the plan knows", "the media tell", "nobody knows"],
)
async def test_progress_follows_the_expected_length(
    tmp_path: Path, ran: list[FfmpegStep], planned: FfmpegStep, expected: Expectations | None, fraction: float
) -> None:
    job, reports = FakeJob(tmp_path), Steps()
    await executed(job, Lane((planned, planned)), job.lane(), reports, expected)
    pace = Pace(2.0, 50.0, is_open_ended=fraction == 0)
    assert reports == [
        (0.0, Pace()),
        (fraction / 2, pace),
        (0.5, None),
        (0.5, Pace()),
        ((1 + fraction) / 2, pace),
        (1.0, None),
    ]


async def test_a_command_that_reads_an_empty_output_fails_because_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(self: CommandRunner, step: FfmpegStep, _on_progress: object, **_: bool) -> StepResult:
        if step.command == 1:
            raise EngineFailed("The input is unreadable.", code="input_unreadable", stderr="log")
        return StepResult(outputs=(WrittenOutput((WrittenStream("video"),), is_empty=True),))

    monkeypatch.setattr(CommandRunner, "run", run)
    job = FakeJob(tmp_path)
    chain = {"action": "process", "data": {"chainCmds": "-ss 60 -i a.mp4 b.mp4 && -i b.mp4 c.mp4"}}
    (lane,) = plan_job(chain).lanes
    with pytest.raises(NothingSelected) as caught:
        await executed(job, lane, job.lane())
    assert caught.value.where == {"command": 0, "output": 0}
    assert caught.value.stderr == "log"


async def test_a_probe_becomes_a_file(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    folder = job.lane()
    (result,) = (await executed(job, Lane((ProbeStep("0.bin", "holiday.mp4", ("-show_data",)),)), folder)).results
    document = json.loads((folder / "probe.json").read_text())
    assert (document["format"]["filename"], document["options"]) == ("holiday.mp4", ["-show_data"])
    assert result == StepResult()


async def test_a_copy_leaves_the_original(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    (job.context.workspace.staging / "0.bin").write_bytes(b"media")
    folder = job.lane()
    await executed(job, Lane((CopyStep("0.bin", "copy"),)), folder)
    assert (folder / "copy").read_bytes() == (folder / STAGING_FOLDER / "0.bin").read_bytes() == b"media"
