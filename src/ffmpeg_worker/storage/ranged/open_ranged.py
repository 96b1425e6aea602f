"""Opens a source by range with its first request."""

from __future__ import annotations

import shutil
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ffmpeg_worker.retry import backoff, retry
from ffmpeg_worker.storage.ranged.block_cache import BlockCache
from ffmpeg_worker.storage.ranged.range_requests import (
    NotRanged,
    RangeAnswer,
    RangeRequests,
    SourceVersion,
    WholeAnswer,
    WholeSource,
)
from ffmpeg_worker.storage.ranged.ranged_file import RangedFile
from ffmpeg_worker.storage.ranged.sparse_file import SparseFile, SparsePlace
from ffmpeg_worker.storage.transfer import DownloadLimits, TransferMeter, download_folder

_FIRST_BYTES = 512 << 10


@dataclass(frozen=True, slots=True)
class RangedInputs:
    """Whether and how inputs are read by range."""

    limits: DownloadLimits
    is_on: bool = True
    min_bytes: int = 8 << 20
    """Smaller sources are downloaded whole."""


@dataclass(frozen=True, slots=True)
class RangedOpener:
    """Opens a source for one job, with the job's own credentials."""

    requests: RangeRequests
    rules: RangedInputs
    shown: str
    """The name of the source in errors."""
    folder: Path
    """The job's, for files that are not shared."""
    meter: TransferMeter
    make_room: Callable[[], Awaitable[bool]]

    async def open(self, identity: str | None, shared: BlockCache) -> RangedFile | WholeSource | None:
        """Open the source; `None` if it must be downloaded otherwise.

        It is downloaded whole if it is small, or if the server sends it whole although a range was requested.

        `identity`: key of the source in the cache of blocks; `None` if it must not be shared. The requests are
        closed with the file, or at once if there is none.

        Raises:
            WorkerError: see `SourceBackend.download`.
        """
        limits = self.rules.limits
        self.meter.expect(None)
        # Where the first bytes are there already, the request only proves that the job may read them.
        is_known = identity is not None and shared.find(identity) is not None
        asked = 1 if is_known else _FIRST_BYTES

        async def attempt() -> RangedFile | WholeSource | None:
            began_at = time.monotonic()
            async with self.requests.open(asked) as answer:
                if isinstance(answer, WholeAnswer):
                    return await answer.download(self.folder, limits, self.meter)
                # To connect takes a round trip, too.
                latency_s = (time.monotonic() - began_at) / 2
                size = answer.version.size
                if size < self.rules.min_bytes:
                    return await self._download(answer) if size <= limits.max_bytes else None
                file = await self._open(answer, identity, shared)
                file.note_request()
                file.connections.note_latency(latency_s)
                return file

        opened = None
        try:
            opened = await retry(attempt, backoff(limits.retries, limits.backoff_s))
        except (NotRanged, OSError):  # or the disk has no sparse files of that length
            return None
        finally:
            if not isinstance(opened, RangedFile):
                await self.requests.close()
        return opened

    async def _open(self, answer: RangeAnswer, identity: str | None, shared: BlockCache) -> RangedFile:
        if identity is None:
            place = self._make_place(answer.version)
        else:
            file, release = shared.hold(identity, answer.version)
            place = SparsePlace(file, release, self.make_room, partial(shared.distrust, identity))
        async with AsyncExitStack() as unless_received:
            unless_received.callback(place.release)
            opened = self._make_file(place)
            await _receive(opened, answer)
            unless_received.pop_all()
        return opened

    async def _download(self, answer: RangeAnswer) -> WholeSource:
        place = self._make_place(answer.version)
        async with AsyncExitStack() as unless_complete:
            unless_complete.callback(place.release)
            opened = self._make_file(place)
            unless_complete.push_async_callback(opened.stop)
            await _receive(opened, answer)
            await opened.fetch(0, opened.size)
            place.file.complete()
            unless_complete.pop_all()
        return WholeSource(place.file.path, answer.version.etag)

    def _make_place(self, version: SourceVersion) -> SparsePlace:
        with download_folder(self.folder) as own:
            file = SparseFile(own / self.requests.name, version)
        return SparsePlace(file, partial(_remove, file), self.make_room)

    def _make_file(self, place: SparsePlace) -> RangedFile:
        return RangedFile(place, self.requests, self.shown, self.rules.limits, self.meter)


def _remove(file: SparseFile) -> None:
    file.close()
    shutil.rmtree(file.path.parent, ignore_errors=True)


async def _receive(opened: RangedFile, answer: RangeAnswer) -> None:
    start, buffer = 0, memoryview(bytearray(_FIRST_BYTES))
    while count := await answer.body.read_into(buffer):
        await opened.writer.write(start, buffer[:count])
        start += count
