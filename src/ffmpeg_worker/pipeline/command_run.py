"""One ffmpeg of a lane: its place among those of the worker, its time, its quota, its words made the caller's."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import EngineFailed, EngineKilled, EngineTimedOut, SourceUnreadable, WorkerError
from ffmpeg_worker.ffmpeg.log_tail import strip_log_tags
from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.ffmpeg.run_ffmpeg import RunReport, run_ffmpeg
from ffmpeg_worker.ffmpeg.tools import Tools
from ffmpeg_worker.fonts import outline_fonts
from ffmpeg_worker.pipeline.quota import Quota
from ffmpeg_worker.pipeline.renderer_process import RendererSpawner
from ffmpeg_worker.planning.plan import FailureContext, FfmpegStep, StepResult
from ffmpeg_worker.sandbox.beneath import make_folders_beneath, read_beneath, symlink_beneath, write_beneath
from ffmpeg_worker.sandbox.jail import Jail
from ffmpeg_worker.tasks import finish_then_cancel

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
    renderer: RendererSpawner
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

    async def run(self, step: FfmpegStep, on_progress: Callable[[Progress], None]) -> StepResult:
        """Run the ffmpeg of a step, when there is a place for it.

        Raises:
            EngineError: with `where.command`.
        """
        for folder in step.folders:
            make_folders_beneath(self.folder, folder, self.jail.uid)
        for name, text in step.texts.items():
            write_beneath(self.folder, name, text.encode(), self.jail.uid)
        for name, staged in step.links.items():
            symlink_beneath(self.folder, name, staged)
        if step.own_fonts is not None:
            # Nothing may still be written when the job's folder is removed.
            await finish_then_cancel(asyncio.to_thread(self._bring_fonts, step.own_fonts))
        async with self.slot():
            return await self.run_in_slot(step, on_progress)

    async def run_in_slot(
        self, step: FfmpegStep, on_progress: Callable[[Progress], None], *, stdin: BinaryIO | None = None
    ) -> StepResult:
        """Run it in a place that was taken; `stdin` is closed here."""
        seconds = self.seconds_left
        tools = self.engine.tools
        tools = replace(tools, environment={**tools.environment, **step.environment})
        try:
            run = await self.engine.quota.hold(
                run_ffmpeg(
                    tools,
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
            if step.failure_context is not None:
                raise _blamed(error, step.failure_context) from None
            raise error.reword(self.reword).at(command=step.command) from None
        self.problems += [self.reword(line) for line in _ERROR_LINE.findall(run.log.text)]
        return _found(run, step, self.folder, self.reword)

    def _bring_fonts(self, folder: str) -> None:
        """Copies, as the job's user may not get to where the package is; a step before may have made them."""
        make_folders_beneath(self.folder, folder, self.jail.uid)
        for font in outline_fonts():
            with suppress(FileExistsError):
                write_beneath(self.folder, f"{folder}/{font.name}", font.read_bytes(), self.jail.uid)

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


def _blamed(error: WorkerError, failure_context: FailureContext) -> WorkerError:
    """In words of the composition: what ffmpeg says speaks of files that no caller knows.

    What is the worker's fault, too little memory for one, stays that.
    """
    error.at(field=failure_context.field)
    if not isinstance(error, EngineFailed | EngineKilled):
        return error
    error.detail = "\n".join(filter(None, (error.message, error.stderr, error.detail)))
    if error.fault in {Fault.CALLER, Fault.SOURCE}:
        return SourceUnreadable(
            failure_context.message,
            code=failure_context.code,
            hint=failure_context.hint,
            where=error.where,
            detail=error.detail,
        )
    error.message, error.hint, error.stderr = (
        f"{failure_context.message} {error.message}",
        failure_context.hint,
        None,
    )
    return error


def _found(run: RunReport, step: FfmpegStep, folder: Path, reword: Callable[[str], str]) -> StepResult:
    last = run.last_progress
    result = StepResult(
        seconds=run.seconds,
        cpu_seconds=run.exit.cpu_seconds,
        frames=last.frame if last and not step.is_auxiliary else None,
        out_time_s=last.out_time_s if last and not step.is_auxiliary else None,
        log=reword(strip_log_tags(run.log.text)) if step.show_log else "",
        stdout=run.stdout,
    )
    if step.collect is None:
        return result
    return replace(result, collected=read_beneath(folder, step.collect, _MAX_COLLECTED_BYTES))
