"""Slots that owners take in turn, and in turn the jobs of one owner."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from ffmpeg_worker.owners import subtract_one


class FairSlots:
    """A limited number of slots, like a semaphore that is fair to owners.

    A free slot goes to the waiting owner that holds the fewest, and among equals to the one that got none for the
    longest time. The jobs of an owner share its slots by the same rule, so a job with many lanes does not hold up
    another job. An owner may use every slot while no other waits.
    """

    def __init__(self, slots: int, *, max_per_owner: int | None = None) -> None:
        self._free = slots
        self._max_per_owner = slots if max_per_owner is None else max_per_owner
        self.held_by_owner: Counter[str] = Counter()
        """Slots in use, by owner; those without one are not listed."""
        self._held_by_job: Counter[tuple[str, str]] = Counter()
        self._waiting: dict[str, dict[str, deque[asyncio.Future[None]]]] = {}
        self._turns = count(1)
        self._last_turn: dict[str, int] = {}

    async def acquire(self, owner: str, job: str) -> None:
        """Wait for a slot. A cancelled caller holds none and leaves the queue."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, {}).setdefault(job, deque()).append(turn)
        self._hand_out()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._leave(owner, job, turn)
            else:  # the slot was handed out just before
                self.release(owner, job)
            raise

    @asynccontextmanager
    async def slot(self, owner: str, job: str) -> AsyncIterator[None]:
        """Hold a slot while the block runs; see `acquire`."""
        await self.acquire(owner, job)
        try:
            yield
        finally:
            self.release(owner, job)

    def release(self, owner: str, job: str) -> None:
        """Give a slot back; the next in turn gets it at once."""
        subtract_one(self.held_by_owner, owner)
        subtract_one(self._held_by_job, (owner, job))
        self._free += 1
        self._hand_out()

    def _hand_out(self) -> None:
        while self._free:
            owners = [owner for owner in self._waiting if self.held_by_owner[owner] < self._max_per_owner]
            if not owners:
                return
            owner = min(owners, key=lambda name: (self.held_by_owner[name], self._last_turn.get(name, 0)))
            jobs = self._waiting[owner]
            job = min(jobs, key=lambda name: self._held_by_job[owner, name])
            turn = jobs[job].popleft()
            # The job's next turn comes after those of the owner's other jobs.
            jobs[job] = jobs.pop(job)
            self._remove_if_empty(owner, job)
            if not turn.cancelled():  # its task has not run since
                self._hand_to(owner, job, turn)

    def _hand_to(self, owner: str, job: str, turn: asyncio.Future[None]) -> None:
        self._free -= 1
        self.held_by_owner[owner] += 1
        self._held_by_job[owner, job] += 1
        self._last_turn[owner] = next(self._turns)
        turn.set_result(None)

    def _leave(self, owner: str, job: str, turn: asyncio.Future[None]) -> None:
        turns = self._waiting.get(owner, {}).get(job, ())
        if turn in turns:
            self._waiting[owner][job].remove(turn)
            self._remove_if_empty(owner, job)

    def _remove_if_empty(self, owner: str, job: str) -> None:
        jobs = self._waiting[owner]
        if not jobs[job]:
            del jobs[job]
        if not jobs:
            del self._waiting[owner]
