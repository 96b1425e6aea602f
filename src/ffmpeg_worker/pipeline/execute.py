"""The execution stage: runs the steps of a lane, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ffmpeg_worker.errors import EngineFailed, NothingSelected, WorkerError
from ffmpeg_worker.ffmpeg.log_tail import strip_log_tags
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.pipeline.lane_log import LaneLog
from ffmpeg_worker.pipeline.lane_progress import LaneProgress
from ffmpeg_worker.pipeline.progress import FractionReport, Pace
from ffmpeg_worker.pipeline.run_step import StepRunner
from ffmpeg_worker.pipeline.step_files import read_step_files
from ffmpeg_worker.planning.expectations import Expectations, find_empty_input
from ffmpeg_worker.planning.plan import Lane, SideBySide
from ffmpeg_worker.planning.step_result import StepResult
from ffmpeg_worker.planning.steps import DependentStep, OptionalStep, RunnableStep, Step
from ffmpeg_worker.planning.written_outputs import name_written_outputs
from ffmpeg_worker.tasks import run_all

StepObserver = Callable[[int, RunnableStep], None]
"""Is told the number of each step, and the step as it will run."""


def ignore_step(_number: int, _step: RunnableStep) -> None:
    """Do nothing with a step."""


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
    begin_step: StepObserver = ignore_step,
) -> Executed:
    """Run the steps of a lane in `folder`, each as a step of the runtime.

    `expect` tells what is known by now of the lengths of its outputs. `log` takes what its commands log.
    `begin_step` is called before each step.

    Raises:
        EngineError: with `where.command`.
    """
    log = LaneLog(context.runtime.log_sink, [(0, lane)]) if log is None else log
    run = _LaneRun(context, lane, StepRunner(context, lane, folder, expect, log), folder, progress, begin_step)
    if lane.side_by_side is None:
        for number in range(len(lane.steps)):
            await run.step(number)
    else:
        await run.side_by_side(lane.side_by_side)
    return Executed(folder.name, lane, folder, tuple(run.results[number] for number in range(len(lane.steps))))


class _LaneRun:
    """The steps of a lane; `results` has those of the steps that have ended, by number."""

    def __init__(
        self,
        context: JobContext,
        lane: Lane,
        runner: StepRunner,
        folder: Path,
        progress: FractionReport,
        begin: StepObserver,
    ) -> None:
        self.results: dict[int, StepResult] = {}
        self._context = context
        self._lane = lane
        self._runner = runner
        self._folder = folder
        self._begin = begin
        self._progress = LaneProgress(progress, lane.steps, name_written_outputs(lane))

    async def step(self, number: int) -> None:
        """Run a step, if it is needed."""
        share = self._progress.of_step(number)
        ready = await self._build(self._lane.steps[number], number)
        if ready is None:
            self.results[number] = StepResult()
            share(1.0, None)
            return
        name = f"{self._folder.name}/step-{number}"
        share(0.0, Pace())
        self._begin(number, ready)
        run = partial(self._runner.run, ready, name, share)
        try:
            result = await self._context.runtime.step(
                name, StepResult, run, is_usable=partial(_is_here, self._context, name)
            )
        except EngineFailed as error:
            raise _blame_empty_input(self._lane, number, self._results_before(number), error) from None
        share(1.0, None)
        self.results[number] = result

    async def side_by_side(self, order: SideBySide) -> None:
        """Run groups of steps, those with lower numbers first.

        Raises:
            WorkerError: the first failure, with the number of the group as `where.row`; the others are stopped.
        """
        room, failed = asyncio.Semaphore(order.at_once), asyncio.Event()
        ended = [asyncio.Event() for _ in self._lane.steps]

        async def run(group: int) -> None:
            async with room:  # groups get in by number, and wait for lower ones only
                for number in () if failed.is_set() else order.groups[group]:
                    for before in order.after[number]:
                        await ended[before].wait()
                    try:
                        await self.step(number)
                    except WorkerError as error:
                        failed.set()  # before the next group gets in
                        raise error.at(row=group) from None
                    ended[number].set()

        await run_all(run(group) for group in range(len(order.groups)))

    async def _build(self, step: Step, number: int) -> RunnableStep | None:
        if isinstance(step, DependentStep):
            return step.build(self._results_before(number), await read_step_files(self._folder, step.reads))
        if isinstance(step, OptionalStep):
            return step.build(await read_step_files(self._folder, step.reads))
        return step

    def _results_before(self, number: int) -> list[StepResult]:
        return [self.results[before] for before in range(number) if before in self.results]


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
