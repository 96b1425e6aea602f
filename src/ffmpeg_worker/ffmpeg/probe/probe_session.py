"""Probes the files of one job, in children that end with the job."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from ffmpeg_worker.errors import EngineTimedOut, EngineUnavailable
from ffmpeg_worker.ffmpeg.probe.early_description import EarlyDescription
from ffmpeg_worker.ffmpeg.probe.ffprobe import Ffprobe, has_unknown_size
from ffmpeg_worker.ffmpeg.probe.mp4_boxes import UnusualFile
from ffmpeg_worker.ffmpeg.probe.mp4_brief import describe_mp4
from ffmpeg_worker.ffmpeg.probe.probe_errors import crashed, explain_reason, killed
from ffmpeg_worker.ffmpeg.probe.probe_pool import JobChild, ProbePool
from ffmpeg_worker.ffmpeg.probe.probe_process import PROBE_TIMEOUT_S, ProbeProcess
from ffmpeg_worker.logs import log
from ffmpeg_worker.process.waiting_file import WaitingFile
from ffmpeg_worker.retry import AttemptFailed, retry
from ffmpeg_worker.sandbox.apply_confinement import CONFINEMENT_FAILED
from ffmpeg_worker.sandbox.beneath import open_beneath
from ffmpeg_worker.sandbox.jail import Jail

_PAUSES_S = (0.1,)
"""Before another child is asked about a file that one has died of."""
_PLAIN_SUFFIXES = (".mp4", ".m4a", ".m4v")


class ProbeSession:
    """Probes files for one job; its child processes end with the job."""

    def __init__(
        self,
        ffprobe: Ffprobe,
        pool: ProbePool,
        *,
        jail: Jail | None = None,
        deadline: float | None = None,
    ) -> None:
        """Begin without a child; `pool` is that of `Prober`."""
        self.by_range = False
        """Whether files may be probed whose bytes are fetched when they are read; set before the first one."""
        self.ffprobe_by_range = False
        """Whether ffprobe can read such files."""
        self._ffprobe = ffprobe
        self._jail = jail
        self._deadline = deadline
        self._lock = asyncio.Lock()
        self._child = JobChild(pool, self._confine)
        self._early: EarlyDescription | None = None

    def prepare(self, names: Collection[str]) -> None:
        """Begin to confine the child that will describe outputs with these names, if any needs one.

        The first of them does not wait for that then. What the job may read must be known by now.
        """
        if not all(map(_may_be_plain, names)):
            self._child.prepare()

    def begin(self, path: Path) -> None:
        """Begin to describe an output briefly that FFmpeg has closed, if none is being described.

        `describe` uses that if the file is still the same.
        """
        if self._early is None:
            self._early = EarlyDescription(path, partial(self._describe, is_brief=True))

    async def close(self) -> None:
        """Let all children end, soon."""
        if self._early is not None:
            await self._early.close()
        await self._child.close()

    async def describe(
        self,
        path: Path,
        *,
        is_own_playlist: bool = False,
        is_brief: bool = False,
        skips_pixels: bool = False,
        file: WaitingFile | None = None,
    ) -> dict[str, Any]:
        """Describe a file with PyAV, in the JSON shape of ffprobe; a `file` is read as its bytes arrive.

        Args:
            path: of the file.
            is_own_playlist: the job wrote it with FFmpeg's HLS muxer: it and its segments may have any names.
            is_brief: leave out what `read_media` does not read.
            skips_pixels: leave pixel format and colors out of a brief description where that is faster.

        Raises:
            SourceNotFound: there is no such file.
            SourceForbidden: it may not be read, or is a folder.
            SourceUnreadable: it is not media, or crashes the probe.
            EngineTimedOut: the time of the job was used up.
            EngineKilled: the probe was killed from outside, twice.
        """
        if self._early is not None and self._early.path == path and is_brief and not is_own_playlist:
            early, self._early = self._early, None
            if (described := await early.take()) is not None:
                return described
        return await self._describe(
            path, file, is_own_playlist=is_own_playlist, is_brief=is_brief, skips_pixels=skips_pixels
        )

    async def _describe(
        self, path: Path, file: WaitingFile | None = None, *, is_brief: bool = False, **options: bool
    ) -> dict[str, Any]:
        if is_brief and file is None and _may_be_plain(path.name):
            found = self._describe_plain(path)
            if found is not None:
                return found
        return await self._reply(path, file, is_brief=is_brief, **options)

    async def index(self, path: Path, file: WaitingFile | None = None) -> dict[str, Any]:
        """Find the frames of a video by its packets; see `read_packet_index` in planning/chunks/.

        Raises:
            SourceError, EngineError: see `describe`.
        """
        return await self._reply(path, file, wants_index=True)

    async def ask_about_frames(
        self, path: Path, request: Mapping[str, Any], file: WaitingFile | None = None
    ) -> dict[str, Any]:
        """Send a request of `ffmpeg/probe/frame_requests.py`.

        Raises:
            SourceError, EngineError: see `describe`.
        """
        return await self._reply(path, file, about_frames=request)

    async def take_writer(self, folder: Path, seconds: float) -> tuple[ProbeProcess, str]:
        """Take a child that may write in a `folder` of the job, and has `seconds`; the caller closes it.

        Return with it the name of the folder for the child.
        """
        process = await self._child.pool.take()
        confinement = None if self._jail is None else self._jail.for_command(folder, seconds)
        process.confine(confinement, self._root, by_range=self.by_range)
        shown = folder.relative_to(self._root) if folder.is_relative_to(self._root) else folder
        return process, str(shown)

    async def _reply(self, path: Path, file: WaitingFile | None, **options: Any) -> dict[str, Any]:
        async with self.within_deadline(), self._lock:
            reply = await retry(partial(self._ask, path, file, **options), _PAUSES_S, _log_retry)
        if "ok" in reply:
            document: dict[str, Any] = reply["ok"]
            return document
        reason = reply["error"]
        if reason == CONFINEMENT_FAILED:
            raise EngineUnavailable("The probe cannot be confined.", detail=reply["detail"])
        raise explain_reason(reason, path)

    async def _ask(self, path: Path, file: WaitingFile | None, **options: Any) -> dict[str, Any]:
        """Ask a child, which is a new one if the last one died.

        Raises:
            AttemptFailed: the child died by a signal, which another child may not.
            SourceUnreadable: it took too long, or ended by itself.
        """
        process = await self._child.current()
        reply = await process.ask(path, file=file, **options)
        if reply is not None:
            return reply
        if process.end is None or process.end.signal is None:
            raise crashed()
        raise AttemptFailed(killed() if process.end.is_stop else crashed())

    def _describe_plain(self, path: Path) -> dict[str, Any] | None:
        """Describe a plain MP4 file of the job without a child; `None` if it is none, or a link is in its path."""
        if not path.is_relative_to(self._root):
            return None
        try:
            with open_beneath(self._root, str(path.relative_to(self._root))) as descriptor:
                return describe_mp4(descriptor, path.name)
        except (OSError, UnusualFile):
            return None

    def _confine(self, process: ProbeProcess) -> None:
        confinement = None if self._jail is None else self._jail.for_loaded_probe(PROBE_TIMEOUT_S)
        process.confine(confinement, self._root, by_range=self.by_range)

    def needs_whole_file(self, options: Sequence[str]) -> bool:
        """Whether `probe` cannot read with these options what is fetched when it is read."""
        return bool(options) and not self.ffprobe_by_range

    async def probe(
        self, path: Path, options: Sequence[str] = (), file: WaitingFile | None = None
    ) -> dict[str, Any]:
        """Describe a file for a `probe` job, with ffprobe if there is one that can read it.

        Raises:
            SourceError, UnsupportedFeature, EngineError: see `describe` and `Ffprobe.run`.
        """
        can_read = file is None or self.ffprobe_by_range
        if options or (self._ffprobe.program is not None and can_read):
            async with self.within_deadline():
                confinement = None if self._jail is None else self._jail.for_probe(PROBE_TIMEOUT_S)
                document = await self._ffprobe.run(path, options, confinement, file)
            if options or not has_unknown_size(document):
                return document
        return await self.describe(path, file=file)

    @asynccontextmanager
    async def within_deadline(self) -> AsyncIterator[None]:
        """End what is done within the context at the deadline of the job.

        Raises:
            EngineTimedOut: the time of the job was used up.
        """
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


def _log_retry(error: Exception, _pause_s: float) -> None:
    log(logging.WARNING, "probe died, asking another one", error=str(error))


def _may_be_plain(name: str) -> bool:
    """Whether a file is probably described without a child."""
    return name.endswith(_PLAIN_SUFFIXES)
