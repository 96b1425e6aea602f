"""The execution stage: runs the steps of a lane, one after the other."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import assert_never

from ffmpeg_worker.errors import EngineFailed, NothingSelected
from ffmpeg_worker.ffmpeg.log_tail import strip_log_tags
from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.pipeline.lane_log import LaneLog
from ffmpeg_worker.pipeline.progress import FractionReport, Pace, step_fraction
from ffmpeg_worker.pipeline.quota import size_of
from ffmpeg_worker.pipeline.render import join, measure_scene, render, render_still
from ffmpeg_worker.pipeline.run_command import CommandRunner
from ffmpeg_worker.pipeline.step_files import build_apart, read_step_files
from ffmpeg_worker.planning.expectations import Expectations, find_empty_input
from ffmpeg_worker.planning.plan import (
    ComputeStep,
    CopyStep,
    DependentStep,
    FfmpegStep,
    JoinStep,
    Lane,
    MeasureStep,
    OptionalStep,
    ProbeStep,
    RenderStep,
    RunnableStep,
    Step,
    StepResult,
    StillStep,
)
from ffmpeg_worker.planning.written_outputs import name_written_outputs

_SMALL_SHARE = 0.02
"""Share in the progress of steps that take little time, or are seldom needed, relative to other steps."""


@dataclass(frozen=True, slots=True)
class Executed:
    """A lane whose steps all ended with exit code 0, which is not yet a success; only `execute` makes it.

    `name` is unique among the lanes of the job; later steps of the lane are named after it. `is_fused` tells
    whether its command ran in one ffmpeg with those of the lanes `beside` it, in the same folder.
    """

    name: str
    lane: Lane
    folder: Path
    results: tuple[StepResult, ...]
    is_fused: bool = False
    beside: tuple[Lane, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """Errors that ffmpeg logged although it went on."""
        return tuple(dict.fromkeys(strip_log_tags(line) for result in self.results for line in result.problems))

    @property
    def damage(self) -> str | None:
        """The first error that an input or its decoder logged."""
        return next((result.damage for result in self.results if result.damage is not None), None)


async def execute(
    context: JobContext,
    lane: Lane,
    folder: Path,
    *,
    expect: Callable[[], Expectations],
    progress: FractionReport,
    log: LaneLog | None = None,
) -> Executed:
    """Run the steps of a lane in `folder`, each as a step of the runtime.

    `expect` tells what is known by now of the lengths of its outputs. `log` takes what its commands log.

    Raises:
        EngineError: with `where.command`.
    """
    log = LaneLog(context.runtime.log_sink, [(0, lane)]) if log is None else log
    runner = _StepRunner(context, lane, folder, expect, log)
    results: list[StepResult] = []
    outputs = name_written_outputs(lane)
    for number, step in enumerate(lane.steps):
        share = _share_of(progress, number, lane.steps, outputs[number])
        ready = step
        if isinstance(ready, DependentStep):
            ready = ready.build(results, await read_step_files(folder, ready.reads))
        elif isinstance(ready, OptionalStep):
            needed = ready.build(await read_step_files(folder, ready.reads))
            if needed is None:
                results.append(StepResult())
                continue
            ready = needed
        name = f"{folder.name}/step-{number}"
        share(0.0, Pace())
        run = partial(runner.run, ready, name, share)
        try:
            result = await context.runtime.step(name, StepResult, run, is_usable=partial(_is_here, context, name))
        except EngineFailed as error:
            raise _blame_empty_input(lane, number, results, error) from None
        share(1.0, None)
        results.append(result)
    return Executed(folder.name, lane, folder, tuple(results))


def _blame_empty_input(
    lane: Lane, number: int, results: Sequence[StepResult], error: EngineFailed
) -> EngineFailed:
    """The error of a command; one that reads an empty output of an earlier command fails because of that one."""
    empty = find_empty_input(lane.chain, number, [result.outputs for result in results]) if lane.chain else None
    if empty is None:
        return error
    command, output = empty
    return NothingSelected(error.message, stderr=error.stderr, where={"command": command, "output": output})


def _is_here(context: JobContext, name: str, _result: StepResult) -> bool:
    return context.workspace.has_done(name)


def _share_of(progress: FractionReport, number: int, steps: Sequence[Step], output: str | None) -> FractionReport:
    """The progress of one step of a lane, which makes this output, as a part of the lane's."""
    weights = [_SMALL_SHARE if isinstance(step, OptionalStep | ComputeStep) else 1.0 for step in steps]
    before, total = sum(weights[:number]), sum(weights)

    def report(fraction: float, pace: Pace | None) -> None:
        progress((before + fraction * weights[number]) / total, pace and replace(pace, output=output))

    return report


