"""Numbers of jobs and workers of a queue by state, for its operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from ffmpeg_worker.job_queue.job_record import JobStatus
from ffmpeg_worker.job_queue.job_store import RUNNING, count_jobs
from ffmpeg_worker.job_queue.tables import jobs, workers


@dataclass(frozen=True, slots=True)
class QueueHealth:
    """Jobs by state and workers of a queue.

    Attributes:
        jobs: number of jobs in every state.
        retries: times that callers have repeated jobs.
        workers: processes that run jobs.
        busy_workers: those of them that run one now, of whatever API key.
    """

    jobs: Mapping[JobStatus, int]
    retries: int
    workers: int
    busy_workers: int


def read_health(connection: sa.Connection, owner: str | None = None) -> QueueHealth:
    """Count the jobs of `owner`, of all where none is given, and all workers."""
    retries = sa.select(sa.func.coalesce(sa.func.sum(jobs.c.retries), 0)).where(jobs.c.parent_id.is_(None))
    if owner is not None:
        retries = retries.where(jobs.c.owner == owner)
    takes_jobs = sa.select(workers.c.executor).where(workers.c.slots > 0)
    busy = sa.select(sa.func.count(sa.distinct(jobs.c.executor))).where(
        jobs.c.status.in_(RUNNING), jobs.c.executor.in_(takes_jobs)
    )
    return QueueHealth(
        count_jobs(connection, owner),
        int(connection.execute(retries).scalar_one()),
        int(connection.execute(sa.select(sa.func.count()).select_from(takes_jobs.subquery())).scalar_one()),
        int(connection.execute(busy).scalar_one()),
    )
