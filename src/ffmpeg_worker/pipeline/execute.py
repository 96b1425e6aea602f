"""Stage three: run the steps of a lane, one after the other."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import assert_never

from ffmpeg_worker.errors import DiskFull
from ffmpeg_worker.ffmpeg.log_tail import strip_log_tags
from ffmpeg_worker.ffmpeg.probe.prober import ProbeSession
from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.pipeline.command_run import CommandRun, Engine
from ffmpeg_worker.pipeline.progress import LaneProgress, step_fraction
from ffmpeg_worker.pipeline.render import measure_scene, render, render_still
from ffmpeg_worker.planning.plan import (
    CopyStep,
    DependentStep,
    FfmpegStep,
    Lane,
    MeasureStep,
    ProbeStep,
    RenderStep,
    StepResult,
    StillStep,
)
from ffmpeg_worker.sandbox.jail import Jail
from ffmpeg_worker.storage.errors import DISK_FULL_ERRNOS


@dataclass(frozen=True, slots=True)
class Executed:
    """A lane whose steps all ended with exit code 0, which is not yet a success; only `execute` makes it."""

    lane: Lane
    folder: Path
    results: tuple[StepResult, ...]
    problems: tuple[str, ...]
    """Error lines that ffmpeg logged although it went on."""
    is_fused: bool = False
    """Whether its command ran in one ffmpeg with others."""


class _Run:
    """One lane on its way."""

    def __init__(self, command: CommandRun, probes: ProbeSession) -> None:
        self._command = command
        self._probes = probes
        self.results: list[StepResult] = []

    async def take(
        self,
        step: FfmpegStep | RenderStep | StillStep | MeasureStep | ProbeStep | CopyStep,
        expected_s: Callable[[], float | None],
        progress: LaneProgress,
        share: _Share,
    ) -> None:
        match step:
            case FfmpegStep():

                def on_progress(report: Progress) -> None:
                    fraction = step_fraction(report, step.expected_s or expected_s())
                    progress(share.at(fraction), report.speed)

                self.results.append(await self._command.run(step, on_progress))
            case RenderStep():
                fraction = partial(_in_share, progress, share)
                self.results.append(await render(step, self._command, fraction))
            case StillStep():
                self.results.append(await render_still(step, self._command))
            case MeasureStep():
                self.results.append(await measure_scene(step, self._command))
            case ProbeStep():
                self.results.append(await self._probe(step))
            case CopyStep():
                self.results.append(await self._copy(step))
            case _:
                assert_never(step)
        progress(share.end, None)

    async def _probe(self, step: ProbeStep) -> StepResult:
        path = self._command.folder / STAGING_FOLDER / step.staged
        document = await self._probes.probe(path, step.options)
        if isinstance(document.get("format"), Mapping):
            document["format"] = {**document["format"], "filename": step.shown}
        return StepResult(document=document)

    async def _copy(self, step: CopyStep) -> StepResult:
        """A copy, since the staged file may be the caller's own, which stays where it is."""
        began = time.monotonic()
        try:
            await asyncio.to_thread(
                shutil.copyfile,
                self._command.folder / STAGING_FOLDER / step.staged,
                self._command.folder / step.work_name,
            )
        except OSError as error:
            if error.errno not in DISK_FULL_ERRNOS:
                raise
            raise DiskFull(
                "The worker's disk has no room for the file.", hint="Try again later; if it stays, add disk."
            ) from None
        self._command.jail.hand_over_file(self._command.folder / step.work_name)
        return StepResult(seconds=time.monotonic() - began)


@dataclass(frozen=True, slots=True)
class _Share:
    """The part of a lane's progress that one step fills."""

    begin: float
    end: float

    def at(self, fraction: float) -> float:
        return self.begin + (self.end - self.begin) * fraction


def _in_share(progress: LaneProgress, share: _Share, fraction: float, speed: float | None) -> None:
    progress(share.at(fraction), speed)


async def execute(
    lane: Lane,
    folder: Path,
    jail: Jail,
    *,
    engine: Engine,
    probes: ProbeSession,
    expected_s: Callable[[int], float | None],
    progress: LaneProgress,
    deadline: float,
) -> Executed:
    """Run a lane in `folder`, in the job's jail, until `deadline` (of the monotonic clock).

    `expected_s` tells the length of a step's output where the step itself does not know it.

    Raises:
        EngineError: with `where.command`.
    """
    command = CommandRun(engine, folder, jail, deadline, lane.callers_names)
    run = _Run(command, probes)
    count = len(lane.steps)
    for number, step in enumerate(lane.steps):
        share = _Share(number / count, (number + 1) / count)
        ready = step.build(run.results) if isinstance(step, DependentStep) else step
        await run.take(ready, partial(expected_s, number), progress, share)
    problems = dict.fromkeys(strip_log_tags(line) for line in command.problems)
    return Executed(lane, folder, tuple(run.results), tuple(problems))
