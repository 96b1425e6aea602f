"""Runs one ffmpeg of a lane: slot, files, deadline, quota, and errors in the caller's terms."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from ffmpeg_worker.errors import EngineTimedOut, WorkerError
from ffmpeg_worker.ffmpeg.diagnosis.font_fallbacks import find_font_fallbacks
from ffmpeg_worker.ffmpeg.log_tail import strip_log_tags
from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.ffmpeg.run_again import run_again_if_killed
from ffmpeg_worker.ffmpeg.run_ffmpeg import RunReport, run_ffmpeg
from ffmpeg_worker.fonts import bundled_fonts, outline_fonts
from ffmpeg_worker.job.command_log import ignore_log
from ffmpeg_worker.logs import redact_var
from ffmpeg_worker.pipeline.composition_errors import explain_in_composition
from ffmpeg_worker.pipeline.folder_state import FolderState
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.pipeline.lane_log import LaneLog, OnLine
from ffmpeg_worker.pipeline.recorded_output import read_record
from ffmpeg_worker.pipeline.staged_names import StagedNames
from ffmpeg_worker.planning.placed_files import BundledFonts, Folder, InputLink, PlacedFile, TextFile
from ffmpeg_worker.planning.step_result import StepResult
from ffmpeg_worker.planning.steps import FfmpegStep
from ffmpeg_worker.sandbox.beneath import make_folders_beneath, symlink_beneath, write_beneath
from ffmpeg_worker.tasks import finish_then_cancel

T = TypeVar("T")

_NO_LOG = LaneLog(ignore_log, ())
_MAX_PROBLEMS = 20
_MAX_MISSING_FONTS = 5
_FILE_PREFIX = re.compile(r"(?<!\w)file:(?=[^\s'\"])")
_ERROR_LINE = re.compile(r"^(?:\[[^\]\n]*\] )*\[(?:error|fatal)\] .*$", re.MULTILINE)


class CommandRunner:
    """Runs the programs of one lane in its `folder`, until the deadline of the job.

    `display_names` are the caller's names of staged files; `log` takes what the programs log. When FFmpeg has
    started, the probe gets ready to verify the files with the names `verified`. If it is only one, it is described
    while FFmpeg ends.
    """

    def __init__(
        self,
        context: JobContext,
        folder: Path,
        display_names: Mapping[str, str],
        log: LaneLog = _NO_LOG,
        verified: Collection[str] = (),
    ) -> None:
        self.resources = context.resources
        self.folder = folder
        self.jail = context.workspace.jail
        self._usage = context.workspace.usage
        self.by_range = context.by_range
        self._deadline = context.runtime.deadline
        self._owner = context.runtime.owner
        self._job_id = context.runtime.job_id
        self._progress = context.progress
        self._probes = context.probes
        self._verified = tuple(verified)
        self._log = log
        self._placing_fonts = asyncio.Lock()
        self._staged_names = StagedNames({**context.by_range.display_names, **display_names})

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline, at least a millisecond."""
        return max(self._deadline - time.monotonic(), 0.001)

    async def run(
        self, step: FfmpegStep, on_progress: Callable[[Progress], None], *, is_alone: bool = True
    ) -> StepResult:
        """Prepare the files of a step, wait for a slot and run its ffmpeg, again if it is killed from outside.

        Before the second run, all that the first one wrote is removed, if the step `is_alone` in its folder. If it
        is not, its outputs must be files that a second run replaces.

        Raises:
            EngineError: with `where.command`.
        """
        await self.place_all(step.setup)
        async with self.slot():
            prepare = partial(FolderState(self.folder).restore, self.jail.root) if is_alone else None
            return await run_again_if_killed(partial(self.run_in_slot, step, on_progress), prepare)

    async def run_in_slot(
        self,
        step: FfmpegStep,
        on_progress: Callable[[Progress], None],
        *,
        stdin: BinaryIO | None = None,
        stdout: BinaryIO | None = None,
    ) -> StepResult:
        """Run the ffmpeg of a step in a slot that was taken before; closes `stdin` and `stdout`."""
        try:
            with self._log.open_run(step, self.reword) as on_line:
                run = await self._run_ffmpeg(step, on_progress, (stdin, stdout), on_line)
        except WorkerError as error:
            if step.failure_context is not None:
                raise explain_in_composition(error, step.failure_context) from None
            raise error.reword(self.reword).at(command=step.command) from None
        if step.stdout_file is not None:
            await self.write(step.stdout_file, run.stdout)
        return await self._result(run, step)

    async def _run_ffmpeg(
        self,
        step: FfmpegStep,
        on_progress: Callable[[Progress], None],
        pipes: tuple[BinaryIO | None, BinaryIO | None],
        on_line: OnLine | None,
    ) -> RunReport:
        texts = [item.text for item in step.setup if isinstance(item, TextFile)]
        texts += [item.staged for item in step.setup if isinstance(item, InputLink)]
        inputs = await self.by_range.prepare(self.folder, step.invocation.arguments, texts)
        seconds = self.seconds_left
        tools = self.resources.tools
        run = run_ffmpeg(
            replace(tools, environment={**tools.environment, **step.environment}),
            step.invocation,
            cwd=self.folder,
            timeout_s=seconds,
            on_progress=partial(self._note_progress, on_progress),
            capture_stdout=step.stdout_file is not None,
            confinement=self.jail.for_command(self.folder, seconds),
            stdin=pipes[0],
            stdout=pipes[1],
            recording=step.recording if step.keeps_log else None,
            on_line=on_line,
            inputs=inputs,
            on_start=partial(self._probes.prepare, self._verified),
        )
        return await self.by_range.check(self.hold(run), inputs.files.values())

    def _note_progress(self, on_progress: Callable[[Progress], None], report: Progress) -> None:
        """Pass a report on; with the last one, FFmpeg has closed its outputs, and is about to end."""
        on_progress(report)
        if report.ended and len(self._verified) == 1:
            self._probes.begin(self.folder / self._verified[0])

    def hold(self, run: Coroutine[Any, Any, T]) -> Coroutine[Any, Any, T]:
        """Await a run that writes into the folder of the job, within the room that the job has."""
        return self.resources.quota.hold(run, self.jail.root, self._usage.set_written)

    async def write(self, name: str, content: bytes | bytearray) -> None:
        """Write a file into the working directory, replacing one that an interrupted attempt has left.

        Raises:
            DiskFull, KeyLimitReached: there is no room for it.
        """
        self._usage.check_room(len(content))
        make_folders_beneath(self.folder, str(Path(name).parent), self.jail.uid)
        write = asyncio.to_thread(write_beneath, self.folder, name, content, self.jail.uid, replace=True)
        # The job's folder must not be removed while something is still written into it.
        await finish_then_cancel(write)

    async def place_all(self, setup: tuple[PlacedFile, ...]) -> None:
        """Make the files and folders that a step needs before it starts."""
        for item in setup:
            match item:
                case Folder():
                    make_folders_beneath(self.folder, item.name, self.jail.uid)
                case TextFile():
                    write_beneath(self.folder, item.name, item.text.encode(), self.jail.uid, replace=True)
                case InputLink():
                    symlink_beneath(self.folder, item.name, item.staged, replace=True)
                case BundledFonts():
                    async with self._placing_fonts:  # another step may place the same
                        await finish_then_cancel(asyncio.to_thread(self._copy_fonts, item))

    def _copy_fonts(self, fonts: BundledFonts) -> None:
        """Copy the bundled fonts, since the job's user may not read the package; an earlier step may have."""
        make_folders_beneath(self.folder, fonts.folder, self.jail.uid)
        for font in bundled_fonts() if fonts.in_color else outline_fonts():
            with suppress(FileExistsError):
                write_beneath(self.folder, f"{fonts.folder}/{font.name}", font.read_bytes(), self.jail.uid)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold one of the worker's slots for an ffmpeg; waiting for it counts as the job's time."""
        has_waited = False

        def report(position: int) -> None:
            nonlocal has_waited
            has_waited = True
            self._progress.waiting(position)

        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(self.seconds_left):
                    slot = self.resources.slots.slot(self._owner, self._job_id, report)
                    await stack.enter_async_context(slot)
            except TimeoutError:
                raise EngineTimedOut(
                    "The time for the job was used up before the worker had a place for it.",
                    hint='Allow more with "timeout", or send the job when the worker is less busy.',
                ) from None
            if has_waited:
                self._progress.resume()
            yield

    def reword(self, text: str) -> str:
        """Replace staged names, which mean nothing to a caller, by the caller's own, and remove secrets."""
        plain = _FILE_PREFIX.sub("", self._staged_names.replace_in(text))
        redact = redact_var.get()
        return plain if redact is None else redact(plain)

    async def _result(self, run: RunReport, step: FfmpegStep) -> StepResult:
        last = run.last_progress if not step.is_auxiliary else None
        problems = dict.fromkeys(_ERROR_LINE.findall(run.log.text))
        record = await read_record(run.recorder, step.command, self.reword)
        return StepResult(
            seconds=run.seconds,
            cpu_seconds=run.exit.cpu_seconds,
            frames=last.frame if last else None,
            out_time_s=last.out_time_s if last else None,
            log=record.log,
            stdout=record.stdout,
            is_log_cut=record.is_log_cut,
            measurements=record.measurements,
            problems=tuple(self.reword(line) for line in islice(problems, _MAX_PROBLEMS)),
            warnings=(*record.warnings, *self._missing_fonts(run, step)),
            damage=self.reword(strip_log_tags(run.damage)) if run.damage is not None else None,
            outputs=run.outputs,
            input_lengths=run.input_lengths,
        )

    def _missing_fonts(self, run: RunReport, step: FfmpegStep) -> Iterator[str]:
        """A sentence for each font that burnt subtitles asked for in vain; compositions have their own."""
        if step.failure_context:
            return
        fallbacks = find_font_fallbacks(run.log.text, " ".join(step.invocation.arguments))
        for wanted, used in islice(fallbacks, _MAX_MISSING_FONTS):
            yield self.reword(f'The font "{wanted}" was not found; the subtitles were drawn with "{used}".')
