"""Stage three: run the steps of a lane, one after the other."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import assert_never

from ffmpeg_worker.errors import DiskFull, EngineTimedOut, WorkerError
from ffmpeg_worker.ffmpeg.log_tail import plain
from ffmpeg_worker.ffmpeg.probing import ProbeSession
from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.ffmpeg.run_ffmpeg import RunReport, run_ffmpeg
from ffmpeg_worker.ffmpeg.tools import Tools
from ffmpeg_worker.pipeline.progress import LaneProgress, step_fraction
from ffmpeg_worker.pipeline.quota import Quota
from ffmpeg_worker.planning.plan import (
    STAGING_FOLDER,
    CopyStep,
    DependentStep,
    FfmpegStep,
    Finding,
    Lane,
    ProbeStep,
)
from ffmpeg_worker.sandbox.beneath import make_folders_beneath, read_beneath
from ffmpeg_worker.sandbox.jail import Jail
from ffmpeg_worker.storage.arrival import FULL

_MAX_COLLECTED_BYTES = 256 << 20
_FILE_PREFIX = re.compile(r"(?<!\w)file:(?=[^\s'\"])")
_ERROR_LINE = re.compile(r"^(?:\[[^\]]*\] )*\[(?:error|fatal)\] .*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Engine:
    """What running steps takes. `slots` bounds the ffmpegs of the whole worker, `quota` what each job writes."""

    tools: Tools
    slots: asyncio.Semaphore
    quota: Quota


@dataclass(frozen=True, slots=True)
class Executed:
    """A lane whose steps all ended with exit code 0, which is not yet a success; only `execute` makes it."""

    lane: Lane
    folder: Path
    findings: tuple[Finding, ...]
    problems: tuple[str, ...]
    """Error lines that ffmpeg logged although it went on."""
    is_fused: bool = False
    """Whether its command ran in one ffmpeg with others."""


class _Run:
    """One lane on its way."""

    def __init__(
        self,
        engine: Engine,
        probes: ProbeSession,
        folder: Path,
        jail: Jail,
        deadline: float,
        callers_names: Mapping[str, str],
    ) -> None:
        self._jail = jail
        self._callers_names = callers_names
        self._engine = engine
        self._probes = probes
        self._folder = folder
        self._deadline = deadline
        self.findings: list[Finding] = []
        self.problems: list[str] = []

    async def take(
        self,
        step: FfmpegStep | ProbeStep | CopyStep,
        expected_s: Callable[[], float | None],
        progress: LaneProgress,
        share: _Share,
    ) -> None:
        match step:
            case FfmpegStep():

                def on_progress(report: Progress) -> None:
                    fraction = step_fraction(report, step.expected_s or expected_s())
                    progress(share.at(fraction), report.speed)

                self.findings.append(await self._run_ffmpeg(step, on_progress))
            case ProbeStep():
                self.findings.append(await self._probe(step))
            case CopyStep():
                self.findings.append(await self._copy(step))
            case _:
                assert_never(step)
        progress(share.end, None)

    async def _run_ffmpeg(self, step: FfmpegStep, on_progress: Callable[[Progress], None]) -> Finding:
        for folder in step.folders:
            make_folders_beneath(self._folder, folder, self._jail.uid)

        async with self._slot():
            seconds = max(self._deadline - time.monotonic(), 0.001)
            try:
                run = await self._engine.quota.hold(
                    run_ffmpeg(
                        self._engine.tools,
                        step.invocation,
                        cwd=self._folder,
                        timeout_s=seconds,
                        on_progress=on_progress,
                        capture_stdout=step.capture_stdout,
                        confinement=self._jail.for_command(self._folder, seconds),
                    ),
                    self._jail.root,
                )
            except WorkerError as error:
                raise error.reword(self._reword).at(command=step.command) from None
        self.problems += [self._reword(line) for line in _ERROR_LINE.findall(run.log.text)]
        return _found(run, step, self._folder, self._reword)

    def _reword(self, text: str) -> str:
        """Name files as the caller does: staged names are nobody's business."""
        for staged, name in self._callers_names.items():
            text = text.replace(f"file:{staged}", name).replace(staged, name)
        return _FILE_PREFIX.sub("", text)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """One of the worker's places for an ffmpeg; waiting for it counts as the job's time."""
        try:
            async with asyncio.timeout(max(self._deadline - time.monotonic(), 0)):
                await self._engine.slots.acquire()
        except TimeoutError:
            raise EngineTimedOut(
                "The time for the job was used up before the worker had a place for it.",
                hint='Allow more with "timeout", or send the job when the worker is less busy.',
            ) from None
        try:
            yield
        finally:
            self._engine.slots.release()

    async def _probe(self, step: ProbeStep) -> Finding:
        path = self._folder / STAGING_FOLDER / step.staged
        document = await self._probes.probe(path, step.options)
        if isinstance(document.get("format"), Mapping):
            document["format"] = {**document["format"], "filename": step.shown}
        return Finding(document=document)

    async def _copy(self, step: CopyStep) -> Finding:
        """A copy, since the staged file may be the caller's own, which stays where it is."""
        began = time.monotonic()
        try:
            await asyncio.to_thread(
                shutil.copyfile, self._folder / STAGING_FOLDER / step.staged, self._folder / step.work_name
            )
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise DiskFull(
                "The worker's disk has no room for the file.", hint="Try again later; if it stays, add disk."
            ) from None
        self._jail.give(self._folder / step.work_name)
        return Finding(seconds=time.monotonic() - began)


@dataclass(frozen=True, slots=True)
class _Share:
    """The part of a lane's progress that one step fills."""

    begin: float
    end: float

    def at(self, fraction: float) -> float:
        return self.begin + (self.end - self.begin) * fraction


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
    run = _Run(engine, probes, folder, jail, deadline, lane.callers_names)
    count = len(lane.steps)
    for number, step in enumerate(lane.steps):
        share = _Share(number / count, (number + 1) / count)
        ready = step.build(run.findings) if isinstance(step, DependentStep) else step
        await run.take(ready, partial(expected_s, number), progress, share)
    problems = dict.fromkeys(plain(line) for line in run.problems)
    return Executed(lane, folder, tuple(run.findings), tuple(problems))


def _found(run: RunReport, step: FfmpegStep, folder: Path, reword: Callable[[str], str]) -> Finding:
    last = run.last_progress
    finding = Finding(
        seconds=run.seconds,
        cpu_seconds=run.exit.cpu_seconds,
        frames=last.frame if last else None,
        out_time_s=last.out_time_s if last else None,
        log=reword(plain(run.log.text)) if step.show_log else "",
        stdout=run.stdout,
    )
    if step.collect is None:
        return finding
    return replace(finding, collected=read_beneath(folder, step.collect, _MAX_COLLECTED_BYTES))
