"""Answers for stored jobs: shows them, lists them, waits for them, and opens their outputs."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from functools import partial
from typing import IO

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job_queue.changes import Changes, Watch
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.job_folders import JobFolders
from ffmpeg_worker.job_queue.job_list import list_jobs
from ffmpeg_worker.job_queue.job_record import JobFilter, JobPage, JobRecord, JobStatus, LogEntry
from ffmpeg_worker.job_queue.job_store import count_jobs, get_body, get_job
from ffmpeg_worker.job_queue.log_store import read_log
from ffmpeg_worker.job_queue.output_files import open_output
from ffmpeg_worker.job_queue.queue_health import QueueHealth, read_health
from ffmpeg_worker.job_queue.queue_stats import QueueStats, read_stats
from ffmpeg_worker.job_queue.seal import Seal
from ffmpeg_worker.job_queue.stored_body import open_body

CALLER_PATIENCE_S = 5.0
"""Seconds that a request waits for a database that is away."""
_LOOK_AGAIN_S = 15.0
_MAX_DIGITS = 18


class JobReader:
    """Reads the records of jobs; its methods take the owner of the request, `None` for all owners.

    All raise QueueUnavailable if the database does not answer, and JobNotFound for jobs of others.
    """

    def __init__(self, database: Database, seal: Seal, folders: JobFolders) -> None:
        self.database = database
        self.seal = seal
        self.folders = folders
        self.changes = Changes(database)

    async def get(self, job_id: str, owner: str | None = None) -> JobRecord:
        """Return a job."""
        record = await self.database.run(
            partial(get_job, job_id=job_id, owner=owner), patience_s=CALLER_PATIENCE_S
        )
        return self._show(record)

    async def read_body(self, job_id: str, owner: str | None) -> JobBody:
        """Return the request body of a job; it may hold credentials, so it is never shown as it is."""
        sealed = await self.database.run(
            partial(get_body, job_id=job_id, owner=owner), patience_s=CALLER_PATIENCE_S
        )
        return open_body(self.seal, sealed)

    async def open_output(self, job_id: str, owner: str | None, name: str) -> IO[bytes]:
        """Open an output that waits to be fetched; see `open_output`."""
        return await open_output(self.database, self.folders, job_id, owner, name, patience_s=CALLER_PATIENCE_S)

    async def list(self, wanted: JobFilter, *, cursor: str | None = None, limit: int = 50) -> JobPage:
        """Return a page of jobs, newest first; results are left out.

        Raises:
            InvalidJob: the cursor is not one of an earlier page.
        """
        if cursor is not None and not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= _MAX_DIGITS):
            raise InvalidJob(
                'The "cursor" is not one of an earlier page.',
                hint='Take "next_cursor" of the page before.',
                where={"field": "cursor"},
            )
        before = None if cursor is None else int(cursor)
        return await self.database.run(
            lambda connection: list_jobs(connection, wanted, before=before, limit=limit),
            patience_s=CALLER_PATIENCE_S,
        )

    async def count(self, owner: str | None = None) -> dict[JobStatus, int]:
        """Count jobs by state."""
        return await self.database.run(partial(count_jobs, owner=owner), patience_s=CALLER_PATIENCE_S)

    async def health(self, owner: str | None = None) -> QueueHealth:
        """Count the jobs of an owner, and all workers."""
        return await self.database.run(partial(read_health, owner=owner), patience_s=CALLER_PATIENCE_S)

    async def read_stats(self) -> QueueStats:
        """Return numbers about the whole queue."""
        return await self.database.run(read_stats, patience_s=CALLER_PATIENCE_S)

    async def wait(self, job_id: str, owner: str | None, timeout_s: float) -> JobRecord:
        """Return a job when it has ended, or as it is after `timeout_s`."""
        until = time.monotonic() + timeout_s
        with self.changes.watching(job_id) as watch:
            record = await self.get(job_id, owner)
            while not record.is_final and (left := until - time.monotonic()) > 0:
                record = await self._wait_once(watch, job_id, owner, left)
        return record

    async def watch(self, job_id: str, owner: str | None, after: int = 0) -> AsyncGenerator[JobRecord]:
        """Yield a job as it is, if its revision is above `after`, then after every change, to its end."""
        revision = after
        with self.changes.watching(job_id) as watch:
            record = await self.get(job_id, owner)
            while True:
                if record.revision > revision:
                    revision = record.revision
                    yield record
                if record.is_final:
                    return
                record = await self._wait_once(watch, job_id, owner, _LOOK_AGAIN_S)

    async def read_log(self, job_id: str, owner: str | None, after: int = 0) -> Sequence[LogEntry]:
        """Return what the commands of a job said, after the entry with number `after`."""
        await self.get(job_id, owner)
        return await self.database.run(partial(read_log, job_id=job_id, after=after), patience_s=CALLER_PATIENCE_S)

    async def _wait_once(self, watch: Watch, job_id: str, owner: str | None, timeout_s: float) -> JobRecord:
        """Return a job after its next change, or as it is after `timeout_s`."""
        ended = await watch.wait(timeout_s)
        return await self.get(job_id, owner) if ended is None else self._show(ended)

    async def _wait_for_piece(self, job_id: str, timeout_s: float, revision: int) -> JobRecord:
        """Return a piece when its revision is above `revision`, or as it is after `timeout_s`."""
        with self.changes.watching(job_id) as watch:
            record = await self.get(job_id)
            if record.revision > revision:
                return record
            return await self._wait_once(watch, job_id, None, timeout_s)

    def _show(self, record: JobRecord) -> JobRecord:
        if record.sealed_result is None:
            return record
        return replace(record, result=json.loads(self.seal.unseal(record.sealed_result)), sealed_result=None)
