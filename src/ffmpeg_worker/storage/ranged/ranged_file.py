"""A remote source as a sparse local file, whose bytes are fetched before they are read."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from ffmpeg_worker.errors import SourceUnreachable, WorkerError
from ffmpeg_worker.storage.ranged.byte_ranges import ByteRanges
from ffmpeg_worker.storage.ranged.link_meter import LinkMeter
from ffmpeg_worker.storage.ranged.range_requests import RangeRequests
from ffmpeg_worker.storage.ranged.range_transfer import RangeTransfer
from ffmpeg_worker.storage.ranged.range_writer import RangeWriter
from ffmpeg_worker.storage.ranged.read_ahead import MIN_BLOCK_BYTES, ReadAhead, Wanted
from ffmpeg_worker.storage.ranged.sparse_file import SparsePlace
from ffmpeg_worker.storage.transfer import DownloadLimits, TransferMeter
from ffmpeg_worker.tasks import cancel_and_wait

_UNSTABLE = frozenset({"source_changed", "source_bad_answer"})
"""Codes of errors that the next attempt at the job may avoid by downloading the source whole."""
_KEPT_BYTES = 1 << 20
"""A request that has so much left goes on when its reader has ended."""


class RangedFile:
    """One source in one job.

    Readers ask for bytes before they read them from `path` or from a descriptor: bytes that have not arrived read
    as zeros. Other jobs may share the sparse file.
    """

    def __init__(
        self, place: SparsePlace, requests: RangeRequests, shown: str, limits: DownloadLimits, meter: TransferMeter
    ) -> None:
        """`shown` names the source in errors."""
        self.path: Path = place.file.path
        self.size = place.file.version.size
        self.name = requests.name
        self.requests = requests
        self.shown = shown
        self.limits = limits
        self.writer = RangeWriter(place, shown, limits, meter)
        self.request_count = 0
        self.connections = LinkMeter()
        self.problem: WorkerError | None = None
        """The first error that made a read fail."""
        self._place = place
        self._file = place.file
        self._read = ByteRanges()
        self._readers = 0
        self._tasks: dict[asyncio.Task[None], RangeTransfer] = {}
        self._is_closed = False

    def open_reader(self, read_limit: int | None = None) -> RangedReader:
        """A reader with its own read-ahead: one for each open descriptor of a process.

        `read_limit`: byte from which on it will probably read nothing; nothing is fetched ahead from there on.
        """
        self._readers += 1
        return RangedReader(self, ReadAhead(self.size, read_limit))

    def release_reader(self) -> None:
        """Note that a reader has ended; after the last one, end the long requests that nobody waits for.

        The server would fill the buffers of their connections. Short requests go on: another reader may follow, as
        FFmpeg follows a probe.
        """
        self._readers -= 1
        for task, transfer in self._tasks.items() if not self._readers else ():
            if transfer.end - transfer.arrived > _KEPT_BYTES and not self._file.is_wanted(transfer):
                task.cancel()

    def open_descriptor(self) -> int:
        """A new descriptor of the sparse file, which can only be read; the caller closes it."""
        return self._file.open_descriptor()

    @property
    def fetched_bytes(self) -> int:
        """Bytes that this job caused to be fetched."""
        return self.writer.count

    @property
    def reused_bytes(self) -> int:
        """Bytes that this job has read and that other jobs, or earlier ones, caused to be fetched."""
        return sum(stop - start for range_ in self._read for start, stop in self.writer.ranges.gaps(*range_))

    @property
    def is_closed(self) -> bool:
        """Whether `close` has been called."""
        return self._is_closed

    @property
    def is_fetching(self) -> bool:
        """Whether requests of this job run."""
        return bool(self._tasks)

    @property
    def is_busy(self) -> bool:
        """Whether so many requests of this job run that none is sent for bytes that nobody waits for."""
        return sum(not transfer.is_paused for transfer in self._tasks.values()) >= self.requests.max_parallel

    def has(self, start: int, end: int) -> bool:
        """Whether all bytes of a range have arrived."""
        return self._file.present.covers(start, end)

    def has_received(self, start: int, end: int) -> bool:
        """Whether all bytes of a range have arrived, although some may not be in the file yet."""
        return self._file.has_received(start, end)

    def note_read(self, start: int, end: int) -> None:
        """Count a range as read by this job."""
        self._read.add(start, end)

    async def fetch(self, start: int, end: int) -> None:
        """Return when all bytes of a range have arrived. Errors as for `RangedReader.fetch`."""
        try:
            with self._file.waiting(self, start, end) as waiter:
                await self._file.flush_pending(start, end)
                while not self._file.present.covers(start, end):
                    self.request(Wanted(start, end, end, end))
                    await waiter.wait()
        except WorkerError as error:
            self.problem = self.problem or error
            if error.code in _UNSTABLE:
                self._place.distrust()
            raise

    def request(self, wanted: Wanted) -> None:
        """Start transfers of what is missing of a range and not on its way, and let those on their way read on."""
        if self._is_closed:
            raise SourceUnreachable(f'The input "{self.shown}" was closed while it was read.')
        self._file.trim(wanted.start, wanted.goal)
        self._file.allow(wanted.start, wanted.goal)
        surely = wanted.start if wanted.piece else wanted.goal
        for gap, gap_end in self._file.unclaimed(wanted.start, wanted.extent):
            for start in range(gap, gap_end, wanted.piece or self.size):
                stop = min(start + (wanted.piece or self.size), gap_end)
                if start < surely or (start < wanted.horizon and not self.is_busy):
                    self._start_transfer(start, stop, max(wanted.goal, start + MIN_BLOCK_BYTES))

    async def close(self) -> None:
        """Stop all requests and drop the job's hold on the file; further calls do nothing."""
        if self._is_closed:
            return
        try:
            await self.stop()
        finally:
            self._place.release()
            await self.requests.close()

    async def stop(self) -> None:
        """Stop all transfers; reads that wait fail."""
        self._is_closed = True
        await cancel_and_wait(*self._tasks)
        self._file.wake(self)

    def note_request(self) -> None:
        """See `Owner.note_request`."""
        self.request_count += 1

    def _start_transfer(self, start: int, end: int, allowed: int) -> None:
        transfer = RangeTransfer(self, self._file, start, end, allowed)
        self._file.transfers.append(transfer)
        task = asyncio.ensure_future(transfer.run())
        self._tasks[task] = transfer
        task.add_done_callback(partial(self._end_transfer, transfer))

    def _end_transfer(self, transfer: RangeTransfer, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, WorkerError):
            error = SourceUnreachable(f'The input "{self.shown}" cannot be read.', detail=repr(error))
        self._file.end_transfer(transfer, error)


