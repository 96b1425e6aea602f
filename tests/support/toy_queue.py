"""A real queue, with its engine, whose jobs do nothing but tell that they ran."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

import sqlalchemy as sa

from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.job_queue import run_attempts
from ffmpeg_worker.job_queue.job_queue import JobQueue
from ffmpeg_worker.job_queue.queue_access import QueueAccess
from ffmpeg_worker.job_queue.queue_runtime import QueueRuntime
from ffmpeg_worker.job_queue.sent_job import SentJob
from ffmpeg_worker.job_queue.tables import jobs
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.settings import Settings

RunToy = Callable[[QueueRuntime], Awaitable[None]]


class ToyResult:
    """The result of every job."""

    def as_json(self) -> dict[str, Any]:
        return {"ok": True}


@asynccontextmanager
async def open_toy_queue(state: Path, run: RunToy, *, slots: int, **settings: Any) -> AsyncIterator[JobQueue]:
    """Open a queue in a state folder; `slots` of its jobs call `run` at once."""

    async def read(body: JobBody, _machine: Any, *, owner: str) -> Any:
        return SimpleNamespace(job=parse_job(json.loads(body.content)))

    async def run_job(runtime: QueueRuntime, _read: Any) -> ToyResult:
        await run(runtime)
        return ToyResult()

    stores = SimpleNamespace(data_usage=SimpleNamespace(add_folder=lambda _folder: None))
    resources = SimpleNamespace(compute=SimpleNamespace(read=read), machine=None, stores=stores)
    access = QueueAccess(
        Settings(state_root=state, max_concurrency=slots or 1, **settings),
        cast(WorkerResources, resources),
        lambda _record, _seconds: None,
        runs_jobs=bool(slots),
    )
    with patch.object(run_attempts, "run_job", run_job):
        try:
            yield await access.get()
        finally:
            await access.close()


async def send_toy(queue: JobQueue, job_id: str, *, priority: int = 50, **more: Any) -> None:
    """Queue a job with this id."""
    job = {"action": "probe", "data": {"input": "a"}, "priority": priority, **more}
    body = JobBody(None, json.dumps(job).encode())
    await queue.submit(SentJob(body, parse_job(job), "key-1", job_id=job_id))


async def wait_until_ended(queue: JobQueue, count: int, within_s: float) -> dict[str, int]:
    """Wait until `count` jobs have ended; returns how many are in which state."""
    query = sa.select(jobs.c.status, sa.func.count()).group_by(jobs.c.status)
    async with asyncio.timeout(within_s):
        while True:
            found = await queue.database.run(lambda db: {str(row[0]): int(row[1]) for row in db.execute(query)})
            if sum(number for status, number in found.items() if status not in {"queued", "running"}) >= count:
                return found
            await asyncio.sleep(0.1)
