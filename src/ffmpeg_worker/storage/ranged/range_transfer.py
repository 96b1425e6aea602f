"""The transfer of one range into the sparse file, with retries."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import aclosing
from typing import Protocol

from ffmpeg_worker.retry import AttemptFailed, backoff
from ffmpeg_worker.storage.errors import source_incomplete
from ffmpeg_worker.storage.ranged.range_requests import RangeRequests
from ffmpeg_worker.storage.ranged.sparse_file import SparseFile
from ffmpeg_worker.storage.transfer import DownloadLimits, StallGuard

_FLUSH_BYTES = 1 << 20
_IDLE_S = 10.0
"""Seconds after which a request whose reader has stopped is ended; another one follows when it reads on."""
_PROGRESS_BYTES = 256 << 10
"""Bytes after which a server that breaks off gets the full number of retries again."""


class Owner(Protocol):
    """The job that a transfer belongs to."""

    requests: RangeRequests
    limits: DownloadLimits
    shown: str

    def note_request(self) -> None:
        """Count a request."""
        ...

    def note_latency(self, seconds: float) -> None:
        """Note the time from a request to its answer."""
        ...

    def note_rate(self, size: int, seconds: float) -> None:
        """Note how long the bytes of an answer took."""
        ...

    async def receive(self, start: int, block: bytes | bytearray) -> None:
        """Write bytes that have arrived."""
        ...


class RangeTransfer:
    """Brings the bytes from `position` to before `end`, which may be lowered meanwhile.

    It pauses at `allowed`, and so does the server when the buffers of the connection are full.
    """

    def __init__(self, owner: Owner, file: SparseFile, start: int, end: int, allowed: int) -> None:
        self.owner = owner
        self.position = start
        self.end = end
        self._allowed = allowed
        self._moved = asyncio.Event()
        self._file = file
        self._pending = bytearray()
        self._lock = asyncio.Lock()

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
            block, self._pending = self._pending, bytearray()
            if block:
                await self.owner.receive(self.position, block)
                self.position += len(block)

    async def _attempt(self) -> None:
        owner, start, end = self.owner, self.position, self.end
        guard = StallGuard(owner.limits.min_bytes_per_s, owner.limits.window_s)
        owner.note_request()
        began_at = time.monotonic()
        async with owner.requests.request(start, end, self._file.version) as answer:
            answered_at = time.monotonic()
            owner.note_latency(answered_at - began_at)
            try:
                async with aclosing(answer.blocks) as blocks:
                    async for block in blocks:
                        self._pending += block
                        guard.count(len(block))
                        await self._flush_if_due()
                        if self._arrived >= self.end < end:
                            break
                        if self._allowed <= self._arrived < self.end:
                            if not await self._pause():
                                break
                            guard = StallGuard(owner.limits.min_bytes_per_s, owner.limits.window_s)
                owner.note_rate(self._arrived - start, time.monotonic() - answered_at)
            finally:
                await self.flush()

    @property
    def _arrived(self) -> int:
        return self.position + len(self._pending)

    async def _flush_if_due(self) -> None:
        if len(self._pending) >= _FLUSH_BYTES or self._file.is_awaited(self.position, self._arrived):
            await self.flush()

    async def _pause(self) -> bool:
        """Wait until the reader has come closer; return whether it has before the request is to be ended."""
        await self.flush()
        try:
            async with asyncio.timeout(_IDLE_S):
                await self._wait_until_allowed()
        except TimeoutError:
            return False
        return self.position < self.end

    async def _wait_until_allowed(self) -> None:
        while self._allowed <= self._arrived < self.end:
            self._moved.clear()
            await self._moved.wait()

    def _pauses(self) -> Iterator[float]:
        return backoff(self.owner.limits.retries, self.owner.limits.backoff_s)
