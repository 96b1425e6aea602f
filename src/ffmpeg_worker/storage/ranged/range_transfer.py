"""The transfer of one range into the sparse file, with retries."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Protocol

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.retry import AttemptFailed, backoff
from ffmpeg_worker.storage.errors import source_incomplete
from ffmpeg_worker.storage.ranged.arrival_buffer import ArrivalBuffer
from ffmpeg_worker.storage.ranged.link_meter import LinkMeter
from ffmpeg_worker.storage.ranged.range_requests import RangeBody, RangeRequests
from ffmpeg_worker.storage.ranged.range_writer import RangeWriter
from ffmpeg_worker.storage.ranged.sparse_file import SparseFile
from ffmpeg_worker.storage.socket_copy import count_ready
from ffmpeg_worker.storage.transfer import DownloadLimits, StallGuard
from ffmpeg_worker.tasks import cancel_and_wait

_BUFFER_BYTES = 1 << 20
_FLOWING_BYTES = 256 << 10
"""So many bytes that have arrived are copied to the file by a thread, together with those that follow at once."""
_TURN_BYTES = 4 << 20
_COPIED_BYTES = 256 << 10
"""Bytes of one read of that thread: they stay in the cache of the processor until they are written."""
_BATCH_S = 0.005
"""A reader waits so long for the bytes behind those that it reads: small writes are dear."""
_STRETCH_BYTES = 4 << 20
"""Bytes after which the rate of a request is noted, and measured anew."""
_IDLE_S = 10.0
"""Seconds after which a request whose reader has stopped is ended; another one follows when it reads on."""
_PROGRESS_BYTES = 256 << 10
"""Bytes after which a server that breaks off gets the full number of retries again."""


class Owner(Protocol):
    """The job that a transfer belongs to."""

    requests: RangeRequests
    limits: DownloadLimits
    shown: str
    connections: LinkMeter
    writer: RangeWriter

    def note_request(self) -> None:
        """Count a request."""
        ...


class RangeTransfer:
    """Brings the bytes from `position` to before `end`, which may be lowered meanwhile.

    It pauses at `allowed`, and so does the server when the buffers of the connection are full.
    """

    def __init__(self, owner: Owner, file: SparseFile, start: int, end: int, allowed: int) -> None:
        self.owner = owner
        self.position = start
        self.end = end
        self.is_paused = False
        self._allowed = allowed
        self._moved = asyncio.Event()
        self._file = file
        self._pending = ArrivalBuffer(_BUFFER_BYTES)
        self._lock = asyncio.Lock()
        self._later: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Transfer; each retry goes on where the last request broke off. Errors as for `RangeRequests.request`."""
        pauses_s = self._pauses()
        while self.position < self.end:
            await self._wait_until_allowed()
            before = self.position
            try:
                await self._attempt()
                continue
            except TimeoutError:  # too slow
                failed = AttemptFailed(source_incomplete(self.owner.shown, self.position, None))
            except AttemptFailed as broken:
                failed = broken
                if self.position - before >= _PROGRESS_BYTES:
                    pauses_s = self._pauses()
            pause_s = next(pauses_s, None)
            if pause_s is None:
                raise failed.error
            await asyncio.sleep(failed.wait_s or pause_s)

    def allow(self, goal: int) -> None:
        """See `Transfer.allow`."""
        if goal > self._allowed:
            self._allowed = goal
            self._moved.set()

    def trim(self, end: int) -> None:
        """See `Transfer.trim`."""
        self.end = end
        self._moved.set()

    def has_pending(self, start: int, end: int) -> bool:
        """See `Transfer.has_pending`."""
        return self.position < end and start < self.position + len(self._pending)

    async def flush(self) -> None:
        """See `Transfer.flush`."""
        async with self._lock:
            block = self._pending.waiting
            if block:
                await self.owner.writer.write(self.position, block)
                self._pending.drop(len(block))
                self.position += len(block)

    async def _attempt(self) -> None:
        owner, start, end = self.owner, self.position, self.end
        guard = StallGuard(owner.limits.min_bytes_per_s, owner.limits.window_s)
        owner.note_request()
        began_at = time.monotonic()
        async with owner.requests.request(start, end, self._file.version) as answer:
            owner.connections.note_latency(time.monotonic() - began_at)
            try:
                await self._receive(answer.body, guard)
            finally:
                if self._later is not None:
                    await cancel_and_wait(self._later)
                    self._later = None
                await self.flush()

    async def _receive(self, body: RangeBody, guard: StallGuard) -> None:
        connections, end = self.owner.connections, self.end
        first, stretch = self.arrived, connections.begin()
        try:
            while count := await self._receive_some(body):
                guard.count(count)
                if self.arrived >= self.end < end:
                    return
                is_ahead = self._allowed <= self.arrived < self.end
                if not is_ahead and self.arrived - first < _STRETCH_BYTES:
                    continue
                connections.end(stretch, self.arrived - first)
                goes_on = not is_ahead or await self._pause()
                first, stretch = self.arrived, connections.begin(is_after_pause=is_ahead)
                if is_ahead:
                    guard.restart()
                if not goes_on:
                    return
        finally:
            connections.end(stretch, self.arrived - first)

    async def _receive_some(self, body: RangeBody) -> int:
        """Wait for bytes; return how many have arrived, 0 at the end."""
        count = await self._copy_flowing(body)
        if not count and (count := await body.read_into(self._pending.make_space())):
            self._pending.add(count)
            await self._flush_if_due()
        return count

    async def _copy_flowing(self, body: RangeBody) -> int:
        """Let a thread copy bytes from the connection to the file, if they arrive fast; return how many."""
        connection = body.connection
        wanted = min(self.end, self._allowed, self.arrived + _TURN_BYTES) - self.arrived
        if connection is None or wanted < _FLOWING_BYTES or count_ready(connection) < _FLOWING_BYTES:
            return 0
        await self.flush()
        async with self._lock:
            memory = self._pending.make_space()[:_COPIED_BYTES]
            count = await self.owner.writer.write_from(connection, self.position, wanted, memory)
            self.position += count
        body.note_received(count)
        return count

    @property
    def arrived(self) -> int:
        """See `Transfer.arrived`."""
        return self.position + len(self._pending)

    async def _flush_if_due(self) -> None:
        size = len(self._pending)
        if not self._pending.make_space():
            await self.flush()
        elif self._file.is_awaited(self.position, self.arrived):
            if size >= self.owner.connections.link.rate * _BATCH_S:
                await self.flush()
            elif self._later is None:
                self._later = asyncio.get_running_loop().create_task(self._flush_later())

    async def _flush_later(self) -> None:
        """Write what a reader waits for, even if nothing more arrives."""
        await asyncio.sleep(_BATCH_S)
        self._later = None
        with suppress(WorkerError):  # writing the next block fails, too
            await self.flush()

    async def _pause(self) -> bool:
        """Wait until the reader has come closer; return whether it has before the request is to be ended."""
        await self.flush()
        self.is_paused = True
        try:
            async with asyncio.timeout(_IDLE_S):
                await self._wait_until_allowed()
        except TimeoutError:
            return False
        finally:
            self.is_paused = False
        return self.position < self.end

    async def _wait_until_allowed(self) -> None:
        while self._allowed <= self.arrived < self.end:
            self._moved.clear()
            await self._moved.wait()

    def _pauses(self) -> Iterator[float]:
        return backoff(self.owner.limits.retries, self.owner.limits.backoff_s)
