"""Numbers about the queue for `/health` and `/metrics`, read at most every few seconds."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job_queue.queue_access import QueueAccess
from ffmpeg_worker.logs import log

if TYPE_CHECKING:
    from ffmpeg_worker.job_queue.queue_stats import QueueStats  # loads the database library

FRESH_S = 5.0
_PATIENCE_S = 1.0


class QueueReport:
    """The newest numbers about the queue of a worker, which it does not open for that."""

    def __init__(self, access: QueueAccess) -> None:
        self._access = access
        self._stats: QueueStats | None = None
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    @property
    def stats(self) -> QueueStats | None:
        """What was read last; `None` while the queue is not open, or its database does not answer."""
        return self._stats

    @property
    def running_here(self) -> int:
        """Jobs that this process runs."""
        queue = self._access.opened
        return 0 if queue is None else queue.attempts.count

    async def refresh(self) -> None:
        """Read the numbers again if they are old; waits a moment at most, as callers poll."""
        if self._access.opened is None or time.monotonic() - self._read_at < FRESH_S:
            return
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        done, _ = await asyncio.wait({self._reading}, timeout=_PATIENCE_S)
        if not done:
            self._stats = None

    async def _read(self) -> None:
        queue = self._access.opened
        if queue is None:
            return
        try:
            self._stats = await queue.read_stats()
        except WorkerError as error:
            self._stats = None
            log(logging.WARNING, "numbers of the queue could not be read", detail=error.detail)
        self._read_at = time.monotonic()

    def describe(self) -> dict[str, Any]:
        """Return `QueueSummary` of the health report."""
        if not self._access.is_on:
            return {"state": "off"}
        if self._access.opened is None:
            return {"state": "unused"}
        if self._stats is None:
            return {"state": "unavailable"}
        return {
            "state": "on",
            "database": self._stats.database,
            "jobs": {status.value: count for status, count in self._stats.by_status.items()},
            "oldest_waiting_seconds": round(self._stats.oldest_waiting_s, 1),
            "running_here": self.running_here,
            "workers": self._stats.workers,
            "slots": self._stats.slots,
        }
