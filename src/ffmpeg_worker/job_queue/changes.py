"""Tells callers that wait for a job when its record has changed, here or in another process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from functools import partial

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.job_record import JobRecord
from ffmpeg_worker.job_queue.job_store import find_revisions
from ffmpeg_worker.logs import log

_POLL_S = 0.5
_PATIENCE_S = 5.0


class Changes:
    """Wakes waiters of jobs; changes of other processes are found by one query for all waiters, twice a second."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiters: dict[str, set[asyncio.Event]] = {}
        self._revisions: dict[str, int] = {}
        self._ended: dict[str, JobRecord] = {}
        self._task: asyncio.Task[None] | None = None

    def tell_end(self, record: JobRecord) -> None:
        """Wake those who wait for a job that has ended, and hand its record over."""
        if record.job_id in self._waiters:
            self._ended[record.job_id] = record
            self.tell([record.job_id])

    def tell(self, job_ids: Iterable[str]) -> None:
        """Wake those who wait for these jobs."""
        for job_id in job_ids:
            for event in self._waiters.get(job_id, ()):
                event.set()

    async def wait(self, job_id: str, timeout_s: float, revision: int) -> JobRecord | None:
        """Wait until the record of a job has, or may have, another revision; at most `timeout_s`.

        Returns:
            The record, if the job has ended in this process meanwhile.
        """
        if self._revisions.get(job_id, revision) > revision:
            return None
        event = asyncio.Event()
        self._waiters.setdefault(job_id, set()).add(event)
        self._revisions.setdefault(job_id, revision)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._poll())
        try:
            async with asyncio.timeout(timeout_s):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            ended = self._ended.get(job_id)
            self._waiters[job_id].discard(event)
            if not self._waiters[job_id]:
                del self._waiters[job_id]
                self._revisions.pop(job_id, None)
                self._ended.pop(job_id, None)
        return ended

    async def _poll(self) -> None:
        while self._waiters:
            await asyncio.sleep(_POLL_S)
            wanted = list(self._waiters)
            try:
                found = await self._database.run(partial(find_revisions, job_ids=wanted), patience_s=_PATIENCE_S)
            except WorkerError as error:
                log(logging.WARNING, "changes of jobs could not be read", detail=error.detail)
                found = {}
            for job_id in wanted:
                if self._revisions.get(job_id) != found.get(job_id):
                    if job_id in self._revisions and job_id in found:
                        self._revisions[job_id] = found[job_id]
                    self.tell([job_id])
