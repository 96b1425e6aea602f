"""Stores the records of queued jobs: new ones, their cancellation and repetition, and what is looked up."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ffmpeg_worker.errors import IdempotencyConflict, JobNotFound
from ffmpeg_worker.job_queue.delivery_store import SealedCallback
from ffmpeg_worker.job_queue.job_record import FINAL, JobRecord, JobStatus
from ffmpeg_worker.job_queue.tables import jobs, logs, steps

# Bodies may have megabytes, and records do without.
_LEFT_OUT = frozenset({"body", "body_digest", "callback", "idempotency_key", "expires_at", "attempt_token"})
COLUMNS = [column for column in jobs.c if column.name not in _LEFT_OUT]

OPEN = (JobStatus.QUEUED.value, JobStatus.RUNNING.value, JobStatus.CANCELLING.value)
RUNNING = (JobStatus.RUNNING.value, JobStatus.CANCELLING.value)


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to store; `body` is sealed, `body_digest` compares bodies of one idempotency key."""

    job_id: str
    owner: str
    action: str
    priority: int
    body: bytes
    body_digest: str
    idempotency_key: str | None = None
    callback: SealedCallback | None = None
    metadata: Mapping[str, Any] | None = None
    expires_at: float | None = None
    parent_id: str | None = None


def insert_job(connection: sa.Connection, job: NewJob) -> tuple[JobRecord, bool]:
    """Store a job, unless its owner has one with the same idempotency key; returns it, and whether it is new.

    Raises:
        IdempotencyConflict: the job with that key has another body.
    """
    values = {
        "job_id": job.job_id,
        "owner": job.owner,
        "action": job.action,
        "status": JobStatus.QUEUED.value,
        "priority": job.priority,
        "created_at": time.time(),
        "body": job.body,
        "body_digest": job.body_digest,
        "idempotency_key": job.idempotency_key,
        **({} if job.callback is None else job.callback.as_columns()),
        "metadata": sa.null() if job.metadata is None else dict(job.metadata),
        "expires_at": job.expires_at,
        "parent_id": job.parent_id,
    }
    # Without a target, any unique column: the id too, where a lost connection hid the first success.
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    # With PostgreSQL, the driver does not count the rows of an insert.
    new = insert(jobs).values(values).on_conflict_do_nothing().returning(*COLUMNS)
    row = connection.execute(new).one_or_none()
    if row is not None:
        return to_record(row), True
    if job.idempotency_key is None:
        return get_job(connection, job.job_id), False
    row = connection.execute(
        sa.select(jobs).where(jobs.c.owner == job.owner, jobs.c.idempotency_key == job.idempotency_key)
    ).one()
    if row.body_digest != job.body_digest:
        raise IdempotencyConflict(
            "Another job was sent with the same idempotency key.",
            hint="Use a new key for a new job, or send the same body again.",
            where={"field": "idempotency_key"},
        )
    return to_record(row), False


def get_job(connection: sa.Connection, job_id: str, owner: str | None = None) -> JobRecord:
    """Return a job, of `owner` where one is given.

    Raises:
        JobNotFound: there is none.
    """
    query = sa.select(*COLUMNS).where(jobs.c.job_id == job_id)
    if owner is not None:
        query = query.where(jobs.c.owner == owner)
    # PostgreSQL refuses texts with NUL.
    row = None if "\0" in job_id else connection.execute(query).one_or_none()
    if row is None:
        raise job_not_found()
    return to_record(row)


def get_body(connection: sa.Connection, job_id: str, owner: str | None = None) -> bytes:
    """Return the sealed body of a job, of `owner` where one is given.

    Raises:
        JobNotFound: there is none.
    """
    query = sa.select(jobs.c.body).where(jobs.c.job_id == get_job(connection, job_id, owner).job_id)
    return bytes(connection.execute(query).scalar_one())


def job_not_found() -> JobNotFound:
    """Return the error for a job that does not exist, or not for this caller."""
    return JobNotFound(
        "There is no such job.", hint="Check the id; records of ended jobs are removed after the retention time."
    )


def count_jobs(connection: sa.Connection, owner: str | None = None) -> dict[JobStatus, int]:
    """Count the jobs in every state; pieces of jobs are left out."""
    query = sa.select(jobs.c.status, sa.func.count()).where(jobs.c.parent_id.is_(None)).group_by(jobs.c.status)
    if owner is not None:
        query = query.where(jobs.c.owner == owner)
    found = {row[0]: row[1] for row in connection.execute(query)}
    return {status: found.get(status.value, 0) for status in JobStatus}


