"""Admission: how many jobs may be active, and how they end when the worker closes."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import pytest

from ffmpeg_worker.admission import Admission
from ffmpeg_worker.errors import JobInterrupted, KeyLimitReached, QueueFull


def make_admission(max_concurrency: int = 1, max_waiting_jobs: int = 1) -> Admission:
    return Admission(max_concurrency=max_concurrency, max_waiting_jobs=max_waiting_jobs)


async def test_jobs_are_active_while_they_run_or_wait_and_more_are_refused() -> None:
    admission = make_admission(max_concurrency=1, max_waiting_jobs=1)
    with admission.admit(), admission.admit():
        assert admission.active_jobs == 2
        with pytest.raises(QueueFull) as caught, admission.admit():
            raise AssertionError
        assert caught.value.retryable
        assert admission.active_jobs == 2
    assert admission.active_jobs == 0
    with admission.admit():
        assert admission.active_jobs == 1


async def test_a_job_that_fails_is_no_longer_active() -> None:
    admission = make_admission()
    with pytest.raises(RuntimeError), admission.admit():
        raise RuntimeError
    assert admission.active_jobs == 0


async def test_there_are_as_many_slots_as_concurrent_processes() -> None:
    admission = make_admission(max_concurrency=2, max_waiting_jobs=9)
    await admission.slots.acquire("a", "job")
    await admission.slots.acquire("a", "job")
    third = asyncio.ensure_future(admission.slots.acquire("a", "job"))
    await asyncio.sleep(0)
    assert not third.done()
    admission.slots.release("a", "job")
    await third


async def test_the_result_of_a_job_is_returned() -> None:
    async def job() -> int:
        return 7

    assert await make_admission().run(job()) == 7


async def test_closing_stops_running_jobs_and_waits_for_their_end() -> None:
    admission = make_admission()
    began, ended = asyncio.Event(), asyncio.Event()

    async def job() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            ended.set()

    running = asyncio.create_task(admission.run(job()))
    await began.wait()
    await admission.close()
    assert ended.is_set()
    with pytest.raises(JobInterrupted) as caught:
        await running
    assert caught.value.retryable


async def test_a_closed_worker_accepts_no_jobs() -> None:
    admission = make_admission()
    await admission.close()
    assert admission.is_closing
    with pytest.raises(JobInterrupted), admission.admit():
        raise AssertionError


async def test_cancelling_the_caller_stops_its_job_and_is_no_interruption() -> None:
    admission = make_admission()
    began, ended = asyncio.Event(), asyncio.Event()

    async def job() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    running = asyncio.create_task(admission.run(job()))
    await began.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended.is_set()
    assert not admission.is_closing


def fill(admission: Admission, owner: str, stack: ExitStack) -> int:
    """Admit jobs of an owner until one is refused because of the owner; returns how many were admitted."""
    before = admission.active_by_owner[owner]

    def admit_all() -> None:
        while True:
            stack.enter_context(admission.admit(owner))

    with pytest.raises(KeyLimitReached) as caught:
        admit_all()
    assert (caught.value.code, caught.value.retryable) == ("key_queue_full", True)
    return admission.active_by_owner[owner] - before


def test_a_single_key_may_have_every_place() -> None:
    admission = make_admission(max_concurrency=2, max_waiting_jobs=10)
    with ExitStack() as stack:
        for _ in range(12):
            stack.enter_context(admission.admit("a"))
        with pytest.raises(QueueFull), admission.admit("a"):
            raise AssertionError


def test_with_several_keys_none_has_more_places_than_it_leaves_free() -> None:
    admission = Admission(max_concurrency=2, max_waiting_jobs=100, has_several_keys=True)
    with ExitStack() as stack:
        assert fill(admission, "a", stack) == 51
        assert fill(admission, "b", stack) == 25
        assert fill(admission, "c", stack) == 13
        assert admission.active_by_owner == {"a": 51, "b": 25, "c": 13}
    assert admission.active_by_owner == {}
    assert admission.active_jobs == 0


def test_one_of_several_keys_may_fill_every_slot_though_few_jobs_may_wait() -> None:
    admission = Admission(max_concurrency=4, max_waiting_jobs=1, has_several_keys=True)
    with ExitStack() as stack:
        assert fill(admission, "a", stack) == 4
        stack.enter_context(admission.admit("b"))
        with pytest.raises(QueueFull), admission.admit("b"):
            raise AssertionError


@pytest.mark.parametrize(("concurrency_per_key", "admitted"), [(None, 2 + 3), (1, 1 + 3)])
def test_waiting_jobs_of_a_key_are_limited(concurrency_per_key: int | None, admitted: int) -> None:
    admission = Admission(
        max_concurrency=2,
        max_waiting_jobs=100,
        max_waiting_jobs_per_key=3,
        max_concurrency_per_key=concurrency_per_key,
    )
    with ExitStack() as stack:
        assert fill(admission, "a", stack) == admitted
        assert fill(admission, "b", stack) == admitted


async def test_running_processes_of_a_key_are_limited() -> None:
    admission = Admission(max_concurrency=2, max_waiting_jobs=9, max_concurrency_per_key=1)
    await admission.slots.acquire("a", "job")
    second = asyncio.ensure_future(admission.slots.acquire("a", "job"))
    await admission.slots.acquire("b", "job")
    assert not second.done()
    admission.slots.release("a", "job")
    await second
