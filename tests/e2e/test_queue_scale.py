"""Many queued jobs: none is lost, none runs twice, and those with a higher priority run first.

`FULL_CORPUS=1` takes 10 000 jobs instead of some hundred.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ffmpeg_worker.job_queue.job_record import JobStatus
from ffmpeg_worker.job_queue.queue_runtime import QueueRuntime
from support.extent import IS_FULL
from support.programs import toy_worker
from support.toy_queue import open_toy_queue, send_toy, wait_until_ended

JOBS = 10_000 if IS_FULL else 60
KILLED_JOBS = 1_000 if IS_FULL else 60
WITHIN_S = 3600.0 if IS_FULL else 120.0
TESTS = Path(__file__).parents[1]


async def idle(_runtime: QueueRuntime) -> None:
    """Never called: the process that sends runs no jobs."""


@pytest.mark.parametrize("slots", [2, 4])
async def test_all_jobs_run_once_in_the_order_of_their_priority(tmp_path: Path, slots: int) -> None:
    chance = random.Random(slots)
    priorities = {f"job-{number:05}": chance.choice((1, 10, 50, 100)) for number in range(JOBS)}
    ran: list[str] = []

    async def run(runtime: QueueRuntime) -> None:
        ran.append(runtime.job_id)

    async with open_toy_queue(tmp_path / "state", idle, slots=0) as queue:
        for job_id, priority in priorities.items():
            await send_toy(queue, job_id, priority=priority)
    async with open_toy_queue(tmp_path / "state", run, slots=slots) as queue:
        assert await wait_until_ended(queue, JOBS, WITHIN_S) == {"succeeded": JOBS}
    assert Counter(ran) == Counter(priorities.keys())
    expected = sorted(priorities, key=lambda job_id: (priorities[job_id], job_id))
    place = {job_id: number for number, job_id in enumerate(expected)}
    # Jobs that are taken together begin in any order.
    assert max(abs(place[job_id] - number) for number, job_id in enumerate(ran)) < 2 * slots


@contextmanager
def running_worker(state: Path, runs: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, str(toy_worker.__file__), str(state), str(runs)]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


async def test_a_worker_that_is_killed_loses_no_job(tmp_path: Path) -> None:
    state, runs = tmp_path / "state", tmp_path / "runs"
    async with open_toy_queue(state, idle, slots=0) as queue:
        for number in range(KILLED_JOBS):
            await send_toy(queue, f"job-{number:05}")
        with running_worker(state, runs):
            await wait_until_ended(queue, KILLED_JOBS // 3, WITHIN_S)
        assert (await queue.count())[JobStatus.QUEUED] > 0, "it was killed in the middle"
        with running_worker(state, runs):
            assert await wait_until_ended(queue, KILLED_JOBS, WITHIN_S) == {"succeeded": KILLED_JOBS}
    counts = Counter(runs.read_text().split())
    assert len(counts) == KILLED_JOBS
    again = [job_id for job_id, count in counts.items() if count > 1]
    assert len(again) <= 2, "only jobs that ran when it was killed"
    assert max(counts.values()) <= 2


async def test_two_workers_on_one_folder_share_the_jobs(tmp_path: Path) -> None:
    state, runs = tmp_path / "state", tmp_path / "runs"
    async with open_toy_queue(state, idle, slots=0) as queue:
        with running_worker(state, runs), running_worker(state, runs):
            sending = (send_toy(queue, f"job-{number:05}") for number in range(KILLED_JOBS))
            await asyncio.gather(*sending)
            assert await wait_until_ended(queue, KILLED_JOBS, WITHIN_S) == {"succeeded": KILLED_JOBS}
    counts = Counter(runs.read_text().split())
    assert len(counts) == KILLED_JOBS
    assert set(counts.values()) == {1}
