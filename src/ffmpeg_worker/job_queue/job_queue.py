"""The queue of durable jobs: takes jobs, runs them on this worker if it has slots, and answers for all of them."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

import sqlalchemy as sa

from ffmpeg_worker.errors import JobNotFinal, WorkerError
from ffmpeg_worker.job.canonical_body import canonical_body
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.queue_fields import DEFAULT_PRIORITY
from ffmpeg_worker.job_queue.attempt_store import insert_refused, take_from_dead
from ffmpeg_worker.job_queue.database import Database, path_of
from ffmpeg_worker.job_queue.dbos_runtime import APPLICATION_VERSION, Engine
from ffmpeg_worker.job_queue.job_endings import OnEnd
from ffmpeg_worker.job_queue.job_folders import JobFolders
from ffmpeg_worker.job_queue.job_reader import CALLER_PATIENCE_S, JobReader
from ffmpeg_worker.job_queue.job_record import JobRecord, JobStatus
from ffmpeg_worker.job_queue.job_store import (
    NewJob,
    find_open_body,
    insert_job,
    request_cancel,
    restart_job,
)
from ffmpeg_worker.job_queue.lost_jobs import LostJobs
from ffmpeg_worker.job_queue.membership import Membership, count_workers
from ffmpeg_worker.job_queue.output_links import OutputLinks
from ffmpeg_worker.job_queue.piece_jobs import Bucket, JobPieces, PieceQueue
from ffmpeg_worker.job_queue.queue_limits import QueueLimits
from ffmpeg_worker.job_queue.queue_options import QueueOptions
from ffmpeg_worker.job_queue.queue_runtime import QueueRuntime
from ffmpeg_worker.job_queue.report_writer import ReportWriter
from ffmpeg_worker.job_queue.retention import Retention
from ffmpeg_worker.job_queue.run_attempts import AttemptRunner
from ffmpeg_worker.job_queue.seal import Seal
from ffmpeg_worker.job_queue.sent_job import RefusedJob, SentJob, key_of
from ffmpeg_worker.job_queue.stored_body import pack_body
from ffmpeg_worker.job_queue.waiting_jobs import find_last_number, purge_waiting
from ffmpeg_worker.job_queue.webhooks.callback import callback_of
from ffmpeg_worker.job_queue.webhooks.progress_events import ProgressEvents
from ffmpeg_worker.job_queue.webhooks.webhooks import Webhooks
from ffmpeg_worker.logs import log
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.tasks import cancel_and_wait, finish_then_cancel
from ffmpeg_worker.trace_context import current_trace

EXPIRY_S = 2.0
"""Seconds between two looks for jobs that were not started in time."""


class JobQueue(JobReader):
    """Open queue: takes jobs, and cancels and repeats them; see `JobReader` for owners and errors."""

    def __init__(
        self,
        resources: WorkerResources,
        database: Database,
        seal: Seal,
        folders: JobFolders,
        webhooks: Webhooks,
        options: QueueOptions,
        on_end: OnEnd = lambda _record, _seconds: None,
    ) -> None:
        super().__init__(database, seal, folders)
        self.webhooks = webhooks
        self.links = OutputLinks(seal, options.link_lifetime_s)
        self.executor = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._options = options
        self._on_end = on_end
        self._expiring: asyncio.Task[None] | None = None
        self.reports = ReportWriter(database, self.changes.tell, ProgressEvents(webhooks.wake))
        self.attempts = AttemptRunner(
            resources,
            database,
            seal,
            folders,
            self.reports,
            self.executor,
            default_timeout_s=options.default_timeout_s,
            max_timeout_s=options.max_timeout_s,
            on_end=self._ended,
            open_pieces=self._open_pieces,
        )
        self._engine = Engine(
            options.engine_url, self.executor, self.attempts.run, slots=options.slots, pieces=options.slots
        )
        self._limits = QueueLimits(options.max_queued, options.max_queued_per_key)
        self._lost = LostJobs(database, self._engine, self.attempts.endings.end_cancelling)
        self.retention = Retention(
            database,
            folders,
            self._engine.forget,
            job_retention_s=options.job_retention_s,
            output_retention_s=options.output_retention_s,
            files=[path for path in (database.path, path_of(options.engine_url)) if path is not None],
        )
        self._membership = Membership(
            database,
            self.executor,
            version=APPLICATION_VERSION,
            place=folders.place,
            slots=options.slots,
            on_dead=self._take_over,
        )

    async def open(self) -> None:
        """Start to take jobs, and to run those that wait.

        Raises:
            Misconfigured: the database cannot be opened, or its jobs were sealed with another key.
        """
        await self.database.open()
        await self._check_key()
        await self._membership.enter()
        await self._engine.open()
        await self._membership.open()
        await self._lost.open()
        self._expiring = asyncio.create_task(self._expire())
        if self._options.slots:
            self.retention.start()
        self.webhooks.open(self.executor)

    async def close(self) -> None:
        """Give running jobs back after the grace time, and leave."""
        await self.retention.close()
        if self._expiring is not None:
            await cancel_and_wait(self._expiring)
        closing = asyncio.create_task(self.attempts.close(self._options.grace_s))
        await asyncio.sleep(0)  # no further attempt starts now
        await closing
        await self._lost.close()
        await self._engine.close()
        await self._membership.close()
        await self.reports.flush()
        await self.webhooks.close()
        await self.database.close()

    async def _check_key(self) -> None:
        """Check the key before any job is tried with it: each would fail for good."""
        body = await self.database.run(find_open_body)
        if body is not None:
            self.seal.unseal(body)

    async def submit(self, sent: SentJob) -> tuple[JobRecord, bool]:
        """Store a job; returns it, and whether it is new: with an idempotency key it may be an earlier one.

        Raises:
            QueueLimitReached: too many jobs wait.
            IdempotencyConflict: another job has the key.
        """
        trace = current_trace()
        carried = {} if trace is None else trace.headers()
        packed, key = pack_body(replace(sent.body, trace=carried)), key_of(sent)
        job = sent.job
        callback = sent.callback or callback_of(job, sent.base_url)
        if callback is not None:
            callback = replace(callback, trace=carried)
        sealed = None if callback is None else self.webhooks.seal_callback(callback)
        new = NewJob(
            job_id=sent.job_id or str(uuid.uuid4()),
            owner=sent.owner,
            action=job.action,
            priority=job.priority or DEFAULT_PRIORITY,
            body=self.seal.seal(packed),
            body_digest=self.seal.digest(packed if key is None else await self._canonical(sent)),
            idempotency_key=key,
            callback=sealed,
            metadata=job.metadata,
            expires_at=sent.expires_at,
            parent_id=sent.parent_id,
        )
        # Caller or not, a job that is stored is queued.
        return await finish_then_cancel(self._store(new))

    async def _store(self, new: NewJob) -> tuple[JobRecord, bool]:
        insert = partial(self._insert_within_limits, job=new)
        record, is_new = await self.database.run(insert, patience_s=CALLER_PATIENCE_S)
        if is_new or record.status is JobStatus.QUEUED:
            await self._enqueue(record)
        return self._show(record), is_new

    async def store_refused(self, refused: RefusedJob) -> JobRecord:
        """Store a job that cannot be queued, for senders that look for its error in its record."""
        packed = pack_body(refused.body)
        new = NewJob(
            job_id=refused.job_id,
            owner=refused.owner,
            action=refused.action,
            priority=DEFAULT_PRIORITY,
            body=self.seal.seal(packed),
            body_digest=self.seal.digest(packed),
            callback=None if refused.callback is None else self.webhooks.seal_callback(refused.callback),
        )
        store = partial(insert_refused, job=new, problem=refused.error.as_problem(refused.job_id))
        record = await self.database.run(store, patience_s=CALLER_PATIENCE_S)
        self._ended(record, 0.0)
        return record

    async def cancel(self, job_id: str, owner: str | None = None) -> JobRecord:
        """Cancel a job: a waiting one ends at once, a running one is `cancelling` until its programs are gone."""
        record = await self.database.run(
            partial(request_cancel, job_id=job_id, owner=owner), patience_s=CALLER_PATIENCE_S
        )
        self.attempts.cancel(job_id)
        if record.status is JobStatus.CANCELLING:
            await self.attempts.endings.end_cancelling(job_id)
        self.changes.tell([job_id])
        now = await self.get(job_id, owner)
        if now.is_final and record.status is not JobStatus.CANCELLING:
            await self.folders.end(job_id)
        if record.status is JobStatus.CANCELLING and now.is_final:
            await asyncio.to_thread(self._engine.cancel, record.run_id)
        return now

    async def purge(self, owner: str | None = None) -> int:
        """Cancel all waiting jobs; returns their number."""
        last = await self.database.run(find_last_number, patience_s=CALLER_PATIENCE_S)
        purged, purge = 0, partial(purge_waiting, owner=owner, up_to=last)
        while ended := await self.database.run(purge, patience_s=CALLER_PATIENCE_S):
            purged += len(ended)
            for record in ended:
                self._on_end(record, 0.0)
            await self._forget_waiting(ended)
        return purged

    async def retry(self, job_id: str, owner: str | None = None) -> JobRecord:
        """Run an ended job again, under the same id.

        Raises:
            JobNotFinal: it has not ended.
        """
        return await finish_then_cancel(self._restart(job_id, owner))

    async def _restart(self, job_id: str, owner: str | None) -> JobRecord:
        states: list[JobRecord] = []

        def restart(connection: sa.Connection) -> JobRecord:
            # Repeated after a lost connection, it may find its own work: the first look counts.
            states.append(restart_job(connection, job_id, owner))
            return states[0]

        before = await self.database.run(restart, patience_s=CALLER_PATIENCE_S)
        if not before.is_final:
            raise JobNotFinal(
                f"The job is {before.status.value}, so it cannot be repeated.",
                hint="Wait for its end, or cancel it.",
            )
        await self.folders.remove(job_id)
        record = await self.get(job_id, owner)
        await self._enqueue(record)
        self.changes.tell([job_id])
        return record

    async def _open_pieces(
        self, parent: JobRecord, body: JobBody, job: Job, runtime: QueueRuntime
    ) -> JobPieces | None:
        """Return what runs the pieces of a job on several workers; `None` where there is one."""
        if parent.parent_id is not None or body.files:  # which other workers may not find
            return None
        count, sharing = await self.database.run(partial(count_workers, place=self.folders.place))
        bucket = Bucket.of(job, body) if sharing < count else None
        helping = sharing if bucket is None else count
        if helping < 2:
            return None
        pieces = PieceQueue(self._send_piece, self._wait_for_piece, self.cancel, self.folders)
        return JobPieces(pieces, parent, body, runtime, count=helping, bucket=bucket)

    async def _send_piece(self, piece_id: str, body: JobBody, parent: JobRecord) -> JobRecord:
        packed = pack_body(body)
        piece = NewJob(
            job_id=piece_id,
            owner=parent.owner,
            action=parent.action,
            priority=parent.priority,
            body=self.seal.seal(packed),
            body_digest=self.seal.digest(packed),
            parent_id=parent.job_id,
        )
        return await finish_then_cancel(self._store_piece(piece))

    async def _store_piece(self, piece: NewJob) -> JobRecord:
        record, _ = await self.database.run(partial(insert_job, job=piece))
        if record.status is JobStatus.QUEUED:
            await self._enqueue(record)
        return self._show(record)

    def _insert_within_limits(self, connection: sa.Connection, job: NewJob) -> tuple[JobRecord, bool]:
        record, is_new = insert_job(connection, job)
        if is_new and job.parent_id is None:
            self._limits.check(connection, job.owner)
        return record, is_new

    async def _canonical(self, sent: SentJob) -> bytes:
        """Return what is equal in all bodies of the same job."""
        deadline = time.monotonic() + self._options.default_timeout_s
        call = self.attempts.resources.compute.call
        size = len(sent.body.content)
        return await call(size, canonical_body, sent.body, sent.job.action, deadline=deadline, owner=sent.owner)

    async def _enqueue(self, record: JobRecord) -> None:
        """Put a job into the engine's queue; if that fails or takes long, `LostJobs` does, since it is stored."""
        is_piece = record.parent_id is not None
        enqueue = partial(self._engine.enqueue, record.run_id, record.job_id, priority=record.priority)
        work = asyncio.ensure_future(asyncio.to_thread(enqueue, is_piece=is_piece))
        await asyncio.wait({work}, timeout=CALLER_PATIENCE_S)
        if work.done() and work.exception() is None:
            self._engine.wake(is_piece=is_piece)
        else:
            reason = str(work.exception()) if work.done() else "it takes long"
            log(
                logging.WARNING,
                "a job could not be put into the engine's queue yet",
                job=record.job_id,
                detail=reason,
            )

    def _ended(self, record: JobRecord, seconds: float) -> None:
        self.changes.tell_end(record)
        if record.has_callback:
            self.webhooks.wake()
        self._on_end(record, seconds)
        # The engine counts the run until its workflow has ended, a moment after this.
        wake = partial(self._engine.wake, is_piece=record.parent_id is not None)
        asyncio.get_running_loop().call_later(0.01, wake)

    async def _forget_waiting(self, ended: Sequence[JobRecord]) -> None:
        """Take jobs that ended without an attempt out of the engine's queue."""
        self.changes.tell([record.job_id for record in ended])
        self.webhooks.wake()
        for record in ended:
            await self.folders.end(record.job_id)
        await asyncio.to_thread(self._engine.cancel, *(record.run_id for record in ended))

    async def _expire(self) -> None:
        """End jobs that were not started in time, as long as the queue is open."""
        while True:
            try:
                while ended := await self.attempts.endings.expire():
                    await self._forget_waiting(ended)
            except WorkerError as error:
                log(logging.WARNING, "expired jobs could not be ended", detail=error.detail)
            except Exception:
                log(logging.ERROR, "expired jobs could not be ended", exc_info=True)
            await asyncio.sleep(EXPIRY_S)

    async def _take_over(self, executors: Sequence[str]) -> bool:
        """Put the jobs of dead workers back into the queue."""
        taken = await self.database.run(partial(take_from_dead, executors=executors))
        self.changes.tell(taken)
        await self.webhooks.take_over(executors)
        is_empty = await asyncio.to_thread(self._engine.recover, executors)
        await self._lost.find_all()
        self._engine.wake()
        return is_empty


@asynccontextmanager
async def open_job_queue(
    resources: WorkerResources,
    database: Database,
    seal: Seal,
    folders: JobFolders,
    webhooks: Webhooks,
    options: QueueOptions,
    on_end: OnEnd,
) -> AsyncIterator[JobQueue]:
    """Open a queue, and close it at the end.

    Raises:
        Misconfigured: the database cannot be opened.
    """
    queue = JobQueue(resources, database, seal, folders, webhooks, options, on_end)
    try:
        await queue.open()
        yield queue
    finally:
        await queue.close()
