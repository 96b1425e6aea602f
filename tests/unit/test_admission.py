"""Admission: how many jobs may be active, and how they end when the worker closes."""

from __future__ import annotations

import asyncio

import pytest

from ffmpeg_worker.admission import Admission
from ffmpeg_worker.errors import JobInterrupted, QueueFull


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
    await admission.slots.acquire()
    await admission.slots.acquire()
    assert admission.slots.locked()


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
