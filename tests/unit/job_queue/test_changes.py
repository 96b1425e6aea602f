"""Those who wait for a job notice every change, of this process and of others."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from ffmpeg_worker.job_queue.job_record import JobStatus
from support.jobs.stored_jobs import open_stored_jobs

WITHIN_S = 20


async def test_a_change_between_reading_and_waiting_is_not_missed(tmp_path: Path) -> None:
    async with open_stored_jobs(tmp_path) as stored:
        with stored.queue.changes.watching("job") as watch:
            stored.queue.changes.tell(["job", "other"])
            async with asyncio.timeout(WITHIN_S):
                await watch.wait(3600)


async def test_a_watch_sees_the_start_and_the_end(tmp_path: Path) -> None:
    async with open_stored_jobs(tmp_path) as stored, asyncio.timeout(WITHIN_S):
        job = await stored.add()
        following = stored.queue.watch(job.job_id, None)
        assert (await anext(following)).status is JobStatus.QUEUED
        attempt = await stored.begin(job)
        assert (await anext(following)).status is JobStatus.RUNNING
        waiting = asyncio.create_task(stored.queue.wait(job.job_id, None, 3600))
        await stored.end(attempt.record)
        assert [record.status async for record in following] == [JobStatus.SUCCEEDED]
        assert (await waiting).status is JobStatus.SUCCEEDED


async def test_a_watch_begins_after_the_revision_that_is_known(tmp_path: Path) -> None:
    async with open_stored_jobs(tmp_path) as stored, asyncio.timeout(WITHIN_S):
        ended = await stored.end(await stored.add())
        assert [record.revision async for record in stored.queue.watch(ended.job_id, None, 1)] == [ended.revision]
        assert [record async for record in stored.queue.watch(ended.job_id, None, ended.revision)] == []


async def test_changes_of_other_processes_are_found(tmp_path: Path) -> None:
    async with open_stored_jobs(tmp_path) as stored, asyncio.timeout(WITHIN_S):
        job = await stored.add()
        waiting = asyncio.create_task(stored.queue.wait(job.job_id, None, 3600))
        await asyncio.sleep(0)
        with sqlite3.connect(tmp_path / "jobs.db") as other:
            other.execute("UPDATE ffw_jobs SET status = 'cancelled', revision = revision + 1")
        other.close()
        assert (await waiting).status is JobStatus.CANCELLED


async def test_waiting_ends_with_its_time(tmp_path: Path) -> None:
    async with open_stored_jobs(tmp_path) as stored, asyncio.timeout(WITHIN_S):
        job = await stored.add()
        assert (await stored.queue.wait(job.job_id, None, 0.01)).status is JobStatus.QUEUED
