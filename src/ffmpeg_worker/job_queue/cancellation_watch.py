"""Finds attempts of this worker whose jobs were cancelled through other processes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job_queue.attempt_store import find_running
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.job_record import JobStatus
from ffmpeg_worker.logs import log

_LOOK_S = 1.0


class CancellationWatch:
    """Looks for cancelled jobs every second, while any runs here."""

    def __init__(
        self, database: Database, executor: str, cancel: Callable[[str], None], is_needed: Callable[[], bool]
    ) -> None:
        """`cancel` stops the job with an id, if it runs here; `is_needed` tells whether any does."""
        self._database = database
        self._executor = executor
        self._cancel = cancel
        self._is_needed = is_needed
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look until none is needed."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())

    def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()

    async def _look(self) -> None:
        while self._is_needed():
            await asyncio.sleep(_LOOK_S)
            try:
                found = await self._database.run(
                    partial(find_running, executor=self._executor), patience_s=_LOOK_S
                )
            except WorkerError as error:
                log(logging.WARNING, "cancelled jobs could not be found", detail=error.detail)
                continue
            for job_id, status in found.items():
                if status is JobStatus.CANCELLING:
                    self._cancel(job_id)
