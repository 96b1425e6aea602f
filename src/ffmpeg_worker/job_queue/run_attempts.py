"""Runs attempts at queued jobs on this worker, and ends their records."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from ffmpeg_worker.errors import (
    JobCancelled,
    JobInterrupted,
    JobPoisoned,
    JobReplaced,
    SourceNotFound,
    WorkerError,
)
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.lifecycle import JobEvent
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.job_queue.attempt_log import AttemptLog
from ffmpeg_worker.job_queue.attempt_store import Attempt, begin_attempt
from ffmpeg_worker.job_queue.cancellation_watch import CancellationWatch
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.job_endings import JobEndings, OnEnd
from ffmpeg_worker.job_queue.job_folders import JobFolders
from ffmpeg_worker.job_queue.job_record import JobRecord
from ffmpeg_worker.job_queue.queue_runtime import QueueRuntime
from ffmpeg_worker.job_queue.report_writer import ReportWriter
from ffmpeg_worker.job_queue.seal import Seal
from ffmpeg_worker.job_queue.step_records import StepRecords
from ffmpeg_worker.job_queue.stored_body import open_body
from ffmpeg_worker.logs import job_id_var, log
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.pipeline.run_job import run_job
from ffmpeg_worker.pipeline.runtime import PieceWorkers
from ffmpeg_worker.storage.removal_permit import removing_if
from ffmpeg_worker.tasks import finish_shielded
from ffmpeg_worker.trace_context import enter_trace, open_trace, tracing

MAX_ATTEMPTS = 3
_CLOSING_PATIENCE_S = 5.0
"""Seconds for which a worker that ends tries to store what its jobs have done."""

OpenPieces = Callable[[JobRecord, JobBody, Job, QueueRuntime], Awaitable[PieceWorkers | None]]
"""Finds workers that help with the pieces of a split encode."""


@dataclass(slots=True, eq=False)
class _Running:
    task: asyncio.Task[Any]
    job_id: str
    token: str
    is_cancelled: bool = False
    runtime: QueueRuntime | None = None


class AttemptRunner:
    """Runs attempts; a job that is cancelled is stopped, one that the shutdown stops is given back."""

    def __init__(  # noqa: PLR0913 - what all attempts share
        self,
        resources: WorkerResources,
        database: Database,
        seal: Seal,
        folders: JobFolders,
        reports: ReportWriter,
        executor: str,
        *,
        default_timeout_s: float,
        max_timeout_s: float,
        on_end: OnEnd,
        open_pieces: OpenPieces,
    ) -> None:
        self.resources = resources
        self._database = database
        self._seal = seal
        self._folders = folders
        self._reports = reports
        self._executor = executor
        self._default_timeout_s = default_timeout_s
        self._max_timeout_s = max_timeout_s
        self.endings = JobEndings(database, seal, folders, reports, on_end)
        self._open_pieces = open_pieces
        self._running: set[_Running] = set()
        self._is_closing = False
        self._cancellations = CancellationWatch(database, executor, self.cancel, lambda: self.count > 0)

    @property
    def count(self) -> int:
        """Attempts that run now."""
        return len(self._running)

    async def run(self, job_id: str) -> None:
        """Run an attempt at a job, to the end of the job.

        Raises:
            JobInterrupted: the worker closes; the job is in the queue again.
        """
        if self._is_closing:
            raise JobInterrupted("The worker is shutting down.")
        running = _Running(_current_task(), job_id, secrets.token_hex(16))
        self._running.add(running)
        self._cancellations.start()
        context = job_id_var.set(job_id)
        try:
            with tracing(None):
                await self._run_attempt(running)
        finally:
            job_id_var.reset(context)
            self._running.discard(running)

    def cancel(self, job_id: str) -> None:
        """Stop a job that a caller has cancelled, if it runs here."""
        for running in self._running:
            if running.job_id == job_id and not running.is_cancelled:
                running.is_cancelled = True
                running.task.cancel()

    async def close(self, grace_s: float) -> None:
        """Let running attempts end within `grace_s`, then give their jobs back to the queue."""
        self._is_closing = self.endings.is_closing = True
        tasks = [running.task for running in self._running]
        if tasks:
            await asyncio.wait(tasks, timeout=grace_s)
            self._database.limit_patience(_CLOSING_PATIENCE_S)
            for running in self._running:
                if running.runtime is not None:
                    running.runtime.is_given_back = not running.is_cancelled
                running.task.cancel()
            await asyncio.wait(tasks)
        self._cancellations.stop()

    async def _run_attempt(self, running: _Running) -> None:
        job_id, token, began = running.job_id, running.token, time.monotonic()
        try:
            begin = partial(begin_attempt, job_id=job_id, executor=self._executor, token=token)
            attempt = await self._database.run(begin)
            if attempt is None:
                if not await self.endings.expire(job_id):
                    await self.endings.end_cancelling(job_id)
                return
            if attempt.record.attempts > MAX_ATTEMPTS:
                raise _poisoned(attempt)
            result = await self._run_job(attempt, running)
        except asyncio.CancelledError:
            if not running.is_cancelled:
                await finish_shielded(self.endings.give_back(job_id, token))
                raise JobInterrupted("The worker is shutting down.") from None
            end = self.endings.fail(job_id, token, began, JobCancelled("The job was cancelled."))
        except JobReplaced:
            end = self.endings.leave_replaced(job_id)
        except WorkerError as error:
            end = self.endings.fail(job_id, token, began, error)
        except Exception:
            log(logging.ERROR, "the job failed unexpectedly", exc_info=True)
            unexpected = WorkerError("The worker failed; its log has the reason.")
            end = self.endings.fail(job_id, token, began, unexpected)
        else:
            end = self.endings.succeed(job_id, token, began, result)
        await finish_shielded(end)

    async def _run_job(self, attempt: Attempt, running: _Running) -> JobResult:
        record = attempt.record
        body: JobBody = open_body(self._seal, attempt.body)
        enter_trace(open_trace(body.trace))
        if body.files and not self._folders.has_inputs(record.job_id):
            raise _files_gone()
        read = await self.resources.compute.read(body, self.resources.machine, owner=record.owner)
        records = StepRecords(self._database, record.job_id, attempt.token, attempt.steps)
        folder = self._folders.of(record.job_id)
        said = AttemptLog(self._reports, record.job_id, record.attempts)
        runtime = QueueRuntime(
            self.resources,
            record.job_id,
            record.owner,
            timeout_s=min(read.job.timeout or self._default_timeout_s, self._max_timeout_s),
            folder=folder,
            observer=partial(self._observe, record.job_id, attempt.token),
            log_sink=said.add,
            seal=self._seal,
            records=records,
        )
        running.runtime = runtime
        if read.job.data.may_be_split:
            runtime.piece_workers = await self._open_pieces(record, body, read.job, runtime)
        try:
            with removing_if(records.keeps_ownership):
                return await run_job(runtime, read)
        finally:
            said.close()
            await finish_shielded(records.close(write=runtime.is_given_back))

    def _observe(self, job_id: str, token: str, event: JobEvent) -> None:
        self._reports.report_progress(job_id, token, event.as_json())


def _current_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("attempts run in tasks")
    return task


def _files_gone() -> SourceNotFound:
    return SourceNotFound(
        "The files that were sent with the job are not on this machine, or were removed when it ended.",
        code="sent_file_removed",
        hint="Send the job with its files again. Machines that share a queue need a shared "
        "FFMPEG_WORKER_STATE_ROOT, or files at URLs.",
    )


def _poisoned(attempt: Attempt) -> JobPoisoned:
    ended = attempt.history[:-1]
    return JobPoisoned(
        f"The job ended its worker {len(ended)} times, so it is not tried again.",
        hint="Look into the worker's log at these times; most likely the job needs more memory than there is.",
        stderr="\n".join(map(_describe_attempt, ended)),
    )


def _describe_attempt(entry: Mapping[str, Any]) -> str:
    began = datetime.fromtimestamp(entry["began_at"], UTC).isoformat(timespec="seconds")
    progress = entry.get("progress") or {}
    stage, percent = progress.get("stage", "before its first stage"), progress.get("percent", 0)
    return f"{began} on {entry['executor']}: ended in stage {stage} at {percent} %"
