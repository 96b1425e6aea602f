"""Finds jobs that are stored as waiting, but that the engine's queue does not have, and puts them there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.dbos_runtime import Engine
from ffmpeg_worker.job_queue.job_record import JobStatus
from ffmpeg_worker.job_queue.job_store import find_queued, start_new_run
from ffmpeg_worker.logs import log
from ffmpeg_worker.tasks import cancel_and_wait

LOOK_S = 10.0
_PAGE = 500


class LostJobs:
    """Looks at all waiting jobs at the start, then at some of them every few seconds.

    A job is lost to the engine where its process ended, or the engine's database failed, right after the job was
    stored. Queueing a run again is harmless: the engine takes each run once.
    """

    def __init__(
        self, database: Database, engine: Engine, end_cancelling: Callable[[str], Awaitable[bool]]
    ) -> None:
        """`end_cancelling` ends a cancelled job that no worker runs."""
        self._database = database
        self._engine = engine
        self._end_cancelling = end_cancelling
        self._looked_to = 0
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Find all lost jobs, and begin to look for others."""
        await self.find_all()
        self._task = asyncio.create_task(self._look())

    async def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            await cancel_and_wait(self._task)

    async def find_all(self) -> None:
        """Queue all lost jobs again."""
        after: int | None = 0
        while after is not None:
            after = await self._find_some(after)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                self._looked_to = await self._find_some(self._looked_to) or 0
            except WorkerError as error:
                log(logging.WARNING, "lost jobs could not be looked for", detail=error.detail)
            except Exception:
                log(logging.ERROR, "lost jobs could not be looked for", exc_info=True)

    async def _find_some(self, after: int) -> int | None:
        """Look at a page of waiting jobs with numbers above `after`; returns their last, `None` at the end."""
        rows = await self._database.run(partial(find_queued, after=after, limit=_PAGE))
        for row in rows:
            if row.status == JobStatus.CANCELLING.value:
                await self._end_cancelling(row.job_id)
        waiting = [row for row in rows if row.status == JobStatus.QUEUED.value]
        if waiting:
            await self._queue_again(waiting)
        return rows[-1].number if len(rows) == _PAGE else None

    async def _queue_again(self, rows: Sequence[Any]) -> None:
        runs = {row.number: f"{row.job_id}.{row.run}" for row in rows}
        found = await asyncio.to_thread(self._engine.find_runs, list(runs.values()))
        for row in rows:
            is_open = found.get(runs[row.number])
            if is_open:
                continue
            run_id: str | None = runs[row.number]
            if is_open is not None:  # a run that has ended in the engine cannot be queued again
                new_run = partial(start_new_run, job_id=row.job_id, ended_run=row.run)
                run_id = await self._database.run(new_run)
            if run_id is not None:
                log(logging.WARNING, "a lost job is queued again", job=row.job_id)
                is_piece = row.parent_id is not None
                enqueue = partial(self._engine.enqueue, run_id, row.job_id, priority=row.priority)
                await asyncio.to_thread(enqueue, is_piece=is_piece)
                self._engine.wake(is_piece=is_piece)
