"""Ends jobs that wait in the queue, many at once: purged ones, and those whose time to start is over."""

from __future__ import annotations

import time
from collections.abc import Sequence

import sqlalchemy as sa

from ffmpeg_worker.errors import JobCancelled, JobExpired, WorkerError
from ffmpeg_worker.job_queue.delivery_store import insert_end
from ffmpeg_worker.job_queue.job_record import JobRecord, JobStatus
from ffmpeg_worker.job_queue.job_store import to_record
from ffmpeg_worker.job_queue.tables import jobs, steps

BATCH = 500
"""Jobs that one transaction ends."""


def find_last_number(connection: sa.Connection) -> int:
    """Return the number of the job that was sent last; unlike its time, it does not depend on the clock."""
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(jobs.c.number), 0))).scalar_one())


def purge_waiting(connection: sa.Connection, owner: str | None, up_to: int) -> list[JobRecord]:
    """Cancel up to `BATCH` waiting jobs with numbers up to `up_to`, of `owner` where one is given.

    Pieces of jobs end with their job.
    """
    where = [jobs.c.parent_id.is_(None), jobs.c.number <= up_to]
    if owner is not None:
        where.append(jobs.c.owner == owner)
    error = JobCancelled("The job was cancelled: the queue was purged.")
    return _end_waiting(connection, where, JobStatus.CANCELLED, error)


def expire_waiting(connection: sa.Connection, job_id: str | None = None) -> list[JobRecord]:
    """End up to `BATCH` jobs that were not started in time, or only the one of that id if it is one of them."""
    where = [jobs.c.expires_at <= time.time(), jobs.c.started_at.is_(None)]
    if job_id is not None:
        where.append(jobs.c.job_id == job_id)
    error = JobExpired(
        "The job was not started within the time that its sender allowed.",
        hint="Allow more time, or send it when fewer jobs wait.",
    )
    return _end_waiting(connection, where, JobStatus.FAILED, error)


def _end_waiting(
    connection: sa.Connection, where: Sequence[sa.ColumnElement[bool]], status: JobStatus, error: WorkerError
) -> list[JobRecord]:
    query = sa.select(jobs.c.job_id).where(jobs.c.status == JobStatus.QUEUED.value, *where)
    found = connection.execute(query.order_by(jobs.c.number).limit(BATCH).with_for_update()).all()
    if not found:
        return []
    ids = [row.job_id for row in found]
    statement = (
        sa.update(jobs)
        .where(jobs.c.job_id == sa.bindparam("id"), jobs.c.status == JobStatus.QUEUED.value)
        .values(
            status=status.value,
            ended_at=time.time(),
            error=sa.bindparam("problem", type_=sa.JSON),
            revision=jobs.c.revision + 1,
        )
    )
    connection.execute(statement, [{"id": job_id, "problem": error.as_problem(job_id)} for job_id in ids])
    connection.execute(sa.delete(steps).where(steps.c.job_id.in_(ids)))
    ended = [to_record(row) for row in connection.execute(sa.select(jobs).where(jobs.c.job_id.in_(ids)))]
    for record in ended:
        if record.has_callback:
            insert_end(connection, record)
    return ended
