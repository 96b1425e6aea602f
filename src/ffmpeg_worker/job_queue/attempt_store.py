"""Stores the attempts at queued jobs: their begin, progress and end; attempts that were replaced are refused."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ffmpeg_worker.errors import JobReplaced
from ffmpeg_worker.job_queue.delivery_store import insert_end
from ffmpeg_worker.job_queue.job_record import JobRecord, JobStatus
from ffmpeg_worker.job_queue.job_store import COLUMNS, OPEN, RUNNING, NewJob, insert_job, to_record
from ffmpeg_worker.job_queue.tables import jobs, steps

_UNOWNED: dict[str, Any] = {"executor": None, "attempt_token": None, "revision": jobs.c.revision + 1}
_RELEASED: dict[str, Any] = {
    **_UNOWNED,
    "status": sa.case(
        (jobs.c.status == JobStatus.RUNNING.value, JobStatus.QUEUED.value), else_=JobStatus.CANCELLING.value
    ),
}
"""Values of a job that its worker does not run any more; a cancelled one stays cancelled."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A job that an attempt has begun to run.

    `history` has what is known of this attempt and those before; `steps` has their sealed records by name.
    """

    record: JobRecord
    token: str
    body: bytes
    history: Sequence[Mapping[str, Any]]
    steps: Mapping[str, bytes]


def insert_refused(connection: sa.Connection, job: NewJob, problem: Mapping[str, Any]) -> JobRecord:
    """Store a job that has failed before it could be queued."""
    record, is_new = insert_job(connection, job)
    return finish_job(connection, job.job_id, None, JobStatus.FAILED, error=problem) if is_new else record


def begin_attempt(connection: sa.Connection, job_id: str, executor: str, token: str) -> Attempt | None:
    """Begin an attempt of a job, and refuse further writes of the attempts before; `None` if it may not run.

    A job may not run if it is cancelled, or was not started in time. The one with the newest token wins, so of two
    workers that begin the same job only one finishes it. Beginning again with the same token, after a lost
    connection, is the same attempt.
    """
    query = sa.select(jobs).where(jobs.c.job_id == job_id, jobs.c.status.in_(OPEN))
    row = connection.execute(query.with_for_update()).one_or_none()
    if row is None or row.status == JobStatus.CANCELLING.value or _has_expired(row):
        return None
    if row.attempt_token == token:
        return Attempt(to_record(row), token, row.body, row.history, _read_steps(connection, job_id))
    history = [*row.history]
    if history:
        history[-1] = {**history[-1], "progress": row.progress}
    now = max(time.time(), row.created_at)  # the clock may have been set back
    history.append({"executor": executor, "began_at": now})
    values = {
        "status": JobStatus.RUNNING.value,
        "executor": executor,
        "attempt_token": token,
        "attempts": row.attempts + 1,
        "started_at": row.started_at or now,
        "history": history,
        "revision": row.revision + 1,
    }
    update = sa.update(jobs).where(jobs.c.number == row.number).values(values).returning(*COLUMNS)
    record = to_record(connection.execute(update).one())
    records = _read_steps(connection, job_id) if row.started_at is not None else {}
    return Attempt(record, token, row.body, history, records)


def check_attempt(connection: sa.Connection, job_id: str, token: str) -> None:
    """Check that an attempt may still write.

    Raises:
        JobReplaced: another attempt has taken its place, or the job has ended.
    """
    query = sa.select(jobs.c.number).where(jobs.c.job_id == job_id, *_is_current(token))
    if connection.execute(query).one_or_none() is None:
        raise JobReplaced("Another worker runs this job now.")


def finish_job(
    connection: sa.Connection,
    job_id: str,
    token: str | None,
    status: JobStatus,
    *,
    result: bytes | None = None,
    error: Mapping[str, Any] | None = None,
    outputs_place: str | None = None,
    progress: Mapping[str, Any] | None = None,
) -> JobRecord:
    """End a job; `token` is that of its attempt, `None` for one that no attempt runs; `result` is sealed.

    Raises:
        JobReplaced: another attempt runs it, or it has ended already.
    """
    unowned = [jobs.c.status.in_(OPEN), jobs.c.executor.is_(None)]
    where = unowned if token is None else _is_current(token)
    values = {
        **_end_values(status),
        "result": result,
        "error": sa.null() if error is None else dict(error),
        "outputs_place": outputs_place,
    }
    if progress is not None:
        values["progress"] = dict(progress)
    update = sa.update(jobs).where(jobs.c.job_id == job_id, *where).values(values)
    row = connection.execute(update.returning(*COLUMNS)).one_or_none()
    if row is None:
        raise JobReplaced("The job was ended by another worker.")
    connection.execute(sa.delete(steps).where(steps.c.job_id == job_id))
    record = to_record(row)
    if record.has_callback:
        # In the same transaction: nobody is called back before the result can be read, and nobody is forgotten.
        insert_end(connection, record)
    return record


def _end_values(status: JobStatus) -> dict[str, Any]:
    """Return the columns of a job that no attempt runs any more."""
    began_at, now = sa.func.coalesce(jobs.c.started_at, jobs.c.created_at), time.time()
    ended_at = sa.case((began_at > now, began_at), else_=now)  # the clock may have been set back
    return {**_UNOWNED, "status": status.value, "ended_at": ended_at}


def give_back(connection: sa.Connection, job_id: str, token: str) -> None:
    """Return a job to the queue; the attempt that ends so is not counted. One that is cancelled stays so."""
    where = jobs.c.job_id == job_id, *_is_current(token)
    row = connection.execute(sa.select(jobs.c.history).where(*where).with_for_update()).one_or_none()
    if row is not None:
        values = {**_RELEASED, "attempts": jobs.c.attempts - 1, "history": row.history[:-1]}
        connection.execute(sa.update(jobs).where(*where).values(values))


def take_from_dead(connection: sa.Connection, executors: Iterable[str]) -> list[str]:
    """Return the jobs of dead workers to the queue; their attempts stay counted. Returns the ids of the jobs."""
    where = jobs.c.executor.in_(list(executors)), jobs.c.status.in_(RUNNING)
    statement = sa.update(jobs).where(*where).values(_RELEASED).returning(jobs.c.job_id)
    return list(connection.execute(statement).scalars())


def write_progress(connection: sa.Connection, changes: Mapping[str, tuple[str, Mapping[str, Any]]]) -> None:
    """Write the newest progress of running jobs: by job id, the token of the attempt and the progress."""
    statement = (
        sa.update(jobs)
        # A job that has ended has no token.
        .where(jobs.c.job_id == sa.bindparam("id"), jobs.c.attempt_token == sa.bindparam("token"))
        .values(progress=sa.bindparam("new_progress", type_=sa.JSON), revision=jobs.c.revision + 1)
    )
    rows = [{"id": job_id, "token": token, "new_progress": dict(new)} for job_id, (token, new) in changes.items()]
    if rows:
        connection.execute(statement, rows)


def find_running(connection: sa.Connection, executor: str) -> dict[str, JobStatus]:
    """Return the states of the jobs that a worker runs or must stop, by id."""
    query = sa.select(jobs.c.job_id, jobs.c.status).where(jobs.c.executor == executor, jobs.c.status.in_(RUNNING))
    return {row.job_id: JobStatus(row.status) for row in connection.execute(query)}


def _read_steps(connection: sa.Connection, job_id: str) -> dict[str, bytes]:
    query = sa.select(steps.c.name, steps.c.record).where(steps.c.job_id == job_id)
    return {row.name: row.record for row in connection.execute(query)}


def _has_expired(row: sa.Row[Any]) -> bool:
    return row.expires_at is not None and row.started_at is None and row.expires_at <= time.time()


def _is_current(token: str) -> list[sa.ColumnElement[bool]]:
    return [jobs.c.attempt_token == token, jobs.c.status.in_(RUNNING)]
