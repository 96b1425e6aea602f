"""Chooses which progress of running jobs becomes a webhook, and stores it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ffmpeg_worker.job_queue.delivery_store import insert_progress
from ffmpeg_worker.job_queue.job_record import JobStatus
from ffmpeg_worker.job_queue.job_store import to_record
from ffmpeg_worker.job_queue.tables import jobs

EVERY_S = 5.0
EVERY_PERCENT = 10.0
_SHORTEST_S = 1.0
_MAX_KNOWN = 10_000


@dataclass(slots=True)
class _Told:
    """What was told last about a job."""

    at: float
    percent: float


class ProgressEvents:
    """Tells progress once in 5 seconds, or after 10 percent more, but not twice within a second."""

    def __init__(self, on_stored: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> None:
        """`on_stored` is called when webhooks were stored; `clock` counts seconds."""
        self._on_stored = on_stored
        self._clock = clock
        self._told: dict[str, _Told | None] = {}

    def choose(self, progress: Mapping[str, tuple[str, Mapping[str, Any]]]) -> dict[str, str]:
        """Return the jobs whose progress may be told now, with the tokens of their attempts."""
        now = self._clock()
        return {
            job_id: token
            for job_id, (token, new) in progress.items()
            if job_id not in self._told or _is_due(self._told[job_id], now, _percent(new))
        }

    def note(self, progress: Mapping[str, tuple[str, Mapping[str, Any]]], stored: Mapping[str, bool]) -> None:
        """Remember what `store_progress` has stored, and which jobs tell nothing."""
        now = self._clock()
        for job_id, tells in stored.items():
            self._told[job_id] = _Told(now, _percent(progress[job_id][1])) if tells else None
        while len(self._told) > _MAX_KNOWN:  # jobs that ended while their progress was written
            del self._told[next(iter(self._told))]
        if any(stored.values()):
            self._on_stored()

    def forget(self, job_id: str) -> None:
        """Forget a job whose attempt has ended."""
        self._told.pop(job_id, None)


def store_progress(connection: sa.Connection, tokens: Mapping[str, str]) -> dict[str, bool]:
    """Store webhooks about the progress of jobs; `tokens` are those of their attempts.

    The transaction has written the progress before, so it holds the locks of these records: no job ends meanwhile.

    Returns:
        Whether each job tells its progress; jobs that have ended, or that another attempt runs, are left out.
    """
    if not tokens:
        return {}
    query = sa.select(jobs).where(jobs.c.job_id.in_(tokens), jobs.c.status == JobStatus.RUNNING.value)
    rows = [row for row in connection.execute(query) if row.attempt_token == tokens[row.job_id]]
    for row in rows:
        if row.tells_progress:
            insert_progress(connection, to_record(row))
    return {row.job_id: bool(row.tells_progress) for row in rows}


def _is_due(told: _Told | None, now: float, percent: float) -> bool:
    if told is None:
        return False
    passed = now - told.at
    return passed >= EVERY_S or (passed >= _SHORTEST_S and percent - told.percent >= EVERY_PERCENT)


def _percent(progress: Mapping[str, Any]) -> float:
    value = progress.get("percent")
    return float(value) if isinstance(value, int | float) else 0.0
