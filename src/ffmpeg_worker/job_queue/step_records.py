"""Records of the steps of one attempt: written at once where much would be lost, else several together."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from functools import partial

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job_queue.attempt_store import check_attempt
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.step_store import write_steps
from ffmpeg_worker.logs import log
from ffmpeg_worker.tasks import cancel_and_wait

_PAUSE_S = 0.2
_TRUSTED_S = 2.0
"""Seconds for which the last successful write proves that this attempt still owns its job."""


class StepRecords:
    """Sealed records by the name of their step.

    A record that is not written at once is written some tenths of a second later, with others: a small job has
    ended by then, and needs none. A crash in between repeats a step that took less than a second.
    """

    def __init__(self, database: Database, job_id: str, token: str, records: Mapping[str, bytes]) -> None:
        """`records` are those of earlier attempts; `token` is that of this one."""
        self.by_name = dict(records)
        self._database = database
        self._job_id = job_id
        self._token = token
        self._owned_at = time.monotonic()
        self._pending: dict[str, bytes] = {}
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def add(self, name: str, record: bytes, *, at_once: bool) -> None:
        """Add the record of a step; with `at_once`, return when it is written, with all others.

        Raises:
            JobReplaced: another attempt runs the job.
            QueueUnavailable: the database was away for too long.
        """
        self.by_name[name] = record
        self._pending[name] = record
        if at_once:
            await self._write()
        elif self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_later())

    async def write_pending(self) -> None:
        """Write the records that were not written yet; errors as for `add`."""
        await self._write()

    async def check_ownership(self) -> None:
        """Check, if it is not certain, that this attempt still runs the job.

        Raises:
            JobReplaced: another one does.
        """
        if time.monotonic() - self._owned_at > _TRUSTED_S:
            await self._database.run(partial(check_attempt, job_id=self._job_id, token=self._token))
            self._owned_at = time.monotonic()

    async def keeps_ownership(self) -> bool:
        """Whether this attempt certainly runs the job."""
        try:
            check = partial(check_attempt, job_id=self._job_id, token=self._token)
            await self._database.run(check, patience_s=5)
        except WorkerError:
            return False
        return True

    async def close(self, *, write: bool) -> None:
        """Stop writing; with `write`, what is pending is written first, for the next attempt."""
        if self._task is not None:
            await cancel_and_wait(self._task)
        if write and self._pending:
            try:
                await self._write()
            except WorkerError as error:
                log(logging.WARNING, "steps of a job could not be recorded", detail=error.detail)

    async def _write_later(self) -> None:
        try:
            while self._pending:  # more may come while some are written
                await asyncio.sleep(_PAUSE_S)
                await self._write()
        except WorkerError as error:
            self._owned_at = float("-inf")  # the next step asks
            log(logging.WARNING, "steps of a job could not be recorded", code=error.code, detail=error.detail)

    async def _write(self) -> None:
        async with self._writing:
            pending = dict(self._pending)
            if pending:
                write = partial(write_steps, job_id=self._job_id, token=self._token, records=pending)
                await self._database.run(write)
                self._owned_at = time.monotonic()
                for name, record in pending.items():
                    if self._pending.get(name) is record:  # a step that ran again has a new one
                        del self._pending[name]
