"""The queue of durable jobs: takes jobs, runs them on this worker if it has slots, and answers for all of them."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import socket
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import IO

import sqlalchemy as sa

from ffmpeg_worker.errors import InvalidJob, JobNotFinal, WorkerError
from ffmpeg_worker.job.canonical_body import canonical_body
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.queue_fields import DEFAULT_PRIORITY
from ffmpeg_worker.job_queue.changes import Changes, Watch
from ffmpeg_worker.job_queue.database import Database, path_of
from ffmpeg_worker.job_queue.dbos_runtime import APPLICATION_VERSION, Engine
from ffmpeg_worker.job_queue.job_folders import JobFolders
from ffmpeg_worker.job_queue.job_record import JobFilter, JobPage, JobRecord, JobStatus, LogEntry
from ffmpeg_worker.job_queue.job_store import (
    NewJob,
    count_jobs,
    find_open_body,
    get_job,
    insert_job,
    insert_refused,
    list_jobs,
    request_cancel,
    restart_job,
    take_from_dead,
)
from ffmpeg_worker.job_queue.log_store import read_log
from ffmpeg_worker.job_queue.lost_jobs import LostJobs
from ffmpeg_worker.job_queue.membership import Membership, count_workers
from ffmpeg_worker.job_queue.output_files import open_output
from ffmpeg_worker.job_queue.output_links import OutputLinks
from ffmpeg_worker.job_queue.piece_jobs import Bucket, JobPieces, PieceQueue
from ffmpeg_worker.job_queue.queue_health import QueueHealth, read_health
from ffmpeg_worker.job_queue.queue_limits import QueueLimits
from ffmpeg_worker.job_queue.queue_runtime import QueueRuntime
from ffmpeg_worker.job_queue.queue_stats import QueueStats, read_stats
from ffmpeg_worker.job_queue.report_writer import ReportWriter
from ffmpeg_worker.job_queue.retention import Retention
from ffmpeg_worker.job_queue.run_attempts import AttemptRunner, OnEnd
from ffmpeg_worker.job_queue.seal import Seal
from ffmpeg_worker.job_queue.stored_body import pack_body
from ffmpeg_worker.job_queue.waiting_jobs import purge_waiting
from ffmpeg_worker.job_queue.webhooks.callback import Callback, callback_of
from ffmpeg_worker.job_queue.webhooks.progress_events import ProgressEvents
from ffmpeg_worker.job_queue.webhooks.webhooks import Webhooks
from ffmpeg_worker.logs import log
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.tasks import cancel_and_wait, finish_then_cancel

CALLER_PATIENCE_S = 5.0
"""Seconds that a request waits for a database that is away."""
EXPIRY_S = 2.0
"""Seconds between two looks for jobs that were not started in time."""
_LOOK_AGAIN_S = 15.0
_MAX_DIGITS = 18


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """How a queue runs.

    Attributes:
        engine_url: of the database of the engine.
        slots: jobs that this process runs at once; 0: it only takes jobs, and other workers run them.
        max_queued: jobs that may wait; `None`: no limit. Likewise `max_queued_per_key` of one API key.
        grace_s: seconds that running jobs may take after the worker was told to end.
        job_retention_s, output_retention_s: seconds from the end of a job until its record and its outputs go.
        link_lifetime_s: seconds that links to outputs are valid.
        default_timeout_s, max_timeout_s: of jobs.
    """

    engine_url: str
    slots: int
    max_queued: int | None = None
    max_queued_per_key: int | None = None
    grace_s: float = 0.0
    job_retention_s: float = 30 * 86400.0
    output_retention_s: float = 86400.0
    link_lifetime_s: float = 86400.0
    default_timeout_s: float = 600.0
    max_timeout_s: float = 21600.0


@dataclass(frozen=True, slots=True)
class SentJob:
    """A job as a caller sent it.

    Attributes:
        body: its JSON.
        job: what was read from it.
        owner: label of the API key.
        job_id: its id, which nobody can guess; by default a new one.
        idempotency_key: a job of the same owner with the same key is returned instead of a second one.
        expires_at: seconds since 1970 after which it is not started any more.
        parent_id: the job whose piece it is.
        callback: where its webhooks go; by default where the job says.
        base_url: of links in webhooks, without a slash at its end.
    """

    body: JobBody
    job: Job
    owner: str
    job_id: str | None = None
    idempotency_key: str | None = None
    expires_at: float | None = None
    parent_id: str | None = None
    callback: Callback | None = None
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class RefusedJob:
    """A job that cannot be read; see `SentJob`.

    Attributes:
        action: name of its action as far as it is known.
        error: what is wrong with it.
        callback: whom its end is told.
    """

    body: JobBody
    owner: str
    job_id: str
    action: str
    error: WorkerError
    callback: Callback | None = None


class JobQueue:
    """Open queue; its methods take the owner of the request, `None` for all owners.

    All raise QueueUnavailable if the database does not answer, and JobNotFound for jobs of others.
    """

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
        self.seal = seal
        self.folders = folders
        self.database = database
        self.webhooks = webhooks
        self.changes = Changes(database)
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
        self._lost = LostJobs(database, self._engine, self.attempts.end_cancelling)
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
        packed, key = pack_body(sent.body), _one_key(sent)
        job = sent.job
        callback = sent.callback or callback_of(job, sent.base_url)
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

    async def get(self, job_id: str, owner: str | None = None) -> JobRecord:
        """Return a job."""
        record = await self.database.run(
            partial(get_job, job_id=job_id, owner=owner), patience_s=CALLER_PATIENCE_S
        )
        return self._show(record)

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

    async def cancel(self, job_id: str, owner: str | None = None) -> JobRecord:
        """Cancel a job: a waiting one ends at once, a running one is `cancelling` until its programs are gone."""
        record = await self.database.run(
            partial(request_cancel, job_id=job_id, owner=owner), patience_s=CALLER_PATIENCE_S
        )
        self.attempts.cancel(job_id)
        if record.status is JobStatus.CANCELLING:
            await self.attempts.end_cancelling(job_id)
        self.changes.tell([job_id])
        now = await self.get(job_id, owner)
        if record.status is JobStatus.CANCELLING and now.is_final:
            await asyncio.to_thread(self._engine.cancel, record.run_id)
        return now

    async def purge(self, owner: str | None = None) -> int:
        """Cancel all waiting jobs; returns their number."""
        purged, purge = 0, partial(purge_waiting, owner=owner, sent_before=time.time())
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

    async def _open_pieces(
        self, parent: JobRecord, body: JobBody, job: Job, runtime: QueueRuntime
    ) -> JobPieces | None:
        """Return what runs the pieces of a job on several workers; `None` where there is one."""
        if parent.parent_id is not None:
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

    def _show(self, record: JobRecord) -> JobRecord:
        if record.sealed_result is None:
            return record
        return replace(record, result=json.loads(self.seal.unseal(record.sealed_result)), sealed_result=None)

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
        await asyncio.to_thread(self._engine.cancel, *(record.run_id for record in ended))

    async def _expire(self) -> None:
        """End jobs that were not started in time, as long as the queue is open."""
        while True:
            try:
                while ended := await self.attempts.expire():
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


def _one_key(sent: SentJob) -> str | None:
    """Return the idempotency key from the header or the body.

    Raises:
        InvalidJob: both are given, and differ.
    """
    header, field = sent.idempotency_key, sent.job.idempotency_key
    if header and field and header != field:
        raise InvalidJob(
            'The header "Idempotency-Key" and the field "idempotency_key" differ.',
            hint="Give one of them.",
            where={"field": "idempotency_key"},
        )
    return header or field or None


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
