"""Retention: what goes when its time is over, what stays, and what a wrong clock cannot do."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ffmpeg_worker.errors import JobNotFinal, JobNotFound, JobOutputError
from ffmpeg_worker.job_queue.database import Database, sqlite_url
from ffmpeg_worker.job_queue.job_folders import JobFolders
from ffmpeg_worker.job_queue.job_store import NewJob, insert_job, restart_job
from ffmpeg_worker.job_queue.log_store import append_log
from ffmpeg_worker.job_queue.output_files import open_output
from ffmpeg_worker.job_queue.retention import Retention
from ffmpeg_worker.job_queue.retention_store import HOLD_S, SUSPICIOUS_S
from ffmpeg_worker.job_queue.tables import deliveries, jobs, logs, metadata

HOUR = 3600.0
OUTPUTS_S, RECORDS_S = 4 * HOUR, 12 * HOUR


class Store:
    """A database and a folder of jobs, with a clock that the test moves."""

    def __init__(self, root: Path) -> None:
        self.now = time.time()
        self.folders = JobFolders(root / "jobs")
        self.database = Database(sqlite_url(root / "jobs.db"))
        self.forgotten: list[str] = []
        self.retention = self.new_retention()

    def new_retention(self, folders: JobFolders | None = None) -> Retention:
        """The retention of another process, maybe of one with another folder."""
        return Retention(
            self.database,
            folders or self.folders,
            self._forget,
            job_retention_s=RECORDS_S,
            output_retention_s=OUTPUTS_S,
            files=[path for path in [self.database.path] if path is not None],
            clock=lambda: self.now,
        )

    def _forget(self, runs: Sequence[str]) -> None:
        self.forgotten += runs

    async def add(
        self, job_id: str, *, status: str = "succeeded", place: str | None = "here", **more: Any
    ) -> None:
        """Store a job that ends now, with an output in its folder and a log."""
        new = NewJob(job_id, "anonymous", "process", 50, b"sealed", "digest")
        place = self.folders.place if place == "here" else place
        ended_at = None if status in {"queued", "running"} else self.now
        values = {"status": status, "outputs_place": place, "ended_at": ended_at, **more}

        def store(connection: sa.Connection) -> None:
            insert_job(connection, new)
            connection.execute(sa.update(jobs).where(jobs.c.job_id == job_id).values(values))
            append_log(connection, [{"job_id": job_id, "attempt": 1, "lane": 0, "command": 0, "text": "x"}])

        await self.database.run(store)
        self.write(job_id)

    def write(self, job_id: str) -> None:
        """Write the output of a job."""
        outputs = self.folders.of(job_id) / "outputs"
        outputs.mkdir()
        (outputs / "a.mp4").write_bytes(b"media")
        os.utime(outputs.parent, (self.now, self.now))

    async def sweep(self, after_s: float) -> None:
        """Sweep every twelve hours at most, until `after_s` seconds have passed."""
        await self.retention.sweep()
        while after_s > 0:
            step = min(after_s, 12 * HOUR)
            self.now, after_s = self.now + step, after_s - step
            await self.retention.sweep()

    async def read(self, job_id: str) -> bytes:
        """Fetch the output of a job."""
        with await open_output(self.database, self.folders, job_id, None, "a.mp4", patience_s=1) as file:
            return file.read()

    async def count(self, table: sa.Table) -> int:
        query = sa.select(sa.func.count()).select_from(table)
        return int(await self.database.run(lambda connection: connection.execute(query).scalar_one()))

    def names(self) -> set[str]:
        """Folders that are left."""
        return {path.name for path in (self.folders.outputs_of("x").parents[1]).iterdir() if path.is_dir()}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store(tmp_path)
    await opened.database.open()
    yield opened
    await opened.database.close()


async def test_outputs_go_first_and_records_later(store: Store) -> None:
    await store.add("job")
    await store.sweep(OUTPUTS_S - 1)
    assert await store.read("job") == b"media"
    file = await open_output(store.database, store.folders, "job", None, "a.mp4", patience_s=1)
    await store.sweep(HOUR)
    assert store.names() == set()
    with file:
        assert file.read() == b"media"  # a download that runs is not cut off
    with pytest.raises(JobOutputError) as removed:
        await store.read("job")
    assert removed.value.code == "output_removed"
    assert (await store.count(jobs), store.forgotten) == (1, [])
    await store.sweep(RECORDS_S)
    with pytest.raises(JobNotFound):
        await store.read("job")
    assert [await store.count(table) for table in (jobs, logs, deliveries)] == [0, 0, 0]
    assert store.forgotten == ["job.1"]


async def test_what_has_not_ended_stays(store: Store) -> None:
    for status in ("queued", "running", "cancelling"):
        await store.add(status, status=status, place=None, ended_at=None)
    await store.sweep(100 * HOUR)
    assert store.names() == {"queued", "running", "cancelling"}
    assert (await store.count(jobs), await store.count(logs)) == (3, 3)
    with pytest.raises(JobNotFinal):
        await store.read("running")


async def test_every_run_of_a_job_is_forgotten(store: Store) -> None:
    await store.add("job", run=3)
    await store.sweep(RECORDS_S + HOUR)
    assert store.forgotten == ["job.1", "job.2", "job.3"]


async def test_a_record_stays_until_its_webhook_is_sent(store: Store) -> None:
    await store.add("job")
    values = {
        "delivery_id": "d",
        "job_id": "job",
        "event": "end",
        "target": b"",
        "receiver": "host",
        "status": "pending",
        "record": {},
    }
    new = sa.insert(deliveries).values(**values, tries=[], created_at=0.0)
    await store.database.run(lambda connection: connection.execute(new))
    await store.sweep(10 * RECORDS_S)
    assert await store.count(jobs) == 1
    sent = sa.update(deliveries).values(status="delivered")
    await store.database.run(lambda connection: connection.execute(sent))
    await store.sweep(HOUR)
    assert (await store.count(jobs), await store.count(deliveries)) == (0, 0)


async def test_folders_without_a_use(store: Store, tmp_path: Path) -> None:
    """Of a job without a record, of one that failed with a part of its outputs, and of a process that ended."""
    store.write("no-record")
    await store.add("failed", status="failed", place=None)
    await store.add("kept")
    (tmp_path / "jobs" / ".removed-0123").mkdir()
    await store.sweep(0)
    assert store.names() == {"no-record", "kept"}  # the first may be of another database
    await store.sweep(OUTPUTS_S - 1)
    assert store.names() == {"no-record", "kept"}
    store.now += HOUR
    await store.add("new")
    await store.sweep(0)
    assert store.names() == {"new"}


@contextmanager
def locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


async def test_a_folder_in_which_an_attempt_works_stays(store: Store, tmp_path: Path) -> None:
    await store.add("job", status="failed", place=None)
    with locked(tmp_path / "jobs" / "job" / "work-1.lock"):
        await store.sweep(0)
        assert store.names() == {"job"}
    await store.sweep(HOUR)
    assert store.names() == set()


async def test_outputs_on_another_machine(store: Store, tmp_path: Path) -> None:
    other = JobFolders(tmp_path / "other")
    await store.add("theirs", place=other.place)
    with pytest.raises(JobOutputError) as elsewhere:
        await store.read("theirs")
    assert elsewhere.value.code == "output_elsewhere"
    folder = other.of("theirs")
    (folder / "outputs").mkdir()
    await store.sweep(OUTPUTS_S - 1)
    assert folder.exists()
    await store.sweep(HOUR)
    with pytest.raises(JobOutputError) as removed:
        await store.read("theirs")
    assert removed.value.code == "output_removed"
    assert folder.exists()
    await store.new_retention(other).sweep()  # each machine removes its own
    assert not folder.exists()


async def test_two_sweeps_at_once(store: Store) -> None:
    for number in range(120):
        await store.add(f"job-{number}")
    await store.sweep(0)
    store.now += RECORDS_S + HOUR
    other = store.new_retention()
    await asyncio.gather(store.retention.sweep(), other.sweep(), store.retention.sweep())
    assert await store.count(jobs) == 0
    assert sorted(store.forgotten) == sorted(f"job-{number}.1" for number in range(120))
    await store.add("late", ended_at=0.0)
    await other.sweep()
    assert await store.count(jobs) == 1  # it was swept a moment ago
    store.now += HOUR
    await asyncio.gather(store.retention.sweep(), other.sweep())
    await store.sweep(HOUR)
    assert (await store.count(jobs), store.names()) == (0, set())


@pytest.mark.parametrize("is_marked", [True, False])
async def test_a_job_that_is_repeated_meanwhile_keeps_its_folder(store: Store, is_marked: bool) -> None:
    await store.add("job", outputs_removed=is_marked, place="here" if is_marked else None)
    list_ages = store.folders.list_ages

    def list_then_repeat(now: float) -> dict[str, float]:
        ages = list_ages(now)
        with store.database.engine.begin() as connection:
            restart_job(connection, "job", None)
        return ages

    store.folders.list_ages = list_then_repeat  # type: ignore[method-assign]
    await store.sweep(0)
    assert store.names() == {"job"}


async def test_a_clock_that_jumps_ahead_removes_nothing_for_hours(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await store.add("job")
    await store.sweep(HOUR)
    right = store.now
    store.now += 365 * 24 * HOUR
    restarted = store.new_retention()
    for _ in range(3):
        await restarted.sweep()
        store.now += HOUR
    assert "the clock has moved far" in caplog.text
    assert await store.read("job") == b"media"
    store.now = right  # it is corrected
    await restarted.sweep()
    assert await store.read("job") == b"media"
    await store.sweep(OUTPUTS_S)
    assert store.names() == set()


async def test_a_worker_that_was_off_for_long_sweeps_a_little_later(store: Store) -> None:
    await store.add("job")
    await store.sweep(0)
    store.now += SUSPICIOUS_S + HOUR
    await store.retention.sweep()
    assert await store.count(jobs) == 1
    await store.sweep(HOLD_S - 1)
    assert await store.count(jobs) == 1
    await store.sweep(HOUR)
    assert (await store.count(jobs), store.names()) == (0, set())


async def test_the_database_file_becomes_smaller(store: Store, tmp_path: Path) -> None:
    await store.add("job", status="running", place=None, ended_at=None)
    rows = [
        {"job_id": f"old-{number}", "owner": "a", "action": "process", "status": "succeeded", "priority": 50}
        | {"created_at": 0.0, "ended_at": store.now, "body": os.urandom(4000), "body_digest": "x"}
        for number in range(500)
    ]
    await store.database.run(lambda connection: connection.execute(sa.insert(jobs), rows))
    await store.sweep(RECORDS_S + HOUR)
    assert await store.count(jobs) == 1
    path = tmp_path / "jobs.db"
    assert path.stat().st_size < 100_000 + 4096 * len(metadata.tables)
    assert not (wal := path.with_name("jobs.db-wal")).exists() or wal.stat().st_size < 100_000


HOSTILE = [
    "",
    "/",
    "..",
    "../a.mp4",
    "b/../a.mp4",
    "./a.mp4",
    "//a.mp4",
    "/etc/passwd",
    "../../jobs.db",
    "../work/secret",
    "a.mp4/",
    "a.mp4/.",
    ".hidden",
    "b/.hidden/a",
    "link.mp4",
    "folder-link/secret",
    "folder",
    "pipe",
    "a.mp4\0",
    "a\ud800.mp4",
    "x" * 300,
    "y/" * 3000,
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
async def test_only_regular_files_of_the_job_are_opened(store: Store, tmp_path: Path, name: str) -> None:
    await store.add("job")
    outputs = tmp_path / "jobs" / "job" / "outputs"
    secret = tmp_path / "jobs" / "job" / "work"
    secret.mkdir()
    (secret / "secret").write_bytes(b"secret")
    (outputs / ".hidden").write_bytes(b"secret")
    (outputs / "link.mp4").symlink_to(secret / "secret")
    (outputs / "folder-link").symlink_to(secret)
    (outputs / "folder").mkdir()
    os.mkfifo(outputs / "pipe")
    with pytest.raises(JobOutputError) as refused:
        await open_output(store.database, store.folders, "job", None, name, patience_s=1)
    assert refused.value.code == "output_not_found"
