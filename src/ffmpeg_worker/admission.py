"""Admission of jobs: how many may run or wait at once, and how they end when the worker closes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from ffmpeg_worker.errors import JobInterrupted, KeyLimitReached, QueueFull
from ffmpeg_worker.fair_slots import FairSlots
from ffmpeg_worker.owners import ANONYMOUS, counted
from ffmpeg_worker.tasks import cancel_and_wait

T = TypeVar("T")


class Admission:
    """Admits jobs until too many run or wait, and stops the running ones on close.

    `slots` limits the ffmpeg processes that run at once, over all jobs; owners take them in turn.
    """

    def __init__(
        self,
        *,
        max_concurrency: int,
        max_waiting_jobs: int,
        max_concurrency_per_key: int | None = None,
        max_waiting_jobs_per_key: int | None = None,
        has_several_keys: bool = False,
    ) -> None:
        """With `has_several_keys`, an owner that fills all slots may hold no more places than it leaves free."""
        self.slots = FairSlots(max_concurrency, max_per_owner=max_concurrency_per_key)
        self.active_by_owner: Counter[str] = Counter()
        """Jobs that run or wait, by owner; those without a job are not listed."""
        self.closing = asyncio.Event()
        """Set when the worker begins to close."""
        self._max_concurrency = max_concurrency
        self._max_active_jobs = max_concurrency + max_waiting_jobs
        self._max_active_per_key = (
            None
            if max_waiting_jobs_per_key is None
            else (max_concurrency_per_key or max_concurrency) + max_waiting_jobs_per_key
        )
        self._has_several_keys = has_several_keys
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def is_closing(self) -> bool:
        """Whether the worker closes and accepts no more jobs."""
        return self.closing.is_set()

    @property
    def active_jobs(self) -> int:
        """Jobs that run or wait."""
        return self.active_by_owner.total()

    @contextmanager
    def admit(self, owner: str = ANONYMOUS) -> Iterator[None]:
        """Count a job as active.

        Raises:
            JobInterrupted: the worker is closing.
            KeyLimitReached: too many jobs of this owner run or wait.
            QueueFull: too many jobs of all owners run or wait.
        """
        self._check(owner)
        with counted(self.active_by_owner, owner):
            yield

    def _check(self, owner: str) -> None:
        if self.is_closing:
            raise JobInterrupted(
                "The worker is shutting down and accepts no more jobs.", hint="Send the job again."
            )
        own = self.active_by_owner[owner]
        if self._takes_too_much(own):
            raise KeyLimitReached(
                f"{own} jobs of this API key are running or waiting; the worker accepts no more of it.",
                code="key_queue_full",
                hint="Send the job again when one of them has ended.",
            )
        if self.active_jobs >= self._max_active_jobs:
            raise QueueFull(
                f"{self.active_jobs} jobs are running or waiting; the worker accepts no more.",
                hint="Try again later.",
            )

    def _takes_too_much(self, own: int) -> bool:
        """Whether an owner with `own` jobs may have no further one."""
        if self._max_active_per_key is not None and own >= self._max_active_per_key:
            return True
        left_free = self._max_active_jobs - self.active_jobs - 1
        return self._has_several_keys and own >= self._max_concurrency and own + 1 > left_free

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
        self.closing.set()
        await cancel_and_wait(*self._tasks)
