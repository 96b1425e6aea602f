"""Removes outputs and records of queued jobs when their time is over, and folders that no job needs.

Only the end of the retention time removes outputs: a disk that becomes full makes new jobs fail instead, since
callers rely on the time that they were told. A wall clock that has moved more than a day since the last sweep
stops removals for some hours; with PostgreSQL only its clock counts.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.job_folders import JobFolders
from ffmpeg_worker.job_queue.retention_store import (
    HOLD_S,
    Sweep,
    claim_sweep,
    delete_jobs,
    expire_outputs,
    find_expired_jobs,
    find_kept_folders,
    set_folders_aside,
)
from ffmpeg_worker.job_queue.sqlite_files import shrink_file
from ffmpeg_worker.logs import log
from ffmpeg_worker.tasks import cancel_and_wait

_MIN_INTERVAL_S, _MAX_INTERVAL_S = 15.0, 300.0
_BATCH = 100
"""Jobs of one transaction: others write in between."""

Forget = Callable[[Sequence[str]], None]
"""Deletes runs from the engine's tables; it blocks."""


class Retention:
    """Sweeps from time to time. Of processes that share a database or a folder, one sweeps it at a time."""

    def __init__(
        self,
        database: Database,
        folders: JobFolders,
        forget: Forget,
        *,
        job_retention_s: float,
        output_retention_s: float,
        files: Sequence[Path] = (),
        clock: Callable[[], float] | None = None,
    ) -> None:
        """`files` are database files that become smaller; `clock` replaces that of the database."""
        self._database = database
        self._folders = folders
        self._forget = forget
        self._job_retention_s = job_retention_s
        self._output_retention_s = output_retention_s
        self._files = files
        self._clock = clock
        shortest_s = min(job_retention_s, output_retention_s)
        self._orphan_age_s = shortest_s
        self._interval_s = min(_MAX_INTERVAL_S, max(_MIN_INTERVAL_S, shortest_s / 4))
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Sweep now, and then every few minutes."""
        self._task = asyncio.create_task(self._keep_sweeping())

    async def close(self) -> None:
        """Stop."""
        if self._task is not None:
            await cancel_and_wait(self._task)

    async def sweep(self) -> None:
        """Remove what is kept no longer, unless another process has done so a moment ago.

        Raises:
            QueueUnavailable: the database does not answer.
        """
        if (records := await self._claim("records")) is not None:
            await self._sweep_records(records.now)
        if (folders := await self._claim(f"folders {self._folders.place}")) is not None:
            await self._sweep_folders(folders.now)

    async def _keep_sweeping(self) -> None:
        while True:
            try:
                await self.sweep()
            except WorkerError as error:
                log(logging.WARNING, "expired jobs could not be removed", detail=error.detail)
            except Exception:
                log(logging.ERROR, "the removal of expired jobs failed", exc_info=True)
            await asyncio.sleep(self._interval_s)

    async def _claim(self, name: str) -> Sweep | None:
        """Return the sweep if this process may carry it out now."""
        claim = partial(claim_sweep, name=name, interval_s=self._interval_s, clock=self._clock)
        sweep = await self._database.run(claim)
        if sweep is None:
            return None
        if sweep.gap_s is not None:
            log(
                logging.WARNING,
                "the clock has moved far since the last sweep; nothing is removed for a while",
                what=name,
                days=round(sweep.gap_s / 86400, 1),
                held_s=HOLD_S,
            )
        return None if sweep.is_held else sweep

    async def _sweep_records(self, now: float) -> None:
        outputs = 0
        while count := await self._database.run(
            partial(expire_outputs, ended_before=now - self._output_retention_s, limit=_BATCH)
        ):
            outputs += count
        records = await self._remove_records(now - self._job_retention_s)
        if records or outputs:
            log(logging.INFO, "expired jobs removed", records=records, outputs=outputs)
        if records:
            await self._shrink_files()

    async def _remove_records(self, ended_before: float) -> int:
        removed = 0
        find = partial(find_expired_jobs, ended_before=ended_before, limit=_BATCH)
        while found := await self._database.run(find):
            runs = [f"{job.job_id}.{run}" for job in found for run in range(1, job.runs + 1)]
            # First those of the engine: nothing would find them without the record.
            await asyncio.to_thread(self._forget, runs)
            ids = [job.job_id for job in found]
            removed += await self._database.run(partial(delete_jobs, job_ids=ids, ended_before=ended_before))
        return removed

    async def _sweep_folders(self, now: float) -> None:
        """Remove the folders of this place that hold nothing which is kept."""
        ages = await asyncio.to_thread(self._folders.list_ages, now)
        left, removed = iter(ages), 0
        while batch := list(islice(left, _BATCH)):
            kept = await self._database.run(partial(find_kept_folders, job_ids=batch, place=self._folders.place))
            # A folder without a record may belong to another database: it stays as long as outputs would.
            unused = [job_id for job_id in batch if not kept.get(job_id, ages[job_id] < self._orphan_age_s)]
            if unused:
                take = partial(set_folders_aside, job_ids=unused, folders=self._folders)
                removed += await self._database.run(take)
        await self._folders.remove_set_aside()
        if removed:
            log(logging.INFO, "folders of jobs removed", folders=removed)

    async def _shrink_files(self) -> None:
        for path in self._files:
            try:
                await asyncio.to_thread(shrink_file, path)
            except sqlite3.Error as error:
                log(logging.WARNING, "a database file could not be made smaller", detail=str(error))
