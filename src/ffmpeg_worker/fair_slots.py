"""Slots that owners take in turn, and in turn the jobs of one owner."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count

from ffmpeg_worker.owners import subtract_one

_REPORT_S = 1.0


class FairSlots:
    """A limited number of slots, like a semaphore that is fair to owners.

    A free slot goes to the waiting owner that holds the fewest, and among equals to the one that got none for the
    longest time. The jobs of an owner share its slots by the same rule, so a job with many lanes does not hold up
    another job. An owner may use every slot while no other waits.
    """

    def __init__(self, slots: int, *, max_per_owner: int | None = None) -> None:
        self._slots = self._free = slots
        self._max_per_owner = slots if max_per_owner is None else max_per_owner
        self.held_by_owner: Counter[str] = Counter()
        """Slots in use, by owner; those without one are not listed."""
        self._held_by_job: Counter[tuple[str, str]] = Counter()
        self._waiting: dict[str, dict[str, deque[asyncio.Future[None]]]] = {}
        self._turns = count(1)
        self._last_turn: dict[str, int] = {}

    @property
    def most_for_one_owner(self) -> int:
        """Slots that one owner can hold at the same time."""
        return min(self._slots, self._max_per_owner)

    async def acquire(self, owner: str, job: str, on_wait: Callable[[int], object] = lambda _: None) -> None:
        """Wait for a slot. A cancelled caller holds none and leaves the queue.

        While the job has no slot, `on_wait` is called every second with its position in the queue.
        """
        turn = asyncio.get_running_loop().create_future()
        turns = self._waiting.setdefault(owner, {}).setdefault(job, deque())
        turns.append(turn)
        interval_s = _REPORT_S if len(turns) == 1 else None  # one caller reports for its job
        self._hand_out()
        try:
            while not turn.done():
                if interval_s is not None and not self._held_by_job[owner, job]:
                    on_wait(self.position(owner, job))
                await asyncio.wait({turn}, timeout=interval_s)
        except asyncio.CancelledError:
            if turn.done():  # the slot was handed out just before
                self.release(owner, job)
            else:
                self._leave(owner, job, turn)
            raise

    @asynccontextmanager
    async def slot(
        self, owner: str, job: str, on_wait: Callable[[int], object] = lambda _: None
    ) -> AsyncIterator[None]:
        """Hold a slot while the block runs; see `acquire`."""
        await self.acquire(owner, job, on_wait)
        try:
            yield
        finally:
            self.release(owner, job)

    def position(self, owner: str, job: str) -> int:
        """Return the place of a waiting job in the queue; 1 is next.

        It is an estimate where several owners wait: they take turns, and how many slots each holds by then is
        not known.
        """
        own = [*self._waiting[owner]].index(job)
        ahead = own
        for other, jobs in self._waiting.items():
            if other != owner:
                ahead += min(len(jobs), own + int(self._rank(other) < self._rank(owner)))
        return ahead + 1

    def _rank(self, owner: str) -> tuple[int, int]:
        """Return the order of owners: the fewest slots first, then the one that got none for the longest time."""
        return self.held_by_owner[owner], self._last_turn.get(owner, 0)

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
            owner = min(owners, key=self._rank)
            jobs = self._waiting[owner]
            job = min(jobs, key=lambda name: self._held_by_job[owner, name])
            turn = jobs[job].popleft()
            # The job's next turn comes after those of the owner's other jobs.
            jobs[job] = jobs.pop(job)
            self._remove_if_empty(owner, job)
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