class _StepRunner:
    """Runs the steps of one lane."""

    def __init__(
        self, context: JobContext, lane: Lane, folder: Path, expect: Callable[[], Expectations], log: LaneLog
    ) -> None:
        self._context = context
        self._folder = folder
        self._expect = expect
        self._command = CommandRunner(context, folder, lane.display_names, log)

    async def run(self, step: RunnableStep, name: str, share: FractionReport) -> StepResult:
        self._context.workspace.hand_over(self._folder)
        result = await self._run(step, share)
        self._context.workspace.mark_done(name)
        return result

    async def _run(  # noqa: PLR0911 - one line for each kind of step
        self, step: RunnableStep, share: FractionReport
    ) -> StepResult:
        match step:
            case FfmpegStep():
                return await self._command.run(step, partial(self._report, step, share))
            case RenderStep():
                return await render(step, self._command, share)
            case JoinStep():
                return await join(step, self._command, share)
            case StillStep():
                return await render_still(step, self._command)
            case MeasureStep():
                return await measure_scene(step, self._command)
            case ProbeStep():
                return await self._probe(step)
            case CopyStep():
                return await self._copy(step)
            case ComputeStep():
                return await self._compute(step)
            case _:
                assert_never(step)

    def _report(self, step: FfmpegStep, share: FractionReport, report: Progress) -> None:
        if not self._context.progress.is_watched:
            return
        expected_s = step.expected_s or self._expect().estimate(step.command)
        share(step_fraction(report, expected_s), Pace(report.speed, report.fps, is_open_ended=not expected_s))

    async def _probe(self, step: ProbeStep) -> StepResult:
        path = self._folder / STAGING_FOLDER / step.staged
        by_range, probes = self._context.by_range, self._context.probes
        if probes.needs_whole_file(step.options):
            await by_range.complete(step.staged)
            by_range.show_complete(self._folder)
        document = await by_range.read(step.staged, lambda file: probes.probe(path, step.options, file))
        if isinstance(document.get("format"), Mapping):
            document["format"] = {**document["format"], "filename": step.display_name}
        await self._command.write(step.result_file, json.dumps(document).encode())
        return StepResult()

    async def _compute(self, step: ComputeStep) -> StepResult:
        began = time.monotonic()
        answer = await build_apart(self._context, step.build, (), step.reads, self._folder)
        await self._command.write(step.result_file, json.dumps(answer).encode())
        return StepResult(seconds=time.monotonic() - began)

    async def _copy(self, step: CopyStep) -> StepResult:
        """Copy the file, since the staged one may be the caller's own, which stays in its place."""
        began = time.monotonic()
        await self._context.by_range.complete(step.staged)
        self._context.by_range.show_complete(self._folder)
        source, target = self._folder / STAGING_FOLDER / step.staged, self._folder / step.work_name
        with suppress(FileNotFoundError):  # copying fails, too
            size = size_of(source.stat())
            self._context.resources.quota.check_copy(size)
            self._context.workspace.usage.add_copy(size)
        await asyncio.to_thread(shutil.copyfile, source, target)
        self._context.workspace.jail.hand_over_file(target)
        return StepResult(seconds=time.monotonic() - began)
