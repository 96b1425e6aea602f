"""Refuses jobs when too many wait, without counting all of them for each job."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import sqlalchemy as sa

from ffmpeg_worker.errors import QueueLimitReached
from ffmpeg_worker.job_queue.job_store import count_waiting

_TRUSTED_S = 1.0


@dataclass(slots=True)
class _Count:
    jobs: int
    counted_at: float


class QueueLimits:
    """Counts at most once a second, adds the jobs of this process, and counts again before it refuses one.

    So the jobs that other processes send within a second may exceed a limit; no job is refused below it.
    """

    def __init__(self, max_queued: int | None, max_queued_per_key: int | None) -> None:
        """`None`: no limit."""
        self._max_queued = max_queued
        self._max_queued_per_key = max_queued_per_key
        self._counts: dict[str | None, _Count] = {}
        self._lock = threading.Lock()

    def check(self, connection: sa.Connection, owner: str) -> None:
        """Check the limits for a job that this transaction has just inserted.

        Raises:
            QueueLimitReached: too many jobs wait.
        """
        self._check_one(connection, self._max_queued, None, "of all API keys")
        self._check_one(connection, self._max_queued_per_key, owner, "of this API key")

    def _check_one(self, connection: sa.Connection, limit: int | None, owner: str | None, whose: str) -> None:
        if limit is None:
            return
        with self._lock:
            known = self._counts.get(owner)
            if known is not None and time.monotonic() - known.counted_at < _TRUSTED_S and known.jobs < limit:
                known.jobs += 1
                return
        count = count_waiting(connection, owner, at_most=limit + 1)
        with self._lock:
            self._counts[owner] = _Count(min(count, limit), time.monotonic())
        if count > limit:
            raise QueueLimitReached(
                f"{limit} jobs {whose} wait in the queue; it takes no more.",
                hint="Send the job again when some of them have ended.",
            )
