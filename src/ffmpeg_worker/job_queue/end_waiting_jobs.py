"""Ends waiting jobs: those that are purged, and those that were not started in time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.job_endings import JobEndings, OnEnd
from ffmpeg_worker.job_queue.job_reader import CALLER_PATIENCE_S
from ffmpeg_worker.job_queue.job_record import JobRecord
from ffmpeg_worker.job_queue.waiting_jobs import find_last_number, purge_waiting
from ffmpeg_worker.logs import log
from ffmpeg_worker.tasks import cancel_and_wait

_EXPIRY_S = 2.0
"""Seconds between two looks for jobs that were not started in time."""

Forget = Callable[[Sequence[JobRecord]], Awaitable[None]]
"""Takes jobs that have ended out of the engine's queue."""


class WaitingJobs:
    """Looks for jobs whose time to start is over, from `start` to `close`, and purges on demand."""

    def __init__(self, database: Database, endings: JobEndings, forget: Forget, on_end: OnEnd) -> None:
        self._database = database
        self._endings = endings
        self._forget = forget
        self._on_end = on_end
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """End jobs whose time to start is over, now and every few seconds."""
        self._task = asyncio.create_task(self._keep_expiring())

    async def close(self) -> None:
        """Stop."""
        if self._task is not None:
            await cancel_and_wait(self._task)

    async def purge(self, owner: str | None = None) -> int:
        """Cancel all waiting jobs, of `owner` where one is given; returns their number."""
        last = await self._database.run(find_last_number, patience_s=CALLER_PATIENCE_S)
        purged, purge = 0, partial(purge_waiting, owner=owner, up_to=last)
        while ended := await self._database.run(purge, patience_s=CALLER_PATIENCE_S):
            purged += len(ended)
            for record in ended:
                self._on_end(record, 0.0)
            await self._forget(ended)
        return purged

    async def _keep_expiring(self) -> None:
        while True:
            try:
                while ended := await self._endings.expire():
                    await self._forget(ended)
            except WorkerError as error:
                log(logging.WARNING, "expired jobs could not be ended", detail=error.detail)
            except Exception:
                log(logging.ERROR, "expired jobs could not be ended", exc_info=True)
            await asyncio.sleep(_EXPIRY_S)
