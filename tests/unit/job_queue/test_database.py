"""Transactions are repeated when the database is away, and finished when their caller is."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from ffmpeg_worker.errors import Misconfigured, QueueUnavailable
from ffmpeg_worker.job_queue import database as module
from ffmpeg_worker.job_queue.database import Database, sqlite_url


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(module, "_LONGEST_PAUSE_S", 0.01)
    monkeypatch.setattr(module, "_BUSY_MS", 10)


def lost(message: str = "server closed the connection") -> OperationalError:
    return OperationalError("SELECT 1", {}, sqlite3.OperationalError(message))


class Flaky:
    """Work that loses its connection some times."""

    def __init__(self, times: float, error: Exception | None = None) -> None:
        self.left = times
        self.runs = 0
        self.error = error or lost()

    def __call__(self, _connection: sa.Connection) -> int:
        self.runs += 1
        self.left -= 1
        if self.left >= 0:
            raise self.error
        return 17


async def test_a_lost_connection_is_tried_again(database: Database) -> None:
    work = Flaky(3)
    assert await database.run(work) == 17
    assert work.runs == 4


async def test_patience_ends(database: Database) -> None:
    work = Flaky(float("inf"))
    with pytest.raises(QueueUnavailable, match="does not answer") as caught:
        await database.run(work, patience_s=0.5)
    assert caught.value.retryable
    assert work.runs > 1


async def test_a_worker_that_ends_lets_everyone_give_up(database: Database) -> None:
    waiting = asyncio.ensure_future(database.run(Flaky(float("inf"))))
    await asyncio.sleep(0)
    database.limit_patience(0.01)
    with pytest.raises(QueueUnavailable):
        await asyncio.wait_for(waiting, 10)


async def test_a_full_disk_is_named(database: Database) -> None:
    with pytest.raises(QueueUnavailable, match="disk of the database of queued jobs is full"):
        await database.run(Flaky(float("inf"), lost("database or disk is full")), patience_s=0)


async def test_other_errors_are_not_repeated(database: Database) -> None:
    work = Flaky(9, ValueError("bug"))
    with pytest.raises(ValueError, match="bug"):
        await database.run(work)
    assert work.runs == 1


async def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    def write_and_fail(connection: sa.Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE half (x)")
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        await database.run(write_and_fail)
    names = await database.run(lambda connection: sa.inspect(connection).get_table_names())
    assert "half" not in names


async def test_a_transaction_is_finished_for_a_caller_that_is_cancelled(database: Database) -> None:
    began, go_on = threading.Event(), threading.Event()

    def write(connection: sa.Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE whole (x)")
        began.set()
        go_on.wait(10)

    running = asyncio.ensure_future(database.run(write))
    await asyncio.to_thread(began.wait, 10)
    running.cancel()
    await asyncio.sleep(0)
    assert not running.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert "whole" in await database.run(lambda connection: sa.inspect(connection).get_table_names())


async def test_a_file_that_another_program_writes_is_waited_for(database: Database, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "jobs.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(QueueUnavailable):
            await database.run(lambda _connection: None, patience_s=0.05)
        waiting = asyncio.ensure_future(database.run(lambda _connection: 17))
        await asyncio.sleep(0)
        other.execute("COMMIT")
        assert await waiting == 17
    other.close()


@pytest.mark.parametrize("is_away", [True, False])
async def test_time_in_the_line_counts_while_the_database_is_away(
    database: Database, monkeypatch: pytest.MonkeyPatch, is_away: bool
) -> None:
    """A file has one writer, and a crowd of callers is no reason to refuse some."""
    began, go_on = threading.Event(), threading.Event()

    def block(_connection: sa.Connection) -> None:
        began.set()
        go_on.wait(10)
        if is_away:
            raise lost()

    first = asyncio.ensure_future(database.run(block, patience_s=5))
    await asyncio.to_thread(began.wait, 10)
    second = asyncio.ensure_future(database.run(lambda _connection: 17, patience_s=5))
    await asyncio.sleep(0)
    later = time.monotonic() + 6
    monkeypatch.setattr("ffmpeg_worker.job_queue.database.time.monotonic", lambda: later)
    go_on.set()
    if is_away:
        for waiting in (first, second):
            with pytest.raises(QueueUnavailable):
                await waiting
    else:
        await first
        assert await second == 17


@pytest.mark.parametrize("make", ["missing folder", "not a database", "a folder"])
async def test_a_file_that_cannot_be_opened_is_a_matter_of_the_operator(tmp_path: Path, make: str) -> None:
    path = tmp_path / "jobs.db"
    if make == "missing folder":
        path = tmp_path / "missing" / "jobs.db"
    elif make == "not a database":
        path.write_bytes(b"canary " * 1000)
    else:
        path.mkdir()
    database = Database(sqlite_url(path))
    with pytest.raises(Misconfigured, match="cannot be opened"):
        await database.open()
    await database.close()


async def test_tables_are_made_once(tmp_path: Path) -> None:
    databases: list[Any] = [Database(sqlite_url(tmp_path / "jobs.db")) for _ in range(3)]
    await asyncio.gather(*(database.open() for database in databases))
    for database in databases:
        await database.close()
