"""Records of steps: some are written at once, others together a little later."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from ffmpeg_worker.errors import JobReplaced, QueueUnavailable
from ffmpeg_worker.job_queue.attempt_store import begin_attempt
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.job_store import NewJob, insert_job
from ffmpeg_worker.job_queue.step_records import StepRecords
from ffmpeg_worker.job_queue.tables import steps
from support.wait_until import until_async

JOB = NewJob("job", "key-1", "probe", 50, b"", "")


class Counted:
    """A database that counts transactions, and fails on demand."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.writes = 0
        self.error: Exception | None = None

    async def run(self, work: Callable[[sa.Connection], Any], *, patience_s: float = 1.0) -> Any:
        self.writes += 1
        if self.error is not None:
            raise self.error
        return await self.database.run(work, patience_s=patience_s)


async def begin(database: Database, token: str = "t") -> tuple[StepRecords, Counted]:
    await database.run(partial(insert_job, job=JOB))
    attempt = await database.run(partial(begin_attempt, job_id="job", executor="worker", token=token))
    assert attempt is not None
    counted = Counted(database)
    return StepRecords(counted, "job", token, attempt.steps), counted  # type: ignore[arg-type]


async def stored(database: Database) -> dict[str, bytes]:
    rows = await database.run(lambda db: db.execute(sa.select(steps)).all())
    return {row.name: row.record for row in rows}


async def test_short_steps_are_written_together(database: Database) -> None:
    records, counted = await begin(database)
    for number in range(5):
        await records.add(f"step-{number}", b"%d" % number, at_once=False)
    assert counted.writes == 0
    assert records.by_name["step-3"] == b"3"
    await until_async(lambda: counted.writes == 1)
    await records.close(write=False)
    assert await stored(database) == {f"step-{number}": b"%d" % number for number in range(5)}


async def test_no_record_is_lost_while_the_database_is_locked(database: Database) -> None:
    """One is being written, another one comes meanwhile, and a third call waits for both."""
    records, counted = await begin(database)
    with closing(sqlite3.connect(str(database.path), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await records.add("first", b"1", at_once=False)
        await until_async(lambda: counted.writes == 1)
        waiting = asyncio.ensure_future(records.write_pending())
        await asyncio.sleep(0)
        await records.add("second", b"2", at_once=False)
        other.execute("ROLLBACK")
    await waiting
    assert await stored(database) == {"first": b"1", "second": b"2"}
    await records.close(write=False)


async def test_costly_steps_take_the_others_with_them(database: Database) -> None:
    records, counted = await begin(database)
    await records.add("short", b"1", at_once=False)
    await records.add("costly", b"2", at_once=True)
    assert counted.writes == 1
    assert await stored(database) == {"short": b"1", "costly": b"2"}
    await records.close(write=True)
    assert counted.writes == 1


async def test_a_step_that_ends_while_others_are_written_is_written_too(database: Database) -> None:
    records, counted = await begin(database)
    inner = counted.run

    async def add_another(work: Any, **more: Any) -> Any:
        if counted.writes == 0:
            await records.add("second", b"2", at_once=False)
            await records.add("first", b"1 again", at_once=False)
        return await inner(work, **more)

    counted.run = add_another  # type: ignore[method-assign]
    await records.add("first", b"1", at_once=False)
    await until_async(lambda: counted.writes == 2)
    await records.close(write=False)
    assert await stored(database) == {"first": b"1 again", "second": b"2"}


@pytest.mark.parametrize("write", [True, False])
async def test_what_is_pending_is_written_for_the_next_attempt_only(database: Database, write: bool) -> None:
    records, _ = await begin(database)
    await records.add("short", b"1", at_once=False)
    await records.close(write=write)
    assert await stored(database) == ({"short": b"1"} if write else {})


async def test_errors_of_later_writes_do_not_stop_the_job(database: Database) -> None:
    records, counted = await begin(database)
    counted.error = QueueUnavailable("Away.")
    await records.add("short", b"1", at_once=False)
    await until_async(lambda: counted.writes == 1)
    counted.error = None
    await records.add("next", b"2", at_once=False)
    await until_async(lambda: counted.writes == 2)
    await records.close(write=False)
    assert await stored(database) == {"short": b"1", "next": b"2"}


async def test_errors_at_the_end_are_only_logged(database: Database) -> None:
    records, counted = await begin(database)
    await records.add("short", b"1", at_once=False)
    counted.error = QueueUnavailable("Away.")
    await records.close(write=True)
    assert await stored(database) == {}


async def test_a_later_write_that_is_refused_ends_the_trust(database: Database) -> None:
    records, counted = await begin(database, "old")
    await begin(database, "new")
    await records.check_ownership()  # just begun: nobody is asked
    assert counted.writes == 0
    await records.add("short", b"1", at_once=False)
    await until_async(lambda: counted.writes == 1)
    task = records._task
    assert task is not None
    await task
    with pytest.raises(JobReplaced):
        await records.check_ownership()
    assert not await records.keeps_ownership()
    assert await stored(database) == {}
