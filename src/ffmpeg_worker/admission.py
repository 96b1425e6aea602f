"""Admission of jobs: how many may run or wait at once, and how they end when the worker closes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from ffmpeg_worker.errors import JobInterrupted, QueueFull
from ffmpeg_worker.tasks import cancel_and_wait

T = TypeVar("T")


class Admission:
    """Admits jobs until too many run or wait, and stops the running ones on close.

    `slots` limits the ffmpeg processes that run at once, over all jobs.
    """

    def __init__(self, *, max_concurrency: int, max_waiting_jobs: int) -> None:
        self.slots = asyncio.Semaphore(max_concurrency)
        self.active_jobs = 0
        """Jobs that run or wait."""
        self.is_closing = False
        self._max_active_jobs = max_concurrency + max_waiting_jobs
        self._tasks: set[asyncio.Task[Any]] = set()

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Count a job as active.

        Raises:
            JobInterrupted: the worker is closing.
            QueueFull: too many jobs run or wait.
        """
        if self.is_closing:
            raise JobInterrupted(
                "The worker is shutting down and accepts no more jobs.", hint="Send the job again."
            )
        if self.active_jobs >= self._max_active_jobs:
            raise QueueFull(
                f"{self.active_jobs} jobs are running or waiting; the worker accepts no more.",
                hint="Try again later.",
            )
        self.active_jobs += 1
        try:
            yield
        finally:
            self.active_jobs -= 1

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Await an admitted job in a task of its own, so that `close` can stop it.

        Raises:
            JobInterrupted: the worker closed before the job ended.
        """
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            if self.is_closing:
                raise JobInterrupted("The worker is shutting down.", hint="Send the job again.") from None
            raise
        finally:
            self._tasks.discard(task)

    async def close(self) -> None:
        """Accept no more jobs and stop those that run; returns when they have ended."""
        self.is_closing = True
        await cancel_and_wait(*self._tasks)