class RangedReader:
    """Reads of one open descriptor."""

    def __init__(self, file: RangedFile, ahead: ReadAhead) -> None:
        self._file = file
        self._ahead = ahead
        self._is_closed = False

    def has(self, start: int, length: int) -> bool:
        """Whether all bytes of a range are in the file, as far as the source reaches.

        It also tells the read-ahead where the reader is, so it is called before every read.
        """
        start, end = max(start, 0), min(start + length, self._file.size)
        if start >= end:
            return True
        self._advance(start, end)
        has_arrived = self._file.has(start, end)
        if has_arrived:
            self._file.note_read(start, end)
        return has_arrived

    async def fetch(self, start: int, length: int) -> None:
        """Return when all bytes of a range are in the file, as far as the source reaches.

        Raises:
            SourceError: a range cannot be fetched, or the source has changed; also kept in `RangedFile.problem`.
            AddressNotAllowed: a range redirects to an address that the worker may not call.
            DiskFull: the disk has no space for it.
        """
        start, end = max(start, 0), min(start + length, self._file.size)
        if start >= end:
            return
        self._advance(start, end)
        await self._file.fetch(start, end)
        self._file.note_read(start, end)

    def close(self) -> None:
        """End the reader's read-ahead; further calls do nothing."""
        if not self._is_closed:
            self._is_closed = True
            self._file.release_reader()

    def _advance(self, start: int, end: int) -> None:
        if self._is_closed or self._file.is_closed:
            return
        has_arrived = self._file.has_received(start, end)
        wanted = self._ahead.advance(start, end, self._file.connections.link, has_arrived=has_arrived)
        if wanted is not None:
            self._file.request(wanted)
