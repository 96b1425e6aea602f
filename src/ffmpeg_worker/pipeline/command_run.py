"""One ffmpeg of a lane: its place among those of the worker, its time, its quota, its words made the caller's."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from ffmpeg_worker.errors import EngineTimedOut, WorkerError
from ffmpeg_worker.ffmpeg.log_tail import plain
from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.ffmpeg.renderer import Renderer
from ffmpeg_worker.ffmpeg.run_ffmpeg import RunReport, run_ffmpeg
from ffmpeg_worker.ffmpeg.tools import Tools
from ffmpeg_worker.pipeline.quota import Quota
from ffmpeg_worker.planning.plan import FfmpegStep, Finding
from ffmpeg_worker.sandbox.beneath import make_folders_beneath, read_beneath, write_beneath
from ffmpeg_worker.sandbox.jail import Jail

_MAX_COLLECTED_BYTES = 256 << 20
_FILE_PREFIX = re.compile(r"(?<!\w)file:(?=[^\s'\"])")
_ERROR_LINE = re.compile(r"^(?:\[[^\]]*\] )*\[(?:error|fatal)\] .*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Engine:
    """What running steps takes. `slots` bounds the ffmpegs of the whole worker, `quota` what each job writes;
    `cores` is what one step may use."""

    tools: Tools
    slots: asyncio.Semaphore
    quota: Quota
    renderer: Renderer
    cores: int = 1


class CommandRun:
    """Runs the ffmpegs of one lane in its `folder`, until `deadline` of the monotonic clock.

    `problems` are error lines that ffmpeg logged although it went on.
    """

    def __init__(
        self, engine: Engine, folder: Path, jail: Jail, deadline: float, callers_names: Mapping[str, str]
    ) -> None:
        self.engine = engine
        self.folder = folder
        self.jail = jail
        self.problems: list[str] = []
        self._deadline = deadline
        self._callers_names = callers_names

    @property
    def seconds_left(self) -> float:
        """Until the deadline, never quite nothing."""
        return max(self._deadline - time.monotonic(), 0.001)

    async def run(self, step: FfmpegStep, on_progress: Callable[[Progress], None]) -> Finding:
        """Run the ffmpeg of a step, when there is a place for it.

        Raises:
            EngineError: with `where.command`.
        """
        for folder in step.folders:
            make_folders_beneath(self.folder, folder, self.jail.uid)
        for name, text in step.texts.items():
            write_beneath(self.folder, name, text.encode(), self.jail.uid)
        async with self.slot():
            return await self.run_in_slot(step, on_progress)

    async def run_in_slot(
        self, step: FfmpegStep, on_progress: Callable[[Progress], None], *, stdin: BinaryIO | None = None
    ) -> Finding:
        """Run it in a place that was taken; `stdin` is closed here."""
        seconds = self.seconds_left
        try:
            run = await self.engine.quota.hold(
                run_ffmpeg(
                    self.engine.tools,
                    step.invocation,
                    cwd=self.folder,
                    timeout_s=seconds,
                    on_progress=on_progress,
                    capture_stdout=step.capture_stdout,
                    confinement=self.jail.for_command(self.folder, seconds),
                    stdin=stdin,
                ),
                self.jail.root,
            )
        except WorkerError as error:
            raise error.reword(self.reword).at(command=step.command) from None
        self.problems += [self.reword(line) for line in _ERROR_LINE.findall(run.log.text)]
        return _found(run, step, self.folder, self.reword)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """One of the worker's places for an ffmpeg; waiting for it counts as the job's time."""
        try:
            async with asyncio.timeout(max(self._deadline - time.monotonic(), 0)):
                await self.engine.slots.acquire()
        except TimeoutError:
            raise EngineTimedOut(
                "The time for the job was used up before the worker had a place for it.",
                hint='Allow more with "timeout", or send the job when the worker is less busy.',
            ) from None
        try:
            yield
        finally:
            self.engine.slots.release()

    def reword(self, text: str) -> str:
        """Name files as the caller does: staged names are nobody's business."""
        for staged, name in self._callers_names.items():
            text = text.replace(f"file:{staged}", name).replace(staged, name)
        return _FILE_PREFIX.sub("", text)


def _found(run: RunReport, step: FfmpegStep, folder: Path, reword: Callable[[str], str]) -> Finding:
    last = run.last_progress
    finding = Finding(
        seconds=run.seconds,
        cpu_seconds=run.exit.cpu_seconds,
        frames=last.frame if last and not step.is_aside else None,
        out_time_s=last.out_time_s if last and not step.is_aside else None,
        log=reword(plain(run.log.text)) if step.show_log else "",
        stdout=run.stdout,
    )
    if step.collect is None:
        return finding
    return replace(finding, collected=read_beneath(folder, step.collect, _MAX_COLLECTED_BYTES))
