"""Tells callers that wait for a job when its record has changed, here or in another process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.job_record import JobRecord
from ffmpeg_worker.job_queue.job_store import find_revisions
from ffmpeg_worker.logs import log

_POLL_S = 0.5
_PATIENCE_S = 5.0


class Watch:
    """What one caller waits for: any change since it last called `wait`."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self._ended: JobRecord | None = None

    async def wait(self, timeout_s: float) -> JobRecord | None:
        """Wait until the record has, or may have, changed since the last call; at most `timeout_s`.

        Returns:
            The record, if the job has ended in this process meanwhile.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            pass
        self._changed.clear()
        ended, self._ended = self._ended, None
        return ended

    def tell(self, ended: JobRecord | None = None) -> None:
        """End the current or the next call of `wait`; `ended` is the record of a job that has ended."""
        self._ended = ended
        self._changed.set()


class Changes:
    """Wakes watches of jobs; changes of other processes are found by one query for all of them, twice a second."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watches: dict[str, set[Watch]] = {}
        self._revisions: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None

    def tell_end(self, record: JobRecord) -> None:
        """Wake those who watch a job that has ended, and hand its record over."""
        for watch in self._watches.get(record.job_id, ()):
            watch.tell(record)

    def tell(self, job_ids: Iterable[str]) -> None:
        """Wake those who watch these jobs."""
        for job_id in job_ids:
            for watch in self._watches.get(job_id, ()):
                watch.tell()

    @contextmanager
    def watching(self, job_id: str) -> Iterator[Watch]:
        """Watch a job while the block runs; read its record after this has begun, so that no change is missed."""
        watch = Watch()
        self._watches.setdefault(job_id, set()).add(watch)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._poll())
        try:
            yield watch
        finally:
            self._watches[job_id].discard(watch)
            if not self._watches[job_id]:
                del self._watches[job_id]
                self._revisions.pop(job_id, None)

    async def _poll(self) -> None:
        while self._watches:
            await asyncio.sleep(_POLL_S)
            wanted = list(self._watches)
            try:
                found = await self._database.run(partial(find_revisions, job_ids=wanted), patience_s=_PATIENCE_S)
            except WorkerError as error:
                log(logging.WARNING, "changes of jobs could not be read", detail=error.detail)
                continue
            for job_id in wanted:
                if job_id in self._watches and self._revisions.get(job_id) != found.get(job_id):
                    self.tell([job_id])
                    if job_id in found:
                        self._revisions[job_id] = found[job_id]
