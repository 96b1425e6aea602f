"""Records of queued jobs in a database file, and the queue that answers for them; nothing runs them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from ffmpeg_worker.job_queue.attempt_store import Attempt, begin_attempt, finish_job
from ffmpeg_worker.job_queue.database import Database, sqlite_url
from ffmpeg_worker.job_queue.job_folders import JobFolders
from ffmpeg_worker.job_queue.job_queue import JobQueue
from ffmpeg_worker.job_queue.job_record import JobRecord, JobStatus
from ffmpeg_worker.job_queue.job_store import NewJob, insert_job
from ffmpeg_worker.job_queue.log_store import append_log
from ffmpeg_worker.job_queue.queue_access import QueueAccess
from ffmpeg_worker.job_queue.queue_options import QueueOptions
from ffmpeg_worker.job_queue.seal import Seal
from ffmpeg_worker.job_queue.webhooks.webhooks import Webhooks
from ffmpeg_worker.owners import ANONYMOUS
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.settings import Settings


@dataclass
class StoredJobs:
    """A queue without engine and workers."""

    queue: JobQueue
    _numbers: count[int] = field(default_factory=partial(count, 1))

    @property
    def access(self) -> QueueAccess:
        """The access to the queue that services have."""

        async def get() -> JobQueue:
            return self.queue

        return cast(QueueAccess, SimpleNamespace(runs_jobs=True, is_on=True, opened=self.queue, get=get))

    async def add(
        self,
        *,
        owner: str = ANONYMOUS,
        action: str = "process",
        metadata: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> JobRecord:
        """Store a job that waits."""
        job_id = more.pop("job_id", f"job-{next(self._numbers)}")
        new = NewJob(
            job_id, owner, action, priority=50, body=b"sealed", body_digest="digest", metadata=metadata, **more
        )
        record, _ = await self.queue.database.run(partial(insert_job, job=new))
        return record

    async def begin(self, record: JobRecord) -> Attempt:
        """Begin an attempt at a job."""
        begin = partial(begin_attempt, job_id=record.job_id, executor="worker", token=f"token of {record.job_id}")
        attempt = await self.queue.database.run(begin)
        assert attempt is not None
        self.queue.changes.tell([record.job_id])
        return attempt

    async def end(self, record: JobRecord, status: JobStatus = JobStatus.SUCCEEDED, **more: Any) -> JobRecord:
        """End a job, which an attempt runs or not."""
        token = f"token of {record.job_id}" if record.status is JobStatus.RUNNING else None
        finish = partial(finish_job, job_id=record.job_id, token=token, status=status, **more)
        ended = await self.queue.database.run(finish)
        self.queue.changes.tell([record.job_id])
        return ended

    async def say(self, record: JobRecord, *texts: str, lane: int = 0) -> None:
        """Add entries to the log of a job."""
        entries = [
            {"job_id": record.job_id, "attempt": 1, "lane": lane, "command": 0, "text": text} for text in texts
        ]
        await self.queue.database.run(lambda connection: append_log(connection, entries))


@asynccontextmanager
async def open_stored_jobs(folder: Path, url: str | None = None) -> AsyncIterator[StoredJobs]:
    """Open a queue over a new database file in `folder`, or the database at `url`."""
    database = Database(url or sqlite_url(folder / "jobs.db"))
    await database.open()
    options = QueueOptions(engine_url=sqlite_url(folder / "engine.db"), slots=0)
    seal, settings = Seal("secret"), Settings(allow_http_inputs=True)
    webhooks = Webhooks(settings, database, seal)
    queue = JobQueue(
        cast(WorkerResources, SimpleNamespace(compute=None)),
        database,
        seal,
        JobFolders(folder / "jobs"),
        webhooks,
        options,
    )
    try:
        yield StoredJobs(queue)
    finally:
        await database.close()
