"""Stores the ends of queued jobs, with what was reported of them, and removes their working files."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import sqlalchemy as sa

from ffmpeg_worker.errors import JobCancelled, JobReplaced, QueueUnavailable, WorkerError
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.job_queue.attempt_store import finish_job, give_back
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.job_folders import JobFolders
from ffmpeg_worker.job_queue.job_record import JobRecord, JobStatus
from ffmpeg_worker.job_queue.job_store import get_job
from ffmpeg_worker.job_queue.log_store import append_log
from ffmpeg_worker.job_queue.report_writer import ReportWriter, UnwrittenReports
from ffmpeg_worker.job_queue.seal import Seal
from ffmpeg_worker.job_queue.waiting_jobs import expire_waiting
from ffmpeg_worker.logs import log

OnEnd = Callable[[JobRecord, float], None]
"""Receives a job that has ended, and the seconds of its last attempt."""


class JobEndings:
    """Ends jobs of this worker: as succeeded, failed or cancelled, or by returning them to the queue."""

    def __init__(
        self, database: Database, seal: Seal, folders: JobFolders, reports: ReportWriter, on_end: OnEnd
    ) -> None:
        self._database = database
        self._seal = seal
        self._folders = folders
        self._reports = reports
        self._on_end = on_end
        self.is_closing = False
        """Whether the worker ends; then a database that is away is not waited for."""

    async def succeed(self, job_id: str, token: str, began: float, result: JobResult) -> None:
        """Store the result of an attempt that began at `began`, on the clock of `time.monotonic`."""
        sealed = self._seal.seal(json.dumps(result.as_json(), separators=(",", ":")).encode())
        place = self._folders.place if self._folders.has_outputs(job_id) else None
        finish = partial(
            finish_job,
            job_id=job_id,
            token=token,
            status=JobStatus.SUCCEEDED,
            result=sealed,
            outputs_place=place,
        )
        await self._end(finish, job_id, began, has_failed=False)

    async def fail(self, job_id: str, token: str, began: float, error: WorkerError) -> None:
        """Store the error of an attempt that began at `began`, on the clock of `time.monotonic`."""
        status = JobStatus.CANCELLED if isinstance(error, JobCancelled) else JobStatus.FAILED
        finish = partial(finish_job, job_id=job_id, token=token, status=status, error=error.as_problem(job_id))
        await self._end(finish, job_id, began, has_failed=True)

    async def end_cancelling(self, job_id: str) -> bool:
        """End a job that was cancelled when no worker ran it; returns whether it was so."""
        error = JobCancelled("The job was cancelled.").as_problem(job_id)

        def finish(connection: sa.Connection) -> JobRecord:
            if get_job(connection, job_id).status is not JobStatus.CANCELLING:
                raise JobReplaced("The job is not cancelled.")
            return finish_job(connection, job_id, None, JobStatus.CANCELLED, error=error)

        try:
            record = await self._database.run(finish)
        except JobReplaced:  # it has ended already, or another worker runs it
            return False
        self._tell(record, time.monotonic())
        await self._folders.end(job_id)
        return True

    async def expire(self, job_id: str | None = None) -> list[JobRecord]:
        """End jobs that were not started in time, or only that one; returns those that it has ended."""
        ended = await self._database.run(partial(expire_waiting, job_id=job_id))
        for record in ended:
            self._tell(record, time.monotonic())
            await self._folders.end(record.job_id)
        return ended

    async def give_back(self, job_id: str, token: str) -> None:
        """Return a job to the queue, whose attempt the end of this worker has interrupted."""
        unwritten = self._reports.take(job_id)

        def write(connection: sa.Connection) -> None:
            give_back(connection, job_id, token)
            append_log(connection, unwritten.log)

        try:
            await self._database.run(write, patience_s=5)
        except WorkerError as error:
            log(logging.WARNING, "a job could not be given back; others take it over", detail=error.detail)

    async def leave_replaced(self, job_id: str) -> None:
        """Remove the working files, unless an attempt holds them, or the job waits for its next attempt."""
        log(logging.WARNING, "another worker runs the job, or has ended it")
        with suppress(WorkerError):
            record = await self._database.run(partial(get_job, job_id=job_id), patience_s=5)
            if record.status is not JobStatus.QUEUED:
                await self._folders.remove_work(job_id)

    async def _end(self, finish: Callable[..., JobRecord], job_id: str, began: float, *, has_failed: bool) -> None:
        """Store the end of a job, then remove its working files; without it, the work would be done again."""
        unwritten = self._reports.take(job_id)
        while True:
            try:
                self._tell(await self._store(finish, unwritten), began)
                await self._folders.end(job_id)
            except JobReplaced:
                await self.leave_replaced(job_id)
            except QueueUnavailable as error:
                log(logging.ERROR, "the end of a job could not be stored", detail=error.detail)
                if self.is_closing:
                    return
                if has_failed:  # maybe its own files have filled the disk
                    await self._folders.remove_work(job_id)
                continue
            return

    def _store(self, finish: Callable[..., JobRecord], unwritten: UnwrittenReports) -> Awaitable[JobRecord]:
        """Store an end with the rest of the log: whoever sees the end finds the whole log."""

        def write(connection: sa.Connection) -> JobRecord:
            record = finish(connection, progress=unwritten.progress)
            append_log(connection, unwritten.log)
            return record

        return self._database.run(write)

    def _tell(self, record: JobRecord, began: float) -> None:
        seconds = time.monotonic() - began
        outcome = record.status.value if record.error is None else record.error["code"]
        log(logging.INFO, "job ended", action=record.action, outcome=outcome, seconds=round(seconds, 3))
        self._on_end(record, seconds)
