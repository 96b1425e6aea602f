"""Limits of the queue are exact at the limit, and cheap below it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from ffmpeg_worker.errors import QueueLimitReached
from ffmpeg_worker.job_queue import queue_limits as module
from ffmpeg_worker.job_queue.attempt_store import begin_attempt
from ffmpeg_worker.job_queue.job_store import NewJob, count_waiting, insert_job
from ffmpeg_worker.job_queue.queue_limits import QueueLimits
from ffmpeg_worker.job_queue.tables import metadata


class Lab:
    """Sends jobs within limits, and counts how often they are counted."""

    def __init__(self, connection: sa.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
        self.connection = connection
        self.counts = 0
        self.sent = 0
        self.clock = 1000.0
        count = count_waiting

        def counted(connection: sa.Connection, owner: str | None = None, *, at_most: int) -> int:
            self.counts += 1
            return count(connection, owner, at_most=at_most)

        monkeypatch.setattr(module, "count_waiting", counted)
        monkeypatch.setattr("ffmpeg_worker.job_queue.queue_limits.time.monotonic", lambda: self.clock)

    def send(self, limits: QueueLimits | None, owner: str = "key-1") -> bool:
        """Whether a job was taken."""
        self.sent += 1
        save = self.connection.begin_nested()
        insert_job(self.connection, NewJob(f"job-{self.sent}", owner, "probe", 50, b"", ""))
        try:
            if limits is not None:
                limits.check(self.connection, owner)
        except QueueLimitReached:
            save.rollback()
            return False
        save.commit()
        return True


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'jobs.db'}")
    with engine.begin() as connection:
        metadata.create_all(connection)
        yield Lab(connection, monkeypatch)
    engine.dispose()


def test_the_limit_is_exact(lab: Lab) -> None:
    limits = QueueLimits(5, None)
    assert [lab.send(limits) for _ in range(8)] == [True] * 5 + [False] * 3
    begin_attempt(lab.connection, "job-2", "worker", "t")
    assert [lab.send(limits) for _ in range(2)] == [True, False], "counted again before a job is refused"


def test_jobs_below_the_limit_are_counted_once_a_second(lab: Lab) -> None:
    limits = QueueLimits(1000, None)
    assert all(lab.send(limits) for _ in range(50))
    assert lab.counts == 1
    lab.clock += 1.1
    assert lab.send(limits)
    assert lab.counts == 2


def test_jobs_of_other_processes_are_seen_after_a_second(lab: Lab) -> None:
    limits = QueueLimits(5, None)
    assert lab.send(limits)
    for _ in range(4):
        lab.send(None)
    lab.clock += 1.1
    assert not lab.send(limits)


def test_one_key_does_not_take_the_place_of_another(lab: Lab) -> None:
    limits = QueueLimits(5, 3)
    assert [lab.send(limits, "key-1") for _ in range(4)] == [True, True, True, False]
    assert [lab.send(limits, "key-2") for _ in range(3)] == [True, True, False]


def test_without_limits_nothing_is_counted(lab: Lab) -> None:
    assert lab.send(QueueLimits(None, None))
    assert lab.counts == 0
