"""Writes the progress and the logs of all running jobs together, some times a second."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job_queue.attempt_store import write_progress
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.log_store import append_log
from ffmpeg_worker.job_queue.webhooks.progress_events import ProgressEvents, store_progress
from ffmpeg_worker.logs import log

PAUSE_S = 0.5


@dataclass(frozen=True, slots=True)
class UnwrittenReports:
    """Reports of one job that are not stored yet: its newest progress, and entries for `append_log`."""

    progress: Mapping[str, Any] | None = None
    log: Sequence[dict[str, Any]] = ()


class ReportWriter:
    """Collects reports and writes them in one transaction: one for each would cost a core for 50 jobs."""

    def __init__(
        self, database: Database, on_written: Callable[[Iterable[str]], None], events: ProgressEvents
    ) -> None:
        """`on_written` receives the ids of the jobs whose records have changed."""
        self._database = database
        self._events = events
        self._on_written = on_written
        self._progress: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self._logs: list[dict[str, Any]] = []
        self._task: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()

    def report_progress(self, job_id: str, token: str, progress: Mapping[str, Any]) -> None:
        """Write the progress of an attempt soon; of several, the newest."""
        self._progress[job_id] = token, progress
        self._start()

    def report_log(self, entry: dict[str, Any]) -> None:
        """Write an entry for `append_log` soon."""
        self._logs.append(entry)
        self._start()

    def take(self, job_id: str) -> UnwrittenReports:
        """Return the reports of a job that were not written yet, for whoever stores its end, and forget them."""
        self._events.forget(job_id)
        _, progress = self._progress.pop(job_id, (None, None))
        entries = [entry for entry in self._logs if entry["job_id"] == job_id]
        self._logs = [entry for entry in self._logs if entry["job_id"] != job_id]
        return UnwrittenReports(progress, entries)

    async def flush(self) -> None:
        """Write what was reported so far; what cannot be written is lost, since no job may wait for it."""
        async with self._lock:
            progress, self._progress = self._progress, {}
            entries, self._logs = self._logs, []
            if not progress and not entries:
                return

            tellable = self._events.choose(progress)

            def write(connection: sa.Connection) -> dict[str, bool]:
                write_progress(connection, progress)
                append_log(connection, entries)
                return store_progress(connection, tellable)

            try:
                self._events.note(progress, await self._database.run(write, patience_s=2))
            except WorkerError as error:
                log(logging.WARNING, "progress of jobs could not be stored", detail=error.detail)
            self._on_written(progress)

    def _start(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_for_a_while())

    async def _write_for_a_while(self) -> None:
        while self._progress or self._logs:
            await self.flush()
            await asyncio.sleep(PAUSE_S)
