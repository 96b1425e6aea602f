"""The queue of durable jobs: takes jobs, runs them on this worker if it has slots, and answers for all of them."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Sequence
from functools import partial

import sqlalchemy as sa

from ffmpeg_worker.errors import JobNotFinal
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job_queue.attempt_store import take_from_dead
from ffmpeg_worker.job_queue.database import Database, path_of
from ffmpeg_worker.job_queue.dbos_runtime import APPLICATION_VERSION, Engine
from ffmpeg_worker.job_queue.end_waiting_jobs import WaitingJobs
from ffmpeg_worker.job_queue.job_endings import OnEnd
from ffmpeg_worker.job_queue.job_folders import JobFolders
from ffmpeg_worker.job_queue.job_intake import JobIntake
from ffmpeg_worker.job_queue.job_reader import CALLER_PATIENCE_S, JobReader
from ffmpeg_worker.job_queue.job_record import JobRecord, JobStatus
from ffmpeg_worker.job_queue.job_store import find_open_body, request_cancel, restart_job
from ffmpeg_worker.job_queue.lost_jobs import LostJobs
from ffmpeg_worker.job_queue.membership import Membership
from ffmpeg_worker.job_queue.open_pieces import open_pieces
from ffmpeg_worker.job_queue.output_links import OutputLinks
from ffmpeg_worker.job_queue.piece_jobs import PieceQueue
from ffmpeg_worker.job_queue.queue_options import QueueOptions
from ffmpeg_worker.job_queue.report_writer import ReportWriter
from ffmpeg_worker.job_queue.retention import Retention
from ffmpeg_worker.job_queue.run_attempts import AttemptRunner
from ffmpeg_worker.job_queue.seal import Seal
from ffmpeg_worker.job_queue.sent_job import RefusedJob, SentJob
from ffmpeg_worker.job_queue.webhooks.progress_events import ProgressEvents
from ffmpeg_worker.job_queue.webhooks.webhooks import Webhooks
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.tasks import finish_then_cancel


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
        """Connect the parts of the queue; nothing runs before `open`."""
        super().__init__(database, seal, folders)
        self.webhooks = webhooks
        self.links = OutputLinks(seal, options.link_lifetime_s)
        self.executor = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._options = options
        self._on_end = on_end
        self.reports = ReportWriter(database, self.changes.tell, ProgressEvents(webhooks.wake))
        self.attempts = self._make_attempts(resources)
        self._engine = Engine(
            options.engine_url, self.executor, self.attempts.run, slots=options.slots, pieces=options.slots
        )
        self._intake = JobIntake(database, seal, webhooks, self._engine, resources.compute, options)
        self._waiting = WaitingJobs(database, self.attempts.endings, self._forget_waiting, on_end)
        self._lost = LostJobs(database, self._engine, self.attempts.endings.end_cancelling)
        self.retention = self._make_retention()
        self._membership = Membership(
            database,
            self.executor,
            version=APPLICATION_VERSION,
            place=folders.place,
            slots=options.slots,
            on_dead=self._take_over,
        )

    def _make_attempts(self, resources: WorkerResources) -> AttemptRunner:
        pieces = PieceQueue(self._send_piece, self._wait_for_piece, self.cancel, self.folders)
        return AttemptRunner(
            resources,
            self.database,
            self.seal,
            self.folders,
            self.reports,
            self.executor,
            default_timeout_s=self._options.default_timeout_s,
            max_timeout_s=self._options.max_timeout_s,
            on_end=self._ended,
            open_pieces=partial(open_pieces, self.database, pieces),
        )

    def _make_retention(self) -> Retention:
        files = (self.database.path, path_of(self._options.engine_url))
        return Retention(
            self.database,
            self.folders,
            self._engine.forget,
            job_retention_s=self._options.job_retention_s,
            output_retention_s=self._options.output_retention_s,
            files=[path for path in files if path is not None],
        )

    async def open(self) -> None:
        """Start to take jobs, and to run those that wait; a queue that cannot be opened is closed.

        Raises:
            Misconfigured: the database cannot be opened, or its jobs were sealed with another key.
        """
        try:
            await self._open()
        except BaseException:
            await self.close()
            raise

    async def _open(self) -> None:
        await self.database.open()
        await self._check_key()
        await self._membership.enter()
        await self._engine.open()
        await self._membership.open()
        await self._lost.open()
        self._waiting.start()
        if self._options.slots:
            self.retention.start()
        self.webhooks.open(self.executor)

    async def close(self) -> None:
        """Give running jobs back after the grace time, and leave."""
        await self.retention.close()
        await self._waiting.close()
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
        record, is_new = await self._intake.take(sent)
        return self._show(record), is_new

    async def store_refused(self, refused: RefusedJob) -> JobRecord:
        """Store a job that cannot be queued, for senders that look for its error in its record."""
        record = await self._intake.store_refused(refused)
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
        return await self._waiting.purge(owner)

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
        await self._intake.enqueue(record)
        self.changes.tell([job_id])
        return record

    async def _send_piece(self, piece_id: str, body: JobBody, parent: JobRecord) -> JobRecord:
        return self._show(await self._intake.take_piece(piece_id, body, parent))

    async def _forget_waiting(self, ended: Sequence[JobRecord]) -> None:
        """Take jobs that ended without an attempt out of the engine's queue."""
        self.changes.tell([record.job_id for record in ended])
        self.webhooks.wake()
        for record in ended:
            await self.folders.end(record.job_id)
        await asyncio.to_thread(self._engine.cancel, *(record.run_id for record in ended))

    def _ended(self, record: JobRecord, seconds: float) -> None:
        self.changes.tell_end(record)
        if record.has_callback:
            self.webhooks.wake()
        self._on_end(record, seconds)
        # The engine counts the run until its workflow has ended, a moment after this.
        wake = partial(self._engine.wake, is_piece=record.parent_id is not None)
        asyncio.get_running_loop().call_later(0.01, wake)

    async def _take_over(self, executors: Sequence[str]) -> bool:
        """Put the jobs of dead workers back into the queue."""
        taken = await self.database.run(partial(take_from_dead, executors=executors))
        self.changes.tell(taken)
        await self.webhooks.take_over(executors)
        is_empty = await asyncio.to_thread(self._engine.recover, executors)
        await self._lost.find_all()
        self._engine.wake()
        return is_empty
