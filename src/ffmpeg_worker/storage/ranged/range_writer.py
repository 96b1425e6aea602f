"""Writes the bytes that arrive for one job into the sparse file, within the limits of the job."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from ffmpeg_worker.errors import DiskFull
from ffmpeg_worker.storage.errors import source_too_large
from ffmpeg_worker.storage.ranged.byte_ranges import ByteRanges
from ffmpeg_worker.storage.ranged.sparse_file import SparsePlace
from ffmpeg_worker.storage.transfer import DownloadLimits, TransferMeter

_T = TypeVar("_T")


class RangeWriter:
    """Writes, and counts what the job caused to be fetched.

    Attributes:
        limits: of the job.
        count: bytes that were written.
        ranges: where they are.
    """

    def __init__(self, place: SparsePlace, shown: str, limits: DownloadLimits, meter: TransferMeter) -> None:
        """`shown` names the source in errors."""
        self.limits = limits
        self.count = 0
        self.ranges = ByteRanges()
        self._place = place
        self._file = place.file
        self._shown = shown
        self._meter = meter
        self._arriving = 0

    async def write(self, start: int, block: memoryview) -> None:
        """Write a block that has arrived.

        Raises:
            SourceTooLarge: the job has fetched more than it may.
            DiskFull: the disk has no space for it.
        """
        if self.count + len(block) > self.limits.max_bytes:
            raise source_too_large(self._shown, self.limits.max_bytes)
        await self._with_room(lambda: self._file.write(block, start, self.limits.min_free_bytes))
        self._note(start, len(block))

    async def write_from(self, connection: int, start: int, count: int, memory: memoryview) -> int:
        """Write up to `count` bytes that arrive at a socket; see `receive_block`.

        Returns:
            How many; 0 also if the limit of the job is so close that each block must be checked.

        Raises:
            DiskFull, AttemptFailed: the disk has no space for them.
        """
        if self.count + self._arriving + count > self.limits.max_bytes:
            return 0
        self._arriving += count
        free = self.limits.min_free_bytes
        try:
            received = await self._with_room(lambda: self._file.write_from(connection, start, count, memory, free))
        finally:
            self._arriving -= count
        self._note(start, received)  # before anybody reads them: this job may not go on
        self._file.mark(start, start + received)
        return received

    async def _with_room(self, write: Callable[[], Awaitable[_T]]) -> _T:
        """Await a write, once more if there was no space and some could be made."""
        try:
            return await write()
        except DiskFull:
            if not await self._place.make_room():
                raise
            return await write()

    def _note(self, start: int, count: int) -> None:
        self.count += count
        self.ranges.add(start, start + count)
        self._meter.add(count)
