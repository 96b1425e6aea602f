"""Stores the records of queued jobs; every change of a running job is refused to attempts that were replaced."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ffmpeg_worker.errors import IdempotencyConflict, JobNotFound, JobReplaced
from ffmpeg_worker.job_queue.delivery_store import SealedCallback, insert_end
from ffmpeg_worker.job_queue.job_record import FINAL, JobFilter, JobPage, JobRecord, JobStatus
from ffmpeg_worker.job_queue.metadata_filter import metadata_has
from ffmpeg_worker.job_queue.tables import jobs, logs, steps

# Bodies may have megabytes, and records do without.
_LEFT_OUT = frozenset({"body", "body_digest", "callback", "idempotency_key", "expires_at", "attempt_token"})
_COLUMNS = [column for column in jobs.c if column.name not in _LEFT_OUT]
_LISTED = [column if column.name != "result" else sa.null().label("result") for column in _COLUMNS]

OPEN = (JobStatus.QUEUED.value, JobStatus.RUNNING.value, JobStatus.CANCELLING.value)
RUNNING = (JobStatus.RUNNING.value, JobStatus.CANCELLING.value)
_RELEASED: dict[str, Any] = {
    "status": sa.case(
        (jobs.c.status == JobStatus.RUNNING.value, JobStatus.QUEUED.value), else_=JobStatus.CANCELLING.value
    ),
    "executor": None,
    "attempt_token": None,
    "revision": jobs.c.revision + 1,
}
"""Values of a job that its worker does not run any more; a cancelled one stays cancelled."""


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
    new = insert(jobs).values(values).on_conflict_do_nothing().returning(*_COLUMNS)
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


def insert_refused(connection: sa.Connection, job: NewJob, problem: Mapping[str, Any]) -> JobRecord:
    """Store a job that has failed before it could be queued."""
    record, is_new = insert_job(connection, job)
    return finish_job(connection, job.job_id, None, JobStatus.FAILED, error=problem) if is_new else record


def get_job(connection: sa.Connection, job_id: str, owner: str | None = None) -> JobRecord:
    """Return a job, of `owner` where one is given.

    Raises:
        JobNotFound: there is none.
    """
    query = sa.select(*_COLUMNS).where(jobs.c.job_id == job_id)
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


def list_jobs(connection: sa.Connection, wanted: JobFilter, *, before: int | None, limit: int) -> JobPage:
    """Return a page of jobs, newest first; `before` is the cursor of the page before, as a number."""
    conditions = _conditions(wanted, connection.dialect.name)
    query = sa.select(*_LISTED).where(*conditions).order_by(jobs.c.number.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(jobs.c.number < before)
    rows = connection.execute(query).all()
    more = len(rows) > limit
    return JobPage([to_record(row) for row in rows[:limit]], str(rows[limit - 1].number) if more else None)


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
    update = sa.update(jobs).where(jobs.c.number == row.number).values(values).returning(*_COLUMNS)
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
    began_at, now = sa.func.coalesce(jobs.c.started_at, jobs.c.created_at), time.time()
    values: dict[str, Any] = {
        "status": status.value,
        "ended_at": sa.case((began_at > now, began_at), else_=now),  # the clock may have been set back
        "executor": None,
        "attempt_token": None,
        "result": result,
        "error": sa.null() if error is None else dict(error),
        "outputs_place": outputs_place,
        "revision": jobs.c.revision + 1,
    }
    if progress is not None:
        values["progress"] = dict(progress)
    update = sa.update(jobs).where(jobs.c.job_id == job_id, *where).values(values)
    row = connection.execute(update.returning(*_COLUMNS)).one_or_none()
    if row is None:
        raise JobReplaced("The job was ended by another worker.")
    connection.execute(sa.delete(steps).where(steps.c.job_id == job_id))
    record = to_record(row)
    if record.has_callback:
        # In the same transaction: nobody is called back before the result can be read, and nobody is forgotten.
        insert_end(connection, record)
    return record


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


def _read_steps(connection: sa.Connection, job_id: str) -> dict[str, bytes]:
    query = sa.select(steps.c.name, steps.c.record).where(steps.c.job_id == job_id)
    return {row.name: row.record for row in connection.execute(query)}


def _has_expired(row: sa.Row[Any]) -> bool:
    return row.expires_at is not None and row.started_at is None and row.expires_at <= time.time()


def _is_current(token: str) -> list[sa.ColumnElement[bool]]:
    return [jobs.c.attempt_token == token, jobs.c.status.in_(RUNNING)]


def _conditions(wanted: JobFilter, dialect: str) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [jobs.c.parent_id.is_not_distinct_from(wanted.parent_id)]
    if wanted.owner is not None:
        found.append(jobs.c.owner == wanted.owner)
    if wanted.statuses:
        found.append(jobs.c.status.in_([status.value for status in wanted.statuses]))
    if wanted.action is not None:
        found.append(jobs.c.action == wanted.action)
    if wanted.created_from is not None:
        found.append(jobs.c.created_at >= wanted.created_from)
    if wanted.created_before is not None:
        found.append(jobs.c.created_at < wanted.created_before)
    found += [metadata_has(dialect, key, text) for key, text in wanted.metadata.items()]
    return found
