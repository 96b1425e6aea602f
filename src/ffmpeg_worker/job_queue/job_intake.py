"""Takes new jobs into the queue: seals them, stores them within the limits, and puts them into the queue."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from dataclasses import replace
from functools import partial

import sqlalchemy as sa

from ffmpeg_worker.job.canonical_body import canonical_body
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.queue_fields import DEFAULT_PRIORITY
from ffmpeg_worker.job_queue.attempt_store import insert_refused
from ffmpeg_worker.job_queue.database import PATIENCE_S, Database
from ffmpeg_worker.job_queue.dbos_runtime import Engine
from ffmpeg_worker.job_queue.job_reader import CALLER_PATIENCE_S
from ffmpeg_worker.job_queue.job_record import JobRecord, JobStatus
from ffmpeg_worker.job_queue.job_store import NewJob, insert_job
from ffmpeg_worker.job_queue.queue_limits import QueueLimits
from ffmpeg_worker.job_queue.queue_options import QueueOptions
from ffmpeg_worker.job_queue.seal import Seal
from ffmpeg_worker.job_queue.sent_job import RefusedJob, SentJob, key_of
from ffmpeg_worker.job_queue.stored_body import pack_body
from ffmpeg_worker.job_queue.webhooks.callback import Callback, callback_of
from ffmpeg_worker.job_queue.webhooks.webhooks import Webhooks
from ffmpeg_worker.logs import log
from ffmpeg_worker.pipeline.compute import Compute
from ffmpeg_worker.tasks import finish_then_cancel
from ffmpeg_worker.trace_context import current_trace


class JobIntake:
    """Stores jobs before they run; whoever leaves meanwhile loses none, as a stored job is queued in any case."""

    def __init__(
        self,
        database: Database,
        seal: Seal,
        webhooks: Webhooks,
        engine: Engine,
        compute: Compute,
        options: QueueOptions,
    ) -> None:
        self._database = database
        self._seal = seal
        self._webhooks = webhooks
        self._engine = engine
        self._compute = compute
        self._limits = QueueLimits(options.max_queued, options.max_queued_per_key)
        self._timeout_s = options.default_timeout_s

    async def take(self, sent: SentJob) -> tuple[JobRecord, bool]:
        """Store a job; returns it, and whether it is new: with an idempotency key it may be an earlier one.

        Raises:
            QueueLimitReached: too many jobs wait.
            IdempotencyConflict: another job has the key.
        """
        trace = current_trace()
        carried = {} if trace is None else trace.headers()
        packed, key = pack_body(replace(sent.body, trace=carried)), key_of(sent)
        callback = sent.callback or callback_of(sent.job, sent.base_url)
        new = NewJob(
            job_id=sent.job_id or str(uuid.uuid4()),
            owner=sent.owner,
            action=sent.job.action,
            priority=sent.job.priority or DEFAULT_PRIORITY,
            body=self._seal.seal(packed),
            body_digest=self._seal.digest(packed if key is None else await self._canonical(sent)),
            idempotency_key=key,
            callback=self._webhooks.seal_callback(replace(callback, trace=carried)) if callback else None,
            metadata=sent.job.metadata,
            expires_at=sent.expires_at,
            parent_id=sent.parent_id,
        )
        return await finish_then_cancel(self._store(new, patience_s=CALLER_PATIENCE_S))

    async def take_piece(self, piece_id: str, body: JobBody, parent: JobRecord) -> JobRecord:
        """Store a piece of a job that runs; pieces are not limited, and are as patient as their job."""
        packed = pack_body(body)
        piece = NewJob(
            job_id=piece_id,
            owner=parent.owner,
            action=parent.action,
            priority=parent.priority,
            body=self._seal.seal(packed),
            body_digest=self._seal.digest(packed),
            parent_id=parent.job_id,
        )
        record, _ = await finish_then_cancel(self._store(piece))
        return record

    async def store_refused(self, refused: RefusedJob) -> JobRecord:
        """Store a job that cannot be queued, for senders that look for its error in its record."""
        packed = pack_body(refused.body)
        callback: Callback | None = refused.callback
        new = NewJob(
            job_id=refused.job_id,
            owner=refused.owner,
            action=refused.action,
            priority=DEFAULT_PRIORITY,
            body=self._seal.seal(packed),
            body_digest=self._seal.digest(packed),
            callback=None if callback is None else self._webhooks.seal_callback(callback),
        )
        store = partial(insert_refused, job=new, problem=refused.error.as_problem(refused.job_id))
        return await self._database.run(store, patience_s=CALLER_PATIENCE_S)

    async def enqueue(self, record: JobRecord) -> None:
        """Put a job into the engine's queue; if that fails or takes long, `LostJobs` does, since it is stored."""
        is_piece = record.parent_id is not None
        enqueue = partial(self._engine.enqueue, record.run_id, record.job_id, priority=record.priority)
        work = asyncio.ensure_future(asyncio.to_thread(enqueue, is_piece=is_piece))
        await asyncio.wait({work}, timeout=CALLER_PATIENCE_S)
        if work.done() and work.exception() is None:
            self._engine.wake(is_piece=is_piece)
            return
        reason = str(work.exception()) if work.done() else "it takes long"
        log(
            logging.WARNING,
            "a job could not be put into the engine's queue yet",
            job=record.job_id,
            detail=reason,
        )

    async def _store(self, new: NewJob, *, patience_s: float = PATIENCE_S) -> tuple[JobRecord, bool]:
        record, is_new = await self._database.run(partial(self._insert, job=new), patience_s=patience_s)
        if is_new or record.status is JobStatus.QUEUED:
            await self.enqueue(record)
        return record, is_new

    def _insert(self, connection: sa.Connection, job: NewJob) -> tuple[JobRecord, bool]:
        record, is_new = insert_job(connection, job)
        if is_new and job.parent_id is None:
            self._limits.check(connection, job.owner)
        return record, is_new

    async def _canonical(self, sent: SentJob) -> bytes:
        """Return what is equal in all bodies of the same job."""
        deadline = time.monotonic() + self._timeout_s
        size = len(sent.body.content)
        return await self._compute.call(
            size, canonical_body, sent.body, sent.job.action, deadline=deadline, owner=sent.owner
        )
