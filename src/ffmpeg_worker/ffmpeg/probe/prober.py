"""What a file holds: by the real ffprobe where there is one, else by PyAV in a child of the job's own."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
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
from ffmpeg_worker.process.child_environment import child_environment
from ffmpeg_worker.process.spawner import Spawner
from ffmpeg_worker.sandbox.apply_confinement import CONFINEMENT_FAILED
from ffmpeg_worker.sandbox.confinement import Confinement
from ffmpeg_worker.sandbox.jail import Jail
from ffmpeg_worker.tasks import cancel_and_wait

_PRELOAD = "ffmpeg_worker.ffmpeg.probe.probe_program:serve"
_STANDARD_OPTIONS = ("-v", "error", "-of", "json", "-show_format", "-show_streams", "-show_chapters")

_REASONS: Mapping[str, tuple[type[SourceError], str, str, str]] = {
    "not_found": (SourceNotFound, "source_not_found", "There is no such file.", "Check its name."),
    "permission": (SourceForbidden, "source_forbidden", "The file cannot be read.", "Check its permissions."),
    "not_a_file": (SourceForbidden, "source_is_folder", "The input is a folder.", "Name a file in it."),
    "empty": (SourceUnreadable, "source_empty", "The file is empty (0 bytes).", "Check how it was copied."),
    "incomplete": (
        SourceUnreadable,
        "source_incomplete",
        "The file is cut: the part that describes it is missing.",
        "Copy or upload it again, to its end.",
    ),
}
_NOT_MEDIA_HINT = "Check that it is complete: a file cut while being copied, or a text named like media."


class Prober:
    """Probes files; opened and closed with the worker.

    A forked child is kept waiting, so that a job's first probe does not pay for the fork. No child ever serves
    two jobs.
    """

    def __init__(self, ffprobe: Path | None, spawner: Spawner) -> None:
        self._ffprobe = ffprobe
        self._spawner = spawner
        self._forks = Spawner(preload=_PRELOAD)
        self._waiting: asyncio.Task[ProbeProcess] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def program(self) -> str:
        """Which program answers `probe` jobs: `ffprobe` or `pyav`."""
        return "pyav" if self._ffprobe is None else "ffprobe"

    async def open(self) -> None:
        """Start the warm process that children are forked from."""
        await self._forks.open()
        self._refill()

    async def close(self) -> None:
        """End all children."""
        if self._waiting is not None:
            await cancel_and_wait(self._waiting)
        await self._forks.close()
        await asyncio.gather(*self._closing, return_exceptions=True)

    @asynccontextmanager
    async def session(
        self, jail: Jail | None = None, *, deadline: float | None = None
    ) -> AsyncIterator[ProbeSession]:
        """Probes for one job, in its jail, until `deadline` of the monotonic clock."""
        session = ProbeSession(self, jail, deadline)
        try:
            yield session
        finally:
            for helper in session.helpers:
                task = asyncio.ensure_future(helper.close())
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)

    async def take(self) -> ProbeProcess:
        """A child nobody has used; another one is made ready meanwhile."""
        waiting, self._waiting = self._waiting, None
        helper = await waiting if waiting is not None else None
        self._refill()
        return helper if helper is not None and helper.alive else await fork_probe_process(self._forks)

    def _refill(self) -> None:
        if self._waiting is None:
            self._waiting = asyncio.ensure_future(fork_probe_process(self._forks))

    async def run_ffprobe(
        self, path: Path, options: Sequence[str], confinement: Confinement | None = None
    ) -> dict[str, Any]:
        """Ask the real ffprobe, in a child that sees one file.

        Raises:
            SourceUnreadable: it is no media, or crashes ffprobe.
            UnsupportedFeature: more options were asked for, and there is no ffprobe.
        """
        if self._ffprobe is None:
            raise UnsupportedFeature(
                'More ffprobe options ("chainCmds") need a real ffprobe, and this worker has none.',
                hint='Remove "chainCmds", or install ffprobe and set FFPROBE_PATH.',
            )
        argv = [str(self._ffprobe), *_STANDARD_OPTIONS, *options, f"file:{path.name}"]
        try:
            run = await run_captured(
                self._spawner,
                argv,
                cwd=path.parent,
                env=child_environment({}),
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
    """Probes for one job; its children end with it."""

    def __init__(self, prober: Prober, jail: Jail | None = None, deadline: float | None = None) -> None:
        self.helpers: list[ProbeProcess] = []
        self._prober = prober
        self._jail = jail
        self._deadline = deadline
        self._lock = asyncio.Lock()

    async def describe(self, path: Path) -> dict[str, Any]:
        """ffprobe's JSON of a file, by the embedded probe.

        Raises:
            SourceNotFound, SourceForbidden, SourceUnreadable: as fits.
            EngineTimedOut: the job's time was used up.
        """
        async with self._in_time(), self._lock:
            if not self.helpers or not self.helpers[-1].alive:
                self.helpers.append(await self._prober.take())
                # Only now is it known what the job may read.
                self.helpers[-1].confine(self._confinement(), self._root)
            reply = await self.helpers[-1].ask(path)
        if reply is None:
            raise _crashed()
        if "ok" in reply:
            document: dict[str, Any] = reply["ok"]
            return document
        reason = reply["error"]["reason"]
        if reason == CONFINEMENT_FAILED:
            raise EngineUnavailable("The probe cannot be confined.", detail=reply["error"]["message"])
        if reason in _REASONS:
            kind, code, message, hint = _REASONS[reason]
            raise kind(message, code=code, hint=hint)
        raise _not_media(reply["error"].get("message", ""), path)

    async def probe(self, path: Path, options: Sequence[str] = ()) -> dict[str, Any]:
        """ffprobe's JSON of a file for a `probe` job: by the real ffprobe where there is one.

        Raises:
            SourceError, UnsupportedFeature, EngineTimedOut: see `describe` and `Prober.run_ffprobe`.
        """
        if options or self._prober.program == "ffprobe":
            async with self._in_time():
                return await self._prober.run_ffprobe(path, options, self._confinement())
        return await self.describe(path)

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        left_s = None if self._deadline is None else max(self._deadline - time.monotonic(), 0.001)
        try:
            async with asyncio.timeout(left_s):
                yield
        except TimeoutError:
            raise EngineTimedOut(
                "The time for the job was used up while a file was probed.",
                hint='Allow more with "timeout", or check the file: it may be damaged or lead in circles.',
            ) from None

    @property
    def _root(self) -> Path:
        return Path("/") if self._jail is None else self._jail.root

    def _confinement(self) -> Confinement | None:
        return None if self._jail is None else self._jail.for_probe(PROBE_TIMEOUT_S)


def _not_media(reason: str, path: Path) -> SourceUnreadable:
    return SourceUnreadable(
        "The file holds no media that FFmpeg can read.",
        code="source_not_media",
        hint=_NOT_MEDIA_HINT,
        stderr=reason.replace(f"file:{path.name}", path.name).replace(str(path), path.name)[-2000:] or None,
    )


def _crashed() -> SourceUnreadable:
    return SourceUnreadable(
        "Reading the file crashed or took too long; only this job was harmed.",
        code="source_crashes_probe",
        hint="The file is damaged or hostile; make it anew from its source.",
    )
