"""The database of queued jobs under several workers: the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import secrets
import select
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from ffmpeg_worker.errors import JobReplaced, QueueUnavailable
from ffmpeg_worker.job_queue import database as database_module
from ffmpeg_worker.job_queue.attempt_store import (
    Attempt,
    begin_attempt,
    finish_job,
    give_back,
    take_from_dead,
    write_progress,
)
from ffmpeg_worker.job_queue.database import Database, sqlite_url
from ffmpeg_worker.job_queue.dbos_runtime import Engine
from ffmpeg_worker.job_queue.job_record import JobRecord, JobStatus
from ffmpeg_worker.job_queue.job_store import (
    NewJob,
    find_queued,
    get_job,
    insert_job,
)
from support.servers.postgres import Postgres
from support.wait_until import until

WORKERS = 4


@pytest.fixture(params=["sqlite", "postgresql"])
async def databases(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[list[Database]]:
    """One database, as several workers have it open; they make its tables at the same time."""
    if request.param == "sqlite":
        url = sqlite_url(tmp_path / "jobs.db")
    else:
        url = request.getfixturevalue("postgres").create_database().replace("postgresql", "postgresql+psycopg", 1)
    opened = [Database(url) for _ in range(WORKERS)]
    await asyncio.gather(*(database.open() for database in opened))
    yield opened
    for database in opened:
        await database.close()


async def begin(database: Database, worker: str) -> Attempt:
    """Begin the job as a worker does."""
    token = secrets.token_hex(8)
    attempt = await database.run(partial(begin_attempt, job_id="job", executor=worker, token=token))
    assert attempt is not None
    return attempt


async def finish(database: Database, attempt: Attempt) -> JobRecord | JobReplaced:
    """End the job as a worker does; returns the record, or why it may not."""
    end = partial(finish_job, job_id="job", token=attempt.token, status=JobStatus.SUCCEEDED, result=b"")
    try:
        return await database.run(end)
    except JobReplaced as error:
        return error


async def insert(database: Database, key: str | None = None) -> tuple[JobRecord, bool]:
    """Store the job; returns it, and whether it is new."""
    new = NewJob("job", "o", "probe", 50, body=b"{}", body_digest="d", idempotency_key=key)
    return await database.run(partial(insert_job, job=new))


async def test_of_workers_that_race_for_a_job_one_ends_it(databases: list[Database]) -> None:
    await insert(databases[0])
    attempts = await asyncio.gather(
        *(begin(database, f"worker-{number}") for number, database in enumerate(databases))
    )
    ends = await asyncio.gather(
        *(finish(database, attempt) for database, attempt in zip(databases, attempts, strict=True))
    )
    [ended] = [end for end in ends if isinstance(end, JobRecord)]
    assert (ended.status, ended.attempts) == (JobStatus.SUCCEEDED, WORKERS)
    assert sorted(attempt.record.attempts for attempt in attempts) == [1, 2, 3, 4]
    # The last one to begin is the one that may end it.
    assert isinstance(ends[[attempt.record.attempts for attempt in attempts].index(WORKERS)], JobRecord)


@pytest.mark.parametrize("key", [None, "k"])
async def test_callers_that_send_the_same_job_at_once_get_one(databases: list[Database], key: str | None) -> None:
    found = await asyncio.gather(*(insert(database, key) for database in databases))
    assert [is_new for _, is_new in found].count(True) == 1
    assert {record.job_id for record, _ in found} == {"job"}


async def test_what_a_dead_worker_ran_is_taken_once_and_counted(databases: list[Database]) -> None:
    await insert(databases[0])
    lost = await begin(databases[0], "dead")
    taken = await asyncio.gather(
        *(database.run(partial(take_from_dead, executors=["dead"])) for database in databases)
    )
    assert sorted(map(len, taken)) == [0, 0, 0, 1]
    await databases[0].run(partial(give_back, job_id="job", token=lost.token))  # it is not its own any more
    record = await databases[0].run(partial(get_job, job_id="job"))
    assert (record.status, record.attempts) == (JobStatus.QUEUED, 1)
    assert isinstance(await finish(databases[0], lost), JobReplaced)
    again = await begin(databases[1], "living")
    assert isinstance(await finish(databases[1], again), JobRecord)


async def test_a_worker_that_stands_still_in_a_transaction_keeps_no_lock(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that is paused: the others take over its jobs, and its transaction changes nothing."""
    monkeypatch.setattr(database_module, "IDLE_TRANSACTION_S", 0.3)
    url = postgres.create_database().replace("postgresql", "postgresql+psycopg", 1)
    paused, living = Database(url), Database(url)
    await living.open()
    await insert(living)
    attempt = await begin(living, "paused")
    with paused.engine.connect() as connection:
        transaction = connection.begin()
        write_progress(connection, {"job": (attempt.token, {"percent": 50})})
        taken = asyncio.create_task(living.run(partial(take_from_dead, executors=["paused"])))
        done, _ = await asyncio.wait({taken}, timeout=20)
        with suppress(sa.exc.DBAPIError):
            transaction.rollback()
    assert await taken == ["job"]
    assert done, "the job was taken only when the paused worker went on"
    record = await living.run(partial(get_job, job_id="job"))
    assert (record.status, record.progress) == (JobStatus.QUEUED, None)
    for database in (paused, living):
        await database.close()


