"""Renders a scene: one renderer for each frame range, with an ffmpeg that encodes its frames from a pipe."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from typing import Any, BinaryIO

from ffmpeg_worker.errors import EngineTimedOut, WorkerError
from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.ffmpeg.run_again import run_again_if_killed
from ffmpeg_worker.pipeline.progress import FractionReport, Pace
from ffmpeg_worker.pipeline.renderer_process import RendererRun
from ffmpeg_worker.pipeline.run_command import CommandRunner
from ffmpeg_worker.pipeline.start_renderer import start_renderer, wait_for_renderer
from ffmpeg_worker.pipeline.write_stream import StreamFailed, write_stream
from ffmpeg_worker.planning.step_result import StepResult
from ffmpeg_worker.planning.steps import DependentStep, FfmpegStep, FrameRange, RenderStep, StreamedFile
from ffmpeg_worker.scene.scene_json import encode_scene
from ffmpeg_worker.tasks import run_all

_PIPE_BYTES = 1 << 20  # what an unprivileged process may have: a frame takes fewer turns


async def render(step: RenderStep, command: CommandRunner, report: FractionReport) -> StepResult:
    """Render all ranges of a step and run the steps beside them; `report` receives the fraction of the frames.

    Raises:
        EngineError: the first failure; nothing of the step runs any more.
    """
    await command.place_all(step.setup)
    drawing = _Rendering(step, command, report)
    runs: list[Coroutine[Any, Any, StepResult]] = [drawing.range(number) for number in range(len(step.ranges))]
    if step.beside:
        runs.append(_in_order(step.beside, command))
    began = time.monotonic()
    results = await run_all(runs)
    drawn = results[: len(step.ranges)]
    return StepResult(
        seconds=time.monotonic() - began,
        cpu_seconds=sum(result.cpu_seconds for result in results),
        frames=sum(result.frames or 0 for result in drawn),
        out_time_s=sum(result.out_time_s or 0.0 for result in drawn),
        warnings=tuple(dict.fromkeys(warning for result in drawn for warning in result.warnings)),
    )


async def _pipe_in_slot(
    order: dict[str, Any],
    step: FfmpegStep,
    command: CommandRunner,
    on_progress: Callable[[Progress], None],
    streams: Sequence[StreamedFile] = (),
) -> StepResult:
    """Run a renderer, an ffmpeg that reads what it writes, and those that write the files that it reads."""
    for stream in streams:
        await command.place_all(stream.step.setup)
    reading, writing = _open_pipe()
    with ExitStack() as ours:
        ours.enter_context(reading)
        with ExitStack() as theirs:
            theirs.enter_context(writing)
            sources, targets = {}, []
            for stream in streams:
                source, target = _open_pipe()
                sources[stream.name] = theirs.enter_context(source).fileno()
                targets.append(ours.enter_context(target))
            drawing = await start_renderer(order, writing.fileno(), command, sources)
        async with drawing.child:
            runs = [command.run_in_slot(step, on_progress, stdin=reading)]
            runs += [
                write_stream(stream, command, target) for stream, target in zip(streams, targets, strict=True)
            ]
            return await _wait_for_all(drawing, runs, command)


async def _wait_for_all(
    drawing: RendererRun, runs: Sequence[Coroutine[Any, Any, StepResult]], command: CommandRunner
) -> StepResult:
    """Wait for a renderer and the ffmpegs at its pipes, of which the first one encodes.

    If both ends of that pipe fail, the renderer's error is the cause.
    """
    failure: WorkerError | None = None
    result, written = StepResult(), 0.0
    try:
        result, *others = await run_all(runs)
        written = sum(other.cpu_seconds for other in others)
    except EngineTimedOut:
        raise
    except StreamFailed as failed:
        if isinstance(failed.__cause__, WorkerError):
            raise failed.__cause__ from None
        raise
    except WorkerError as error:
        failure = error
    try:
        warnings = await wait_for_renderer(drawing, command)
    except WorkerError as error:
        # Whose reader goes away is ended by that, which explains nothing.
        lost_reader = error.code == "renderer_failed" and (await drawing.child.wait()).signal is None
        raise (failure if failure is not None and lost_reader else error) from None
    if failure is not None:
        raise failure
    drawn = await drawing.child.wait()
    return replace(result, cpu_seconds=result.cpu_seconds + written + drawn.cpu_seconds, warnings=warnings)


class _Rendering:
    """Renders the ranges of one step."""

    def __init__(self, step: RenderStep, command: CommandRunner, report: FractionReport) -> None:
        self._step = step
        self._command = command
        self._report = report
        self._scene = encode_scene(step.scene)
        self._done = [0] * len(step.ranges)
        self._speeds = [0.0] * len(step.ranges)
        self._fps = [0.0] * len(step.ranges)
        self._at_once = asyncio.Semaphore(step.max_parallel)

    async def range(self, number: int) -> StepResult:
        """Render a range into a file; again, replacing that, if one of the two programs is killed from outside."""
        async with self._at_once, self._command.slot():
            return await run_again_if_killed(partial(self._range_in_slot, number))

    async def _range_in_slot(self, number: int) -> StepResult:
        part = self._step.ranges[number]
        on_progress = partial(self._advance, number)
        encode = FfmpegStep(part.encode)
        return await _pipe_in_slot(self._order(part), encode, self._command, on_progress, part.streams)

    def _order(self, part: FrameRange) -> dict[str, Any]:
        threads = max(self._command.resources.cores // min(self._step.max_parallel, len(self._step.ranges)), 1)
        return {
            "scene": self._scene,
            "first": part.first,
            "last": part.last,
            "form": self._step.pixel_format,
            "threads": threads,
        }

    def _advance(self, number: int, progress: Progress) -> None:
        self._done[number] = progress.frame or 0
        self._speeds[number] = progress.speed or 0.0
        self._fps[number] = progress.fps or 0.0
        total = sum(part.last - part.first for part in self._step.ranges)
        self._report(sum(self._done) / total, Pace(sum(self._speeds) or None, sum(self._fps) or None))


async def _in_order(steps: Sequence[FfmpegStep | DependentStep], command: CommandRunner) -> StepResult:
    results: list[StepResult] = []
    for step in steps:
        ready = step
        if isinstance(ready, DependentStep):
            ready = ready.build(results, {})
        results.append(await command.run(ready, lambda _: None, is_alone=False))
    return StepResult(cpu_seconds=sum(result.cpu_seconds for result in results))


def _open_pipe() -> tuple[BinaryIO, BinaryIO]:
    reading, writing = os.pipe()
    with suppress(OSError, AttributeError):  # Linux only, and not beyond what the user may have
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return os.fdopen(reading, "rb", buffering=0), os.fdopen(writing, "wb", buffering=0)
