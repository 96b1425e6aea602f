"""Slots: their order, that nobody starves, and that cancelled callers hold none."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from ffmpeg_worker import fair_slots
from ffmpeg_worker.fair_slots import FairSlots


class Queue:
    """Callers that wait for slots; `order` has the owner and job of those that got one."""

    def __init__(self, slots: FairSlots) -> None:
        self.slots = slots
        self.order: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def add(self, owner: str, job: str = "1", count: int = 1) -> None:
        """Start callers and let them join the queue."""
        self.tasks += [asyncio.ensure_future(self._wait(owner, job)) for _ in range(count)]
        await settle()

    async def _wait(self, owner: str, job: str) -> None:
        await self.slots.acquire(owner, job)
        self.order.append(f"{owner}{job}")

    async def end(self, owner: str, job: str = "1") -> str:
        """Release a slot; returns who got it, or an empty string."""
        before = len(self.order)
        self.slots.release(owner, job)
        await settle()
        return "".join(self.order[before:])


async def settle() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_one_owner_may_have_every_slot() -> None:
    queue = Queue(FairSlots(3))
    await queue.add("a", count=4)
    assert queue.order == ["a1"] * 3
    assert queue.slots.held_by_owner == {"a": 3}
    assert await queue.end("a") == "a1"


async def test_an_owner_waits_for_one_slot_however_many_wait_of_another() -> None:
    queue = Queue(FairSlots(1))
    await queue.add("a", count=50)
    await queue.add("b")
    assert await queue.end("a") == "b1"


async def test_two_owners_alternate() -> None:
    queue = Queue(FairSlots(1))
    await queue.add("a", count=4)
    await queue.add("b", count=3)
    for _ in range(6):
        await queue.end(queue.order[-1][0])
    assert queue.order == ["a1", "b1", "a1", "b1", "a1", "b1", "a1"]


async def test_slots_are_shared_equally_also_if_one_owner_holds_its_own_for_longer() -> None:
    queue = Queue(FairSlots(4))
    await queue.add("a", count=20)
    await queue.add("b", count=20)
    await queue.end("a")
    await queue.end("a")
    assert queue.slots.held_by_owner == {"a": 2, "b": 2}
    for _ in range(5):  # those of `a` never end
        assert await queue.end("b") == "b1"
    assert queue.slots.held_by_owner == {"a": 2, "b": 2}


async def test_an_owner_that_comes_back_at_once_is_not_preferred() -> None:
    queue = Queue(FairSlots(1))
    await queue.add("a", count=9)
    await queue.add("c", count=9)
    await queue.add("b")
    for _ in range(9):
        ended = queue.order[-1][0]
        await queue.end(ended)
        if ended == "b":
            await queue.add("b")
    got = [name[0] for name in queue.order]
    assert {name: got.count(name) for name in "abc"} == {"a": 4, "b": 3, "c": 3}


async def test_the_jobs_of_an_owner_take_turns() -> None:
    queue = Queue(FairSlots(2))
    await queue.add("a", "1", count=10)
    await queue.add("a", "2", count=2)
    got = [await queue.end("a", "1") for _ in range(2)]
    assert got.count("a2") >= 1
    assert queue.order.count("a2") == 1


async def test_nobody_starves() -> None:
    owners = "abcde"
    queue = Queue(FairSlots(2))
    for owner in owners:
        await queue.add(owner, count=30)
    for number in range(60):  # the older one of both ends, or the younger
        held = sorted(queue.slots.held_by_owner)
        await queue.end(held[number % len(held)])
    for owner in owners[1:]:
        places = [number for number, name in enumerate(queue.order) if name[0] == owner]
        assert places[0] < 2 * len(owners)
        assert max(second - first for first, second in pairwise(places)) <= 2 * len(owners)


async def test_at_its_limit_an_owner_waits_and_others_do_not() -> None:
    queue = Queue(FairSlots(3, max_per_owner=2))
    await queue.add("a", count=3)
    assert queue.slots.held_by_owner == {"a": 2}
    await queue.add("b")
    assert queue.slots.held_by_owner == {"a": 2, "b": 1}
    assert await queue.end("b") == ""
    assert await queue.end("a") == "a1"


async def test_a_caller_cancelled_while_it_waits_leaves_the_queue() -> None:
    queue = Queue(FairSlots(1))
    await queue.add("a")
    await queue.add("b", count=2)
    await queue.add("c")
    for task in queue.tasks[1:3]:
        task.cancel()
    assert await queue.end("a") == "c1"
    assert await queue.end("c") == ""
    assert queue.slots.held_by_owner == {}


async def test_a_slot_is_not_handed_to_a_caller_whose_cancellation_is_under_way() -> None:
    queue = Queue(FairSlots(1))
    await queue.add("a", count=2)
    await queue.add("b")
    queue.tasks[2].cancel()
    queue.slots.release("a", "1")  # before the task of `b` has run
    await settle()
    assert queue.order == ["a1", "a1"]
    with pytest.raises(asyncio.CancelledError):
        await queue.tasks[2]


async def test_a_slot_that_was_handed_out_as_its_caller_was_cancelled_goes_on() -> None:
    queue = Queue(FairSlots(1))
    await queue.add("a")
    await queue.add("b")
    await queue.add("c")
    queue.slots.release("a", "1")
    queue.tasks[1].cancel()  # before the task of `b` has run
    await settle()
    assert queue.order == ["a1", "c1"]
    assert queue.slots.held_by_owner == {"c": 1}


async def wait_in(slots: FairSlots, owner: str, job: str) -> tuple[list[int], asyncio.Task[None]]:
    """Join a queue; return the positions that are reported, and the waiting task."""
    positions: list[int] = []
    task = asyncio.ensure_future(slots.acquire(owner, job, positions.append))
    await settle()
    return positions, task


async def test_who_waits_hears_its_position() -> None:
    slots = FairSlots(1)
    assert (await wait_in(slots, "a", "0"))[0] == []
    first, *others = [await wait_in(slots, "a", str(number)) for number in range(1, 4)]
    assert [positions for positions, _ in (first, *others)] == [[1], [2], [3]]
    slots.release("a", "0")
    await first[1]
    assert [slots.position("a", "2"), slots.position("a", "3")] == [1, 2]
    for _, task in others:
        task.cancel()


async def test_the_position_is_reported_again_while_a_job_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_slots, "_REPORT_S", 0.001)
    slots, enough = FairSlots(0), asyncio.Event()
    positions: list[int] = []

    def report(position: int) -> None:
        positions.append(position)
        if len(positions) == 3:
            enough.set()

    task = asyncio.ensure_future(slots.acquire("a", "1", report))
    await asyncio.wait_for(enough.wait(), 30)
    task.cancel()
    assert set(positions) == {1}


async def test_a_job_that_runs_already_does_not_wait() -> None:
    slots = FairSlots(1)
    await slots.acquire("a", "1")
    positions, task = await wait_in(slots, "a", "1")
    assert positions == []
    task.cancel()


@pytest.mark.parametrize(("jobs_of_b", "position"), [(0, 3), (1, 4), (2, 5), (3, 6), (9, 6)])
async def test_owners_that_take_turns_are_counted_as_such(jobs_of_b: int, position: int) -> None:
    slots = FairSlots(1)
    await slots.acquire("a", "0")
    waiting = [await wait_in(slots, "a", str(number)) for number in range(1, 4)]
    waiting += [await wait_in(slots, "b", str(number)) for number in range(jobs_of_b)]
    assert slots.position("a", "3") == position
    for _, task in waiting:
        task.cancel()
