"""Records of queued jobs in a database file."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ffmpeg_worker.errors import IdempotencyConflict, JobNotFound, JobReplaced
from ffmpeg_worker.job_queue.attempt_store import (
    begin_attempt,
    check_attempt,
    find_running,
    finish_job,
    give_back,
    take_from_dead,
    write_progress,
)
from ffmpeg_worker.job_queue.delivery_store import SealedCallback
from ffmpeg_worker.job_queue.job_list import list_jobs
from ffmpeg_worker.job_queue.job_record import JobFilter, JobRecord, JobStatus
from ffmpeg_worker.job_queue.job_store import (
    NewJob,
    count_jobs,
    count_waiting,
    find_queued,
    find_revisions,
    get_job,
    insert_job,
    request_cancel,
    restart_job,
    start_new_run,
)
from ffmpeg_worker.job_queue.step_store import write_steps
from ffmpeg_worker.job_queue.tables import deliveries, metadata, steps


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sa.Connection]:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'jobs.db'}")
    with engine.begin() as connection:
        metadata.create_all(connection)
        yield connection
    engine.dispose()


def new_job(job_id: str, **changes: Any) -> NewJob:
    values = {"owner": "key-1", "action": "probe", "priority": 50, "body": b"sealed", "body_digest": "d"}
    return NewJob(job_id, **{**values, **changes})


def add(db: sa.Connection, job_id: str, **changes: Any) -> JobRecord:
    return insert_job(db, new_job(job_id, **changes))[0]


def test_a_new_job_is_queued(db: sa.Connection) -> None:
    record, is_new = insert_job(db, new_job("a", metadata={"order": "A-17"}))
    assert is_new
    assert (record.status, record.revision, record.attempts) == (JobStatus.QUEUED, 1, 0)
    assert record.run_id == "a.1"
    assert get_job(db, "a", "key-1").metadata == {"order": "A-17"}


def test_jobs_of_other_keys_do_not_exist(db: sa.Connection) -> None:
    add(db, "a")
    for call in (get_job, request_cancel, restart_job):
        with pytest.raises(JobNotFound):
            call(db, "a", "key-2")


def test_the_same_key_and_body_are_the_same_job(db: sa.Connection) -> None:
    first, _ = insert_job(db, new_job("a", idempotency_key="k"))
    again, is_new = insert_job(db, new_job("b", idempotency_key="k"))
    assert (again, is_new) == (first, False)
    with pytest.raises(IdempotencyConflict):
        insert_job(db, new_job("c", idempotency_key="k", body_digest="other"))
    assert insert_job(db, new_job("d", idempotency_key="k", owner="key-2"))[1]


def test_an_insert_that_is_repeated_after_a_lost_connection_is_one_job(db: sa.Connection) -> None:
    first = add(db, "a")
    again, _ = insert_job(db, new_job("a"))
    assert again == first
    assert count_jobs(db)[JobStatus.QUEUED] == 1


def test_only_the_newest_attempt_may_write(db: sa.Connection) -> None:
    add(db, "a")
    begin_attempt(db, "a", "worker-1", "old")
    write_steps(db, "a", "old", {"fetch": b"1"})
    attempt = begin_attempt(db, "a", "worker-2", "new")
    assert attempt is not None
    assert attempt.record.attempts == 2
    for write in (
        partial(check_attempt, db, "a", "old"),
        partial(write_steps, db, "a", "old", {"inspect": b"2"}),
        partial(finish_job, db, "a", "old", JobStatus.SUCCEEDED, result=b"r"),
    ):
        with pytest.raises(JobReplaced):
            write()
    write_progress(db, {"a": ("old", {"percent": 99})})
    assert get_job(db, "a").progress is None
    assert attempt.steps == {"fetch": b"1"}
    assert finish_job(db, "a", "new", JobStatus.SUCCEEDED, result=b"r").status is JobStatus.SUCCEEDED


def test_an_ended_job_does_not_change(db: sa.Connection) -> None:
    add(db, "a")
    begin_attempt(db, "a", "worker-1", "t")
    write_steps(db, "a", "t", {"fetch": b"1"})
    ended = finish_job(db, "a", "t", JobStatus.SUCCEEDED, result=b"r", progress={"percent": 100})
    assert (ended.sealed_result, ended.progress) == (b"r", {"percent": 100})
    assert db.execute(sa.select(steps)).all() == []
    assert begin_attempt(db, "a", "worker-2", "u") is None
    for token in ("t", None):
        with pytest.raises(JobReplaced):
            finish_job(db, "a", token, JobStatus.CANCELLED)
    give_back(db, "a", "t")
    assert take_from_dead(db, ["worker-1"]) == []
    assert request_cancel(db, "a", None) == get_job(db, "a") == ended


def test_the_end_and_its_webhook_are_stored_together(db: sa.Connection) -> None:
    add(db, "a", callback=SealedCallback(b"sealed callback", "host", False))
    add(db, "b")
    for job_id in ("a", "b"):
        begin_attempt(db, job_id, "worker-1", f"token-{job_id}")
        finish_job(db, job_id, f"token-{job_id}", JobStatus.FAILED, error={"code": "x"})
    (row,) = db.execute(sa.select(deliveries)).all()
    assert (row.job_id, row.event, row.target, row.status) == ("a", "job.failed", b"sealed callback", "pending")


def test_an_attempt_that_is_given_back_is_not_counted(db: sa.Connection) -> None:
    add(db, "a")
    begin_attempt(db, "a", "worker-1", "t")
    give_back(db, "a", "t")
    record = get_job(db, "a")
    assert (record.status, record.attempts) == (JobStatus.QUEUED, 0)
    with pytest.raises(JobReplaced):
        check_attempt(db, "a", "t")


def test_an_attempt_that_is_given_back_is_no_evidence_of_poison(db: sa.Connection) -> None:
    add(db, "a")
    begin_attempt(db, "a", "worker-1", "t")
    give_back(db, "a", "t")
    attempt = begin_attempt(db, "a", "worker-2", "u")
    assert attempt is not None
    assert [entry["executor"] for entry in attempt.history] == ["worker-2"]


def test_a_cancelled_job_that_is_given_back_stays_cancelled(db: sa.Connection) -> None:
    add(db, "a")
    begin_attempt(db, "a", "worker-1", "t")
    request_cancel(db, "a", None)
    give_back(db, "a", "t")
    assert get_job(db, "a").status is JobStatus.CANCELLING
    assert begin_attempt(db, "a", "worker-2", "u") is None
    assert finish_job(db, "a", None, JobStatus.CANCELLED).status is JobStatus.CANCELLED


def test_a_begin_that_is_repeated_after_a_lost_connection_is_one_attempt(db: sa.Connection) -> None:
    add(db, "a")
    first = begin_attempt(db, "a", "worker-1", "t")
    write_steps(db, "a", "t", {"fetch": b"1"})
    again = begin_attempt(db, "a", "worker-1", "t")
    assert first is not None
    assert again is not None
    assert (again.record, again.history) == (first.record, first.history)
    assert again.record.attempts == 1
    assert again.steps == {"fetch": b"1"}


def test_times_are_in_order_though_the_clock_is_set_back(
    db: sa.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [5000.0]
    monkeypatch.setattr("ffmpeg_worker.job_queue.job_store.time.time", lambda: clock[0])
    for job_id, set_back in (("a", "before its begin"), ("b", "while it runs"), ("c", "never")):
        clock[0] = 5000.0
        add(db, job_id)
        clock[0] += -3600 if set_back == "before its begin" else 60
        begin_attempt(db, job_id, "worker-1", job_id)
        clock[0] += -3600 if set_back == "while it runs" else 60
        finish_job(db, job_id, job_id, JobStatus.SUCCEEDED)
    found = [get_job(db, job_id) for job_id in "abc"]
    assert [(record.created_at, record.started_at, record.ended_at) for record in found] == [
        (5000.0, 5000.0, 5000.0),
        (5000.0, 5060.0, 5060.0),
        (5000.0, 5060.0, 5120.0),
    ]


def test_a_job_that_is_cancelled_while_it_waits_begins_no_more(db: sa.Connection) -> None:
    """A worker may take it between the request and the end of its record."""
    add(db, "a")
    assert request_cancel(db, "a", None).status is JobStatus.CANCELLING
    assert begin_attempt(db, "a", "worker-1", "t") is None
    (found,) = find_queued(db, limit=9)
    assert found.status == "cancelling"
    assert finish_job(db, "a", None, JobStatus.CANCELLED).status is JobStatus.CANCELLED


def test_jobs_of_dead_workers_return_with_the_evidence(db: sa.Connection) -> None:
    for job_id in ("a", "b"):
        add(db, job_id)
        begin_attempt(db, job_id, f"worker-{job_id}", job_id)
    write_progress(db, {"a": ("a", {"stage": "running", "percent": 40})})
    assert take_from_dead(db, ["worker-a", "unknown"]) == ["a"]
    assert get_job(db, "a").status is JobStatus.QUEUED
    assert get_job(db, "b").status is JobStatus.RUNNING
    attempt = begin_attempt(db, "a", "worker-c", "c")
    assert attempt is not None
    before, now = attempt.history
    assert (before["executor"], before["progress"]["percent"]) == ("worker-a", 40)
    assert now["executor"] == "worker-c"


def test_a_running_job_is_cancelling_until_its_worker_ends_it(db: sa.Connection) -> None:
    add(db, "a")
    begin_attempt(db, "a", "worker-1", "t")
    assert request_cancel(db, "a", "key-1").status is JobStatus.CANCELLING
    assert find_running(db, "worker-1") == {"a": JobStatus.CANCELLING}
    assert begin_attempt(db, "a", "worker-2", "u") is None
    check_attempt(db, "a", "t")
    take_from_dead(db, ["worker-1"])
    (left,) = find_queued(db, limit=9)
    assert (left.job_id, left.status) == ("a", "cancelling")
    assert finish_job(db, "a", None, JobStatus.CANCELLED).status is JobStatus.CANCELLED


def test_a_repeated_job_starts_over(db: sa.Connection) -> None:
    add(db, "a", metadata={"m": 1})
    assert restart_job(db, "a", None).status is JobStatus.QUEUED
    assert get_job(db, "a").retries == 0
    begin_attempt(db, "a", "worker-1", "t")
    finish_job(db, "a", "t", JobStatus.FAILED, error={"code": "x"})
    before = restart_job(db, "a", None)
    assert before.status is JobStatus.FAILED
    record = get_job(db, "a")
    assert (record.status, record.retries, record.attempts) == (JobStatus.QUEUED, 1, 0)
    assert (record.error, record.ended_at, record.metadata) == (None, None, {"m": 1})
    assert record.run_id == "a.2"


def test_a_run_that_was_lost_is_replaced_once(db: sa.Connection) -> None:
    add(db, "a")
    assert start_new_run(db, "a", ended_run=1) == "a.2"
    assert start_new_run(db, "a", ended_run=1) is None
    begin_attempt(db, "a", "worker-1", "t")
    assert start_new_run(db, "a", ended_run=2) is None


def test_waiting_jobs_are_found_in_pages(db: sa.Connection) -> None:
    for number in range(5):
        add(db, f"job-{number}", parent_id="job-0" if number == 4 else None)
    begin_attempt(db, "job-1", "worker-1", "t")
    first = find_queued(db, limit=2)
    second = find_queued(db, after=first[-1].number, limit=9)
    assert [row.job_id for row in (*first, *second)] == ["job-0", "job-2", "job-3", "job-4"]
    assert count_waiting(db, at_most=9) == 3
    assert count_waiting(db, at_most=2) == 2
    assert count_waiting(db, "key-2", at_most=9) == 0


@pytest.mark.parametrize("key", ["order", "a b", "do.t", "$", "[0]"])
def test_lists_are_filtered_by_metadata(db: sa.Connection, key: str) -> None:
    add(db, "a", metadata={key: "A-17"})
    add(db, "b", metadata={key: "other"})
    add(db, "c")
    page = list_jobs(db, JobFilter(metadata={key: "A-17"}), before=None, limit=10)
    assert [record.job_id for record in page.jobs] == ["a"]


def test_pages_continue_each_other(db: sa.Connection) -> None:
    for number in range(5):
        add(db, f"job-{number}")
    seen, before = [], None
    while True:
        page = list_jobs(db, JobFilter(owner="key-1"), before=before, limit=2)
        seen += [record.job_id for record in page.jobs]
        if page.next_cursor is None:
            break
        before = int(page.next_cursor)
    assert seen == ["job-4", "job-3", "job-2", "job-1", "job-0"]


def test_lists_leave_out_pieces_and_other_states(db: sa.Connection) -> None:
    add(db, "a")
    add(db, "piece", parent_id="a")
    add(db, "b", action="vmaf")
    begin_attempt(db, "b", "worker-1", "t")

    def ids(**wanted: Any) -> list[str]:
        return [record.job_id for record in list_jobs(db, JobFilter(**wanted), before=None, limit=9).jobs]

    assert ids() == ["b", "a"]
    assert ids(parent_id="a") == ["piece"]
    assert ids(statuses=[JobStatus.RUNNING]) == ["b"]
    assert ids(action="probe") == ["a"]
    assert ids(owner="key-2") == []
    created_at = get_job(db, "b").created_at
    assert ids(created_from=created_at) == ["b"]
    assert ids(created_before=created_at) == ["a"]
    assert count_jobs(db)[JobStatus.QUEUED] == 1


def test_revisions_grow_with_every_change(db: sa.Connection) -> None:
    add(db, "a")
    begin_attempt(db, "a", "worker-1", "t")
    write_progress(db, {"a": ("t", {"percent": 1})})
    finish_job(db, "a", "t", JobStatus.SUCCEEDED)
    assert find_revisions(db, ["a", "unknown"]) == {"a": 4}
