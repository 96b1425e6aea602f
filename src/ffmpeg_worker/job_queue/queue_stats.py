"""Numbers about the queue for the operator."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from ffmpeg_worker.job_queue.job_record import JobStatus
from ffmpeg_worker.job_queue.tables import jobs, workers


@dataclass(frozen=True, slots=True)
class QueueStats:
    """The queue at one moment, over all processes that share its database.

    Attributes:
        database: `sqlite` or `postgresql`.
        by_status: jobs in every state, pieces of jobs included.
        oldest_waiting_s: seconds since the oldest waiting job was sent; 0 where none waits.
        workers: processes that are alive and run jobs.
        slots: jobs that all of them run at once.
    """

    database: str
    by_status: Mapping[JobStatus, int]
    oldest_waiting_s: float
    workers: int
    slots: int


def read_stats(connection: sa.Connection) -> QueueStats:
    """Read the numbers; an index answers the count, so that it does not read the records."""
    counts = connection.execute(sa.select(jobs.c.status, sa.func.count()).group_by(jobs.c.status))
    found = {row[0]: row[1] for row in counts}
    oldest = connection.execute(
        sa.select(jobs.c.created_at)
        .where(jobs.c.status == JobStatus.QUEUED.value)
        .order_by(jobs.c.number)
        .limit(1)
    ).scalar_one_or_none()
    alive = connection.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(workers.c.slots), 0)).where(
            workers.c.beat >= 0, workers.c.slots > 0
        )
    ).one()
    return QueueStats(
        database=connection.dialect.name,
        by_status={status: found.get(status.value, 0) for status in JobStatus},
        oldest_waiting_s=0.0 if oldest is None else max(time.time() - oldest, 0.0),
        workers=alive[0],
        slots=int(alive[1]),
    )
