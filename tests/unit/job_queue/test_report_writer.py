"""Progress and logs of running jobs are written together, and lost rather than waited for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from ffmpeg_worker.errors import QueueUnavailable
from ffmpeg_worker.job.command_log import LogChunk
from ffmpeg_worker.job_queue import report_writer as module
from ffmpeg_worker.job_queue.attempt_log import AttemptLog
from ffmpeg_worker.job_queue.attempt_store import begin_attempt
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.job_store import NewJob, get_job, insert_job
from ffmpeg_worker.job_queue.log_store import read_log
from ffmpeg_worker.job_queue.report_writer import ReportWriter, UnwrittenReports
from ffmpeg_worker.job_queue.webhooks.progress_events import ProgressEvents
from support.wait_until import until_async

JOBS = [f"job-{number}" for number in range(50)]


class Counted:
    """A database that counts transactions, and fails on demand."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.writes = 0
        self.is_away = False

    async def run(self, work: Callable[[sa.Connection], Any], *, patience_s: float) -> Any:
        self.writes += 1
        if self.is_away:
            raise QueueUnavailable("Away.")
        return await self.database.run(work, patience_s=patience_s)


@pytest.fixture
async def counted(database: Database, monkeypatch: pytest.MonkeyPatch) -> Counted:
    monkeypatch.setattr(module, "PAUSE_S", 0.01)

    def begin_all(connection: sa.Connection) -> None:
        for job_id in JOBS:
            insert_job(connection, NewJob(job_id, "key-1", "probe", 50, b"", ""))
            begin_attempt(connection, job_id, "worker", job_id)

    await database.run(begin_all)
    return Counted(database)


def writer_of(counted: Counted, told: list[str] | None = None) -> ReportWriter:
    return ReportWriter(counted, ([] if told is None else told).extend, ProgressEvents(lambda: None))  # type: ignore[arg-type]


async def progress_of(database: Database, job_id: str) -> Any:
    return (await database.run(partial(get_job, job_id=job_id))).progress


async def test_reports_of_many_jobs_are_one_transaction(database: Database, counted: Counted) -> None:
    told: list[str] = []
    writer = writer_of(counted, told)
    for percent in (1, 2):
        for job_id in JOBS:
            writer.report_progress(job_id, job_id, {"percent": percent})
            writer.report_log({"job_id": job_id, "attempt": 1, "lane": 0, "command": 0, "text": f"{percent}\n"})
    await until_async(lambda: bool(told))
    assert counted.writes == 1
    assert told == JOBS
    assert await progress_of(database, "job-7") == {"percent": 2}
    assert [entry.text for entry in await database.run(partial(read_log, job_id="job-7"))] == ["1\n", "2\n"]
    task = writer._task
    assert task is not None
    await task
    assert counted.writes == 1, "nothing is written when nothing is reported"


async def test_progress_of_a_replaced_attempt_is_dropped(database: Database, counted: Counted) -> None:
    writer = writer_of(counted)
    writer.report_progress("job-0", "of another attempt", {"percent": 99})
    writer.report_progress("job-1", "job-1", {"percent": 1})
    await writer.flush()
    assert await progress_of(database, "job-0") is None
    assert await progress_of(database, "job-1") == {"percent": 1}


async def test_reports_that_are_not_written_yet_are_taken_by_the_end(database: Database, counted: Counted) -> None:
    writer = writer_of(counted)
    for job_id in ("job-0", "job-1"):
        writer.report_progress(job_id, job_id, {"percent": 100})
        writer.report_log({"job_id": job_id, "attempt": 1, "lane": 0, "command": 0, "text": f"of {job_id}\n"})
    taken = writer.take("job-0")
    assert taken.progress == {"percent": 100}
    assert [entry["text"] for entry in taken.log] == ["of job-0\n"]
    assert writer.take("job-0") == UnwrittenReports(None, [])
    await writer.flush()
    assert await progress_of(database, "job-0") is None
    assert not await database.run(partial(read_log, job_id="job-0"))
    assert [entry.text for entry in await database.run(partial(read_log, job_id="job-1"))] == ["of job-1\n"]


async def test_what_a_lost_database_cannot_take_is_dropped(database: Database, counted: Counted) -> None:
    writer = writer_of(counted)
    counted.is_away = True
    writer.report_progress("job-0", "job-0", {"percent": 1})
    writer.report_log({"job_id": "job-0", "attempt": 1, "lane": 0, "command": 0, "text": "lost\n"})
    await writer.flush()
    counted.is_away = False
    writer.report_log({"job_id": "job-0", "attempt": 1, "lane": 0, "command": 0, "text": "kept\n"})
    await writer.flush()
    assert await progress_of(database, "job-0") is None
    assert [entry.text for entry in await database.run(partial(read_log, job_id="job-0"))] == ["kept\n"]


async def read_texts(database: Database) -> list[str]:
    return [entry.text for entry in await database.run(partial(read_log, job_id="job-0"))]


async def test_a_log_is_stored_while_it_grows(database: Database, counted: Counted) -> None:
    writer = writer_of(counted)
    log = AttemptLog(writer, "job-0", attempt=2, max_bytes=1000)
    log.add(LogChunk(1, 3, "frame=1\n"))
    await writer.flush()
    (entry,) = await database.run(partial(read_log, job_id="job-0"))
    assert (entry.attempt, entry.lane, entry.command, entry.text) == (2, 1, 3, "frame=1\n")
    log.close()
    await writer.flush()
    assert len(await read_texts(database)) == 1


async def test_a_talkative_log_keeps_its_beginning_and_its_end(database: Database, counted: Counted) -> None:
    writer = writer_of(counted)
    log = AttemptLog(writer, "job-0", attempt=1, max_bytes=2000)
    for number in range(1000):
        log.add(LogChunk(0, 0, f"line {number:04}\n"))
    await writer.flush()
    stored = "".join(await read_texts(database))
    assert stored.startswith("line 0000\n")
    assert len(stored) <= 1000
    log.close()
    log.close()
    await writer.flush()
    texts = await read_texts(database)
    assert texts[-1].endswith("line 0999\n")
    assert sum(map(len, texts)) <= 2100, "the note about lines that were left out comes on top"


async def test_a_chunk_that_does_not_fit_is_cut(database: Database, counted: Counted) -> None:
    writer = writer_of(counted)
    log = AttemptLog(writer, "job-0", attempt=1, max_bytes=2000)
    log.add(LogChunk(0, 0, "".join(f"line {number:06}\n" for number in range(10_000))))
    log.close()
    await writer.flush()
    (text,) = await read_texts(database)
    assert len(text) <= 1100
    assert text.endswith("line 009999\n")


async def test_a_log_stays_in_order(database: Database, counted: Counted) -> None:
    """Short lines after a chunk that did not fit are not stored before it."""
    writer = writer_of(counted)
    log = AttemptLog(writer, "job-0", attempt=1, max_bytes=100)
    log.add(LogChunk(0, 0, "first\n"))
    log.add(LogChunk(0, 0, "x" * 48 + "\n"))
    log.add(LogChunk(0, 0, "last\n"))
    log.close()
    await writer.flush()
    assert "".join(await read_texts(database)).endswith("last\n")
