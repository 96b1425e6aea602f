"""Stores what the commands of jobs said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ffmpeg_worker.job_queue.job_record import LogEntry
from ffmpeg_worker.job_queue.tables import logs


def append_log(connection: sa.Connection, entries: Sequence[dict[str, Any]]) -> None:
    """Add entries with `job_id`, `attempt`, `lane`, `command` and `text`."""
    if entries:
        connection.execute(sa.insert(logs), list(entries))


def read_log(connection: sa.Connection, job_id: str, *, after: int = 0, limit: int = 1000) -> list[LogEntry]:
    """Return the entries of a job with a number above `after`, oldest first."""
    query = (
        sa.select(logs).where(logs.c.job_id == job_id, logs.c.number > after).order_by(logs.c.number).limit(limit)
    )
    return [
        LogEntry(row.number, row.attempt, row.lane, row.command, row.text) for row in connection.execute(query)
    ]