async def test_a_transaction_that_stood_still_is_repeated(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that was paused goes on: its connection is gone, and its job does not fail."""
    monkeypatch.setattr(database_module, "IDLE_TRANSACTION_S", 0.5)
    database = Database(postgres.create_database().replace("postgresql", "postgresql+psycopg", 1))
    await database.open()
    began: list[sa.Connection] = []

    def work(connection: sa.Connection) -> int:
        began.append(connection)
        ask = sa.text("SELECT count(*) FROM pg_stat_activity WHERE pid = pg_backend_pid()")
        connection.execute(ask)
        if len(began) == 1:
            until(lambda: connection_is_gone(connection))
        return int(connection.execute(ask).scalar_one())

    assert await database.run(work) == 1
    assert len(began) == 2
    await database.close()


async def test_opening_that_stood_still_is_repeated(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that was paused while it made its tables starts all the same."""
    monkeypatch.setattr(database_module, "IDLE_TRANSACTION_S", 0.5)
    create, began = database_module._create_tables, list[sa.Connection]()

    def create_late(connection: sa.Connection) -> None:
        began.append(connection)
        if len(began) == 1:
            connection.execute(sa.text("SELECT 1"))
            until(lambda: connection_is_gone(connection))
        create(connection)

    monkeypatch.setattr(database_module, "_create_tables", create_late)
    database = Database(postgres.create_database().replace("postgresql", "postgresql+psycopg", 1))
    await database.open()
    assert len(began) == 2
    await database.close()


def connection_is_gone(connection: sa.Connection) -> bool:
    """Whether the server has closed the connection: its socket has the message, or the end."""
    socket_number = connection.connection.driver_connection.fileno()  # type: ignore[union-attr]
    return bool(select.select([socket_number], [], [], 0)[0])


async def test_a_database_that_comes_after_the_worker(postgres: Postgres) -> None:
    """As after a reboot; one that does not come ends the worker, to be started again."""
    database = Database(postgres.create_database().replace("postgresql", "postgresql+psycopg", 1))
    postgres.stop()
    try:
        opening = asyncio.create_task(database.open())
        await asyncio.sleep(0)
    finally:
        # On the main thread: the kernel ends the server with the thread that has started it.
        postgres.start()
    await opening
    assert await database.run(partial(find_queued, limit=1)) == []
    await database.close()


async def test_a_database_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "OPEN_PATIENCE_S", 0.2)
    database = Database("postgresql+psycopg://nobody@127.0.0.1:9/none")
    with pytest.raises(QueueUnavailable):
        await database.open()
    await database.close()


async def test_an_engine_that_ends_leaves_no_thread(tmp_path: Path) -> None:
    """The end of a worker would wait for it."""

    async def run(_job_id: str) -> None:
        raise AssertionError

    before = set(threading.enumerate())
    engine = Engine(sqlite_url(tmp_path / "engine.db"), "worker", run, slots=1, pieces=1)
    await engine.open()
    await engine.close()
    # Threads of asyncio's own pool stay.
    left = [thread for thread in set(threading.enumerate()) - before if not thread.name.startswith("asyncio")]
    assert left == []
