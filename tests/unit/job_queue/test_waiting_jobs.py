"""Waiting jobs are ended many at once: by a purge, and when their time to start is over."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from ffmpeg_worker.job_queue.attempt_store import begin_attempt, give_back, insert_refused
from ffmpeg_worker.job_queue.delivery_store import SealedCallback
from ffmpeg_worker.job_queue.job_record import JobRecord, JobStatus
from ffmpeg_worker.job_queue.job_store import (
    NewJob,
    get_job,
    insert_job,
    restart_job,
)
from ffmpeg_worker.job_queue.queue_health import read_health
from ffmpeg_worker.job_queue.tables import deliveries, metadata, workers
from ffmpeg_worker.job_queue.waiting_jobs import BATCH, expire_waiting, find_last_number, purge_waiting


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        metadata.create_all(connection)
        yield connection
    engine.dispose()


def new(job_id: str, **more: object) -> NewJob:
    values = {"owner": "one", "action": "probe", "priority": 50, "body": b"body", "body_digest": "digest"}
    return NewJob(job_id, **{**values, **more})  # type: ignore[arg-type]


def add(connection: sa.Connection, *jobs: NewJob) -> None:
    for job in jobs:
        insert_job(connection, job)


def ids(records: list[JobRecord]) -> list[str]:
    return sorted(record.job_id for record in records)


def events(connection: sa.Connection) -> list[tuple[str, str]]:
    return [(row.job_id, row.event) for row in connection.execute(sa.select(deliveries))]


def test_a_purge_cancels_the_waiting_jobs_of_one_owner(connection: sa.Connection) -> None:
    add(
        connection,
        new("a", callback=SealedCallback(b"sealed", "host", False)),
        new("b"),
        new("other", owner="two"),
        new("running"),
    )
    add(connection, new("piece", parent_id="running"))
    assert begin_attempt(connection, "running", "worker", "token") is not None
    purged = purge_waiting(connection, "one", find_last_number(connection))
    assert ids(purged) == ["a", "b"]
    assert {record.status for record in purged} == {JobStatus.CANCELLED}
    assert purged[0].error is not None
    assert (purged[0].error["code"], purged[0].error["job_id"]) == ("cancelled", purged[0].job_id)
    assert all(record.ended_at is not None and record.revision == 2 for record in purged)
    assert events(connection) == [("a", "job.cancelled")]
    assert [get_job(connection, name).status.value for name in ("other", "piece", "running")] == [
        "queued",
        "queued",
        "running",
    ]
    assert purge_waiting(connection, "one", find_last_number(connection)) == []
    assert ids(purge_waiting(connection, None, find_last_number(connection))) == ["other"]


def test_a_purge_ends_though_jobs_keep_coming(connection: sa.Connection) -> None:
    add(connection, *(new(f"job-{number:04}") for number in range(BATCH + 1)))
    last = find_last_number(connection)
    add(connection, new("later"))
    assert [len(purge_waiting(connection, None, last)) for _ in range(3)] == [BATCH, 1, 0]
    assert get_job(connection, "later").status is JobStatus.QUEUED


def test_a_purge_takes_jobs_that_seem_to_be_from_the_future(connection: sa.Connection) -> None:
    """The clock was set back after they were sent."""
    assert find_last_number(connection) == 0
    add(connection, new("a"))
    connection.execute(sa.text("UPDATE ffw_jobs SET created_at = created_at + 3600"))
    assert ids(purge_waiting(connection, None, find_last_number(connection))) == ["a"]


def test_jobs_that_were_not_started_in_time_fail(connection: sa.Connection) -> None:
    past, future = time.time() - 1, time.time() + 1000
    add(
        connection,
        new("late", expires_at=past, callback=SealedCallback(b"sealed", "host", False)),
        new("early", expires_at=future),
        new("none"),
    )
    add(connection, new("also-late", expires_at=past))
    assert ids(expire_waiting(connection, "late")) == ["late"]
    assert ids(expire_waiting(connection, "early")) == []
    assert ids(expire_waiting(connection)) == ["also-late"]
    record = get_job(connection, "late")
    assert record.error is not None
    assert (record.status, record.error["code"]) == (JobStatus.FAILED, "job_expired")
    assert events(connection) == [("late", "job.failed")]


def test_a_job_that_expired_is_not_begun(connection: sa.Connection) -> None:
    add(connection, new("late", expires_at=time.time() - 1))
    assert begin_attempt(connection, "late", "worker", "token") is None
    assert get_job(connection, "late").status is JobStatus.QUEUED


def test_a_job_that_was_started_in_time_does_not_expire(connection: sa.Connection) -> None:
    add(connection, new("job", expires_at=time.time() + 1000))
    assert begin_attempt(connection, "job", "worker", "first") is not None
    give_back(connection, "job", "first")
    connection.execute(sa.text("UPDATE ffw_jobs SET expires_at = 1"))
    assert expire_waiting(connection) == []
    assert begin_attempt(connection, "job", "worker", "second") is not None


def test_a_job_that_expired_can_be_repeated(connection: sa.Connection) -> None:
    add(connection, new("late", expires_at=time.time() - 1))
    expire_waiting(connection)
    restart_job(connection, "late", None)
    assert begin_attempt(connection, "late", "worker", "token") is not None


def test_a_refused_job_has_ended_and_its_sender_is_told(connection: sa.Connection) -> None:
    job = new("refused", callback=SealedCallback(b"sealed", "host", False))
    first = insert_refused(connection, job, {"error": "No.", "code": "invalid_job"})
    assert (first.status, first.error) == (JobStatus.FAILED, {"error": "No.", "code": "invalid_job"})
    # A transaction may be repeated when the connection was lost after its commit.
    assert insert_refused(connection, job, {"error": "No.", "code": "invalid_job"}) == first
    assert events(connection) == [("refused", "job.failed")]


def test_health_counts_jobs_of_one_owner_and_all_workers(connection: sa.Connection) -> None:
    entry = {"beat": 1, "machine": "m", "process": "1 2", "version": "1", "place": "p", "started_at": 1.0}
    for executor, slots in (("busy", 2), ("idle", 1), ("api", 0)):
        connection.execute(sa.insert(workers).values(executor=executor, slots=slots, **entry))
    add(connection, new("a"), new("b"), new("c", owner="two"), new("d"))
    for job_id in ("a", "c"):
        begin_attempt(connection, job_id, "busy", f"token-{job_id}")
    begin_attempt(connection, "d", "gone", "token-d")
    connection.execute(sa.text("UPDATE ffw_jobs SET retries = 2 WHERE job_id IN ('a', 'c')"))
    health = read_health(connection, "one")
    assert (health.jobs[JobStatus.RUNNING], health.jobs[JobStatus.QUEUED], health.retries) == (2, 1, 2)
    assert (health.workers, health.busy_workers) == (2, 1)
    assert read_health(connection).retries == 4