def count_waiting(connection: sa.Connection, owner: str | None = None, *, at_most: int) -> int:
    """Count the jobs that wait in the queue, pieces left out, up to `at_most`."""
    waiting = jobs.c.status == JobStatus.QUEUED.value, jobs.c.parent_id.is_(None)
    query = sa.select(sa.literal(1)).where(*waiting).limit(at_most)
    if owner is not None:
        query = query.where(jobs.c.owner == owner)
    return int(connection.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one())


def request_cancel(connection: sa.Connection, job_id: str, owner: str | None) -> JobRecord:
    """Let no worker begin a job, and let the one that runs it stop it.

    A job that waits is ended by `finish_job`, in a transaction of its own; until then it is `cancelling` too.
    """
    get_job(connection, job_id, owner)
    values = {"status": JobStatus.CANCELLING.value, "revision": jobs.c.revision + 1}
    stoppable = jobs.c.status.in_([JobStatus.QUEUED.value, JobStatus.RUNNING.value])
    connection.execute(sa.update(jobs).where(jobs.c.job_id == job_id, stoppable).values(values))
    return get_job(connection, job_id)


def restart_job(connection: sa.Connection, job_id: str, owner: str | None) -> JobRecord:
    """Return an ended job to the queue, as a new run of the same id; returns its record from before."""
    record = get_job(connection, job_id, owner)
    values: dict[str, Any] = {
        "status": JobStatus.QUEUED.value,
        "started_at": None,
        "ended_at": None,
        "expires_at": None,
        "attempts": 0,
        "history": [],
        "retries": jobs.c.retries + 1,
        "run": jobs.c.run + 1,
        "progress": sa.null(),
        "result": None,
        "error": sa.null(),
        "outputs_place": None,
        "outputs_removed": False,
        "revision": jobs.c.revision + 1,
    }
    final = [status.value for status in FINAL]
    where = jobs.c.job_id == job_id, jobs.c.status.in_(final)
    if connection.execute(sa.update(jobs).where(*where).values(values)).rowcount:
        connection.execute(sa.delete(steps).where(steps.c.job_id == job_id))
        connection.execute(sa.delete(logs).where(logs.c.job_id == job_id))
    return record


def find_queued(connection: sa.Connection, *, after: int = 0, limit: int) -> Sequence[Any]:
    """Return jobs that wait in the queue, or whose cancellation nobody carries out, with numbers above `after`.

    Returns:
        Rows with `number`, `job_id`, `run`, `status`, `priority` and `parent_id`, by number.
    """
    unowned = sa.and_(jobs.c.status == JobStatus.CANCELLING.value, jobs.c.executor.is_(None))
    columns = jobs.c.number, jobs.c.job_id, jobs.c.run, jobs.c.status, jobs.c.priority, jobs.c.parent_id
    query = sa.select(*columns).where(sa.or_(jobs.c.status == JobStatus.QUEUED.value, unowned))
    return connection.execute(query.where(jobs.c.number > after).order_by(jobs.c.number).limit(limit)).all()


def find_open_body(connection: sa.Connection) -> bytes | None:
    """Return the sealed body of some job that has not ended."""
    found: bytes | None = connection.execute(
        sa.select(jobs.c.body).where(jobs.c.status.in_(OPEN)).limit(1)
    ).scalar_one_or_none()
    return found


def start_new_run(connection: sa.Connection, job_id: str, ended_run: int) -> str | None:
    """Give a queued job a new entry in the engine's queue: `ended_run` has ended there without the job.

    Returns:
        The name of the run; `None` if the job has another one already, or waits no more.
    """
    where = jobs.c.job_id == job_id, jobs.c.status == JobStatus.QUEUED.value, jobs.c.run == ended_run
    changed = connection.execute(sa.update(jobs).where(*where).values(run=ended_run + 1)).rowcount
    return f"{job_id}.{ended_run + 1}" if changed else None


def find_revisions(connection: sa.Connection, job_ids: Iterable[str]) -> dict[str, int]:
    """Return the revisions of jobs, by id; unknown jobs are left out."""
    query = sa.select(jobs.c.job_id, jobs.c.revision).where(jobs.c.job_id.in_(list(job_ids)))
    return {row.job_id: row.revision for row in connection.execute(query)}


def to_record(row: sa.Row[Any]) -> JobRecord:
    """Make the record of a row of the table."""
    return JobRecord(
        job_id=row.job_id,
        owner=row.owner,
        action=row.action,
        status=JobStatus(row.status),
        revision=row.revision,
        priority=row.priority,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        attempts=row.attempts,
        retries=row.retries,
        progress=row.progress,
        error=row.error,
        metadata=row.metadata,
        outputs_place=row.outputs_place,
        outputs_removed=row.outputs_removed,
        parent_id=row.parent_id,
        run=row.run,
        executor=row.history[-1]["executor"] if row.history else None,
        has_callback=row.callback_receiver is not None,
        sealed_result=row.result,
    )
