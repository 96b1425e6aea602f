"""Reads media information with ffprobe if it is installed, otherwise with PyAV in a child process of the job."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from ffmpeg_worker.errors import (
    EngineTimedOut,
    EngineUnavailable,
    SourceError,
    SourceForbidden,
    SourceNotFound,
    SourceUnreadable,
    UnsupportedFeature,
)
from ffmpeg_worker.ffmpeg.log_tail import strip_log_tags
from ffmpeg_worker.ffmpeg.probe.probe_process import (
    MAX_REPLY_BYTES,
    PROBE_TIMEOUT_S,
    ProbeProcess,
    fork_probe_process,
)
from ffmpeg_worker.ffmpeg.run_captured import run_captured
from ffmpeg_worker.process.child_environment import make_child_environment
from ffmpeg_worker.process.spawner import Spawner
from ffmpeg_worker.sandbox.apply_confinement import CONFINEMENT_FAILED
from ffmpeg_worker.sandbox.confinement import Confinement
from ffmpeg_worker.sandbox.jail import Jail
from ffmpeg_worker.tasks import cancel_and_wait

_PRELOAD = "ffmpeg_worker.ffmpeg.probe.probe_program:serve"
_STANDARD_OPTIONS = ("-v", "error", "-of", "json", "-show_format", "-show_streams", "-show_chapters")

# By the reason of `ProbeFailed`: makes the error.
_ERRORS: Mapping[str, Callable[[], SourceError]] = {
    "not_found": partial(SourceNotFound, "There is no such file.", hint="Check its name."),
    "permission": partial(SourceForbidden, "The file cannot be read.", hint="Check its permissions."),
    "not_a_file": partial(
        SourceForbidden, "The input is a folder.", code="source_is_folder", hint="Name a file in it."
    ),
    "empty": partial(
        SourceUnreadable, "The file is empty (0 bytes).", code="source_empty", hint="Check how it was copied."
    ),
    "incomplete": partial(
        SourceUnreadable,
        "The file was cut off: the part that describes it is missing.",
        code="source_incomplete",
        hint="Copy or upload it again, completely.",
    ),
}
_NOT_MEDIA_HINT = "Check the file: it may be incomplete, or another kind of file with the name of a media file."


class Prober:
    """Probes files; opened and closed with the worker.

    One idle child is kept, so that the first probe of a job does not wait for a fork. No child serves two jobs.
    """

    def __init__(self, ffprobe: Path | None, spawner: Spawner) -> None:
        self._ffprobe = ffprobe
        self._spawner = spawner
        self._forks = Spawner(preload=_PRELOAD)
        self._idle: asyncio.Task[ProbeProcess] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def program(self) -> str:
        """Program that answers `probe` jobs: `ffprobe` or `pyav`."""
        return "pyav" if self._ffprobe is None else "ffprobe"

    async def open(self) -> None:
        """Start the process that children are forked from."""
        await self._forks.open()
        self._refill()

    async def close(self) -> None:
        """Stop all children."""
        if self._idle is not None:
            await cancel_and_wait(self._idle)
        await self._forks.close()
        await asyncio.gather(*self._closing, return_exceptions=True)

    @asynccontextmanager
    async def session(
        self, jail: Jail | None = None, *, deadline: float | None = None
    ) -> AsyncIterator[ProbeSession]:
        """Open a session for one job, confined by its `jail`, until `deadline` of the monotonic clock."""
        session = ProbeSession(self, jail, deadline)
        try:
            yield session
        finally:
            for process in session.processes:
                task = asyncio.ensure_future(process.close())
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)

    async def take_process(self) -> ProbeProcess:
        """Return an unused child, and fork the next idle one."""
        idle, self._idle = self._idle, None
        process = await idle if idle is not None else None
        self._refill()
        return process if process is not None and process.alive else await fork_probe_process(self._forks)

    def _refill(self) -> None:
        if self._idle is None:
            self._idle = asyncio.ensure_future(fork_probe_process(self._forks))

    async def run_ffprobe(
        self, path: Path, options: Sequence[str], confinement: Confinement | None = None
    ) -> dict[str, Any]:
        """Run ffprobe on a file and return its JSON.

        Raises:
            SourceUnreadable: the file is not media, or crashes ffprobe.
            UnsupportedFeature: there is no ffprobe.
        """
        if self._ffprobe is None:
            raise UnsupportedFeature(
                'ffprobe options ("chainCmds") need ffprobe, and this worker has none.',
                hint='Remove "chainCmds", or install ffprobe and set FFPROBE_PATH.',
            )
        argv = [str(self._ffprobe), *_STANDARD_OPTIONS, *options, f"file:{path.name}"]
        try:
            run = await run_captured(
                self._spawner,
                argv,
                cwd=path.parent,
                env=make_child_environment({}),
                timeout_s=PROBE_TIMEOUT_S,
                max_stdout_bytes=MAX_REPLY_BYTES,
                confinement=confinement,
            )
        except EngineTimedOut:
            raise _crashed() from None
        if run.exit.code is None:
            raise _crashed()
        if run.exit.code != 0:
            raise _not_media(strip_log_tags(run.log.text), path)
        document: dict[str, Any] = json.loads(run.stdout.decode("utf-8", "replace"))
        return document


class ProbeSession:
    """Probes files for one job; its child processes end with the job."""

    def __init__(self, prober: Prober, jail: Jail | None = None, deadline: float | None = None) -> None:
        self.processes: list[ProbeProcess] = []
        self._prober = prober
        self._jail = jail
        self._deadline = deadline
        self._lock = asyncio.Lock()

    async def describe(self, path: Path) -> dict[str, Any]:
        """Describe a file with PyAV, in the JSON shape of ffprobe.

        Raises:
            SourceNotFound: there is no such file.
            SourceForbidden: it may not be read, or is a folder.
            SourceUnreadable: it is not media, or crashes the probe.
            EngineTimedOut: the time of the job was used up.
        """
        async with self._within_deadline(), self._lock:
            if not self.processes or not self.processes[-1].alive:
                self.processes.append(await self._prober.take_process())
                # What the job may read is known only now.
                self.processes[-1].confine(self._confinement(), self._root)
            reply = await self.processes[-1].ask(path)
        if reply is None:
            raise _crashed()
        if "ok" in reply:
            document: dict[str, Any] = reply["ok"]
            return document
        reason = reply["error"]
        if reason == CONFINEMENT_FAILED:
            raise EngineUnavailable("The probe cannot be confined.", detail=reply["detail"])
        make_error = _ERRORS.get(reason)
        cause = "is not media that can be read" if reason == "not_media" else "cannot be read"
        raise _not_media(f"The file {cause}.", path) if make_error is None else make_error()

    async def probe(self, path: Path, options: Sequence[str] = ()) -> dict[str, Any]:
        """Describe a file for a `probe` job, with ffprobe if there is one.

        Raises:
            SourceError, UnsupportedFeature, EngineTimedOut: see `describe` and `Prober.run_ffprobe`.
        """
        if options or self._prober.program == "ffprobe":
            async with self._within_deadline():
                return await self._prober.run_ffprobe(path, options, self._confinement())
        return await self.describe(path)

    @asynccontextmanager
    async def _within_deadline(self) -> AsyncIterator[None]:
        left_s = None if self._deadline is None else max(self._deadline - time.monotonic(), 0.001)
        try:
            async with asyncio.timeout(left_s):
                yield
        except TimeoutError:
            raise EngineTimedOut(
                "The time for the job was used up while a file was probed.",
                hint='Allow more time with "timeout", or check the file: it may be damaged or refer to itself.',
            ) from None

    @property
    def _root(self) -> Path:
        return Path("/") if self._jail is None else self._jail.root

    def _confinement(self) -> Confinement | None:
        return None if self._jail is None else self._jail.for_probe(PROBE_TIMEOUT_S)


def _not_media(reason: str, path: Path) -> SourceUnreadable:
    return SourceUnreadable(
        "The file has no media that FFmpeg can read.",
        code="source_not_media",
        hint=_NOT_MEDIA_HINT,
        stderr=reason.replace(f"file:{path.name}", path.name).replace(str(path), path.name)[-2000:] or None,
    )


def _crashed() -> SourceUnreadable:
    return SourceUnreadable(
        "Reading the file crashed the probe or took too long; other jobs were not affected.",
        code="source_crashes_probe",
        hint="The file is damaged or malicious; create it again from its source.",
    )
