"""A sparse file of a source's full length, which of its bytes have arrived, and who waits for others."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Protocol

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.file_space import freeing_later
from ffmpeg_worker.storage.ranged.byte_ranges import ByteRanges
from ffmpeg_worker.storage.ranged.range_requests import SourceVersion
from ffmpeg_worker.storage.transfer import receive_block, write_block

_NEAR_BYTES = 1 << 20
"""A reader waits for a transfer that is no farther behind; else it gets one of its own."""


class Transfer(Protocol):
    """A request that brings the bytes from `position` to before `end`."""

    position: int
    end: int

    @property
    def owner(self) -> object:
        """The job that it belongs to."""
        ...

    @property
    def arrived(self) -> int:
        """Byte behind the last one that has arrived, which may not be in the file yet."""
        ...

    def has_pending(self, start: int, end: int) -> bool:
        """Whether bytes of a range have arrived that are not in the file yet."""
        ...

    async def flush(self) -> None:
        """Write what has arrived."""
        ...

    def allow(self, goal: int) -> None:
        """Bring the bytes before `goal`, as far as they belong to it; it pauses there."""
        ...

    def trim(self, end: int) -> None:
        """End before `end`."""
        ...


@dataclass(slots=True, eq=False)
class Waiter:
    """A reader of a job that waits for a range."""

    owner: object
    start: int
    end: int
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    error: WorkerError | None = None

    async def wait(self) -> None:
        """Wait until the range has arrived, or a transfer for it has ended without it.

        Raises:
            WorkerError: the transfer failed.
        """
        await self.woken.wait()
        self.woken.clear()
        if self.error is not None:
            raise self.error.copy()


class SparseFile:
    """The fetched bytes of one version of a source, in a sparse file; several jobs may use it."""

    def __init__(self, path: Path, version: SourceVersion) -> None:
        """Make the file, which must not exist.

        Only the worker may open it: whoever reads bytes that have not arrived gets zeros.

        Raises:
            OSError: the disk has no files of that length.
        """
        self.path = path
        self.version = version
        self.present = ByteRanges()
        self.transfers: list[Transfer] = []
        self._waiters: set[Waiter] = set()
        self._file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "r+b")
        try:
            os.ftruncate(self._file.fileno(), version.size)
        except OSError:
            self.close()
            raise

    async def write(self, block: bytes | bytearray | memoryview, start: int, min_free_bytes: int) -> None:
        """Write bytes that have arrived.

        Raises:
            DiskFull: the disk has no space for them.
        """
        await write_block(self._file, block, start, min_free_bytes=min_free_bytes)
        self.mark(start, start + len(block))

    async def write_from(
        self, connection: int, start: int, count: int, memory: memoryview, min_free_bytes: int
    ) -> int:
        """Write up to `count` bytes that arrive at a socket, and do not mark them; see `receive_block`."""
        return await receive_block(self._file, connection, start, count, memory, min_free_bytes=min_free_bytes)

    def mark(self, start: int, end: int) -> None:
        """Note that a range is in the file, and wake those that wait for it."""
        self.present.add(start, end)
        for waiter in self._waiters:
            if self.present.covers(waiter.start, waiter.end):
                waiter.woken.set()

    @contextmanager
    def waiting(self, owner: object, start: int, end: int) -> Iterator[Waiter]:
        """Register a reader that waits for a range."""
        waiter = Waiter(owner, start, end)
        self._waiters.add(waiter)
        try:
            yield waiter
        finally:
            self._waiters.discard(waiter)

    def is_awaited(self, start: int, end: int) -> bool:
        """Whether a reader waits for bytes of a range, and for none behind it."""
        return any(start < waiter.end <= end for waiter in self._waiters)

    def is_wanted(self, transfer: Transfer) -> bool:
        """Whether a reader waits for bytes that a transfer brings."""
        return any(waiter.start < transfer.end and transfer.position < waiter.end for waiter in self._waiters)

    def has_received(self, start: int, end: int) -> bool:
        """Whether all bytes of a range have arrived, although some may not be in the file yet."""
        reached = self.present.end_of_run(start)
        for transfer in self.transfers:
            if transfer.position <= reached < transfer.arrived:
                reached = transfer.arrived
        return reached >= end

    def unclaimed(self, start: int, end: int) -> list[tuple[int, int]]:
        """The parts of a range that have not arrived and that no transfer brings."""
        covered = ByteRanges()
        for transfer in self.transfers:
            covered.add(max(transfer.position, start), min(transfer.end, end))
        return [part for gap in self.present.gaps(start, end) for part in covered.gaps(*gap)]

    def allow(self, start: int, goal: int) -> None:
        """Let the transfers that bring parts of a range read on."""
        for transfer in self.transfers:
            if transfer.position < goal and start < transfer.end:
                transfer.allow(goal)

    def trim(self, start: int, end: int) -> None:
        """End transfers that are far behind the first byte that is missing of a range before it."""
        start = self.present.end_of_run(start)
        if start < end:
            for transfer in self.transfers:
                if transfer.position + _NEAR_BYTES < start < transfer.end:
                    transfer.trim(start)

    async def flush_pending(self, start: int, end: int) -> None:
        """Write what has arrived of a range and waits to be written."""
        for transfer in list(self.transfers):
            if transfer.has_pending(start, end):
                await transfer.flush()

    def end_transfer(self, transfer: Transfer, error: WorkerError | None) -> None:
        """Remove a transfer, and wake those that wait for what it has not brought.

        An error concerns readers of the same job only: others ask with their own credentials.
        """
        self.transfers.remove(transfer)
        for waiter in self._waiters:
            if waiter.start < transfer.end and transfer.position < waiter.end:
                if waiter.owner is transfer.owner and error is not None:
                    waiter.error = error
                waiter.woken.set()

    def wake(self, owner: object) -> None:
        """Wake all readers of a job."""
        for waiter in self._waiters:
            if waiter.owner is owner:
                waiter.woken.set()

    def open_descriptor(self) -> int:
        """A new descriptor of the file, which can only be read; also if the file has no name any more."""
        return os.open(f"/proc/self/fd/{self._file.fileno()}", os.O_RDONLY | os.O_CLOEXEC)

    @property
    def allocated_bytes(self) -> int:
        """Bytes that the file takes on the disk."""
        return 0 if self._file.closed else os.fstat(self._file.fileno()).st_blocks * 512

    def complete(self) -> None:
        """Close the file, all of whose bytes have arrived, and let jobs read it by its name."""
        os.fchmod(self._file.fileno(), 0o644)
        self._file.close()

    def close(self) -> None:
        """Close and remove the file; descriptors that others opened stay."""
        if not self._file.closed:
            with freeing_later(self.path):
                self._file.close()
                self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class SparsePlace:
    """A sparse file, and what its user calls: to give it back, to get more disk space, to report a change."""

    file: SparseFile
    release: Callable[[], None]
    make_room: Callable[[], Awaitable[bool]]
    distrust: Callable[[], None] = lambda: None
