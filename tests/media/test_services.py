"""Concurrency limits, the queue and shutdown of a whole worker."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.errors import JobInterrupted, QueueFull
from ffmpeg_worker.job.parse import parse_job
from support.media.sources import make_clip
from support.worker import open_worker

LONG: dict[str, Any] = {"action": "process", "data": {"chainCmds": "-re -i clip.mp4 -c copy o.mp4"}}


async def test_jobs_beyond_the_queue_limit_are_refused_and_the_others_succeed(tmp_path: Path) -> None:
    async with open_worker(tmp_path, max_concurrency=1, max_waiting_jobs=2) as worker:
        make_clip(worker.data / "clip.mp4", seconds=1)
        jobs = [worker.services.run(parse_job(LONG)) for _ in range(5)]
        ended = await asyncio.gather(*jobs, return_exceptions=True)
        refused = [error for error in ended if isinstance(error, QueueFull)]
        assert len(refused) == 2
        assert all(error.retryable for error in refused)
        assert sum(not isinstance(result, BaseException) for result in ended) == 3
        assert worker.services.admission.active_jobs == 0


async def test_a_closing_worker_interrupts_its_jobs(tmp_path: Path) -> None:
    async with open_worker(tmp_path) as worker:
        make_clip(worker.data / "clip.mp4", seconds=5)
        running = asyncio.Event()
        job = asyncio.ensure_future(worker.services.run(parse_job(LONG), observer=lambda _event: running.set()))
        await running.wait()
        await worker.services.admission.close()
        with pytest.raises(JobInterrupted) as caught:
            await job
        assert caught.value.retryable
        with pytest.raises(JobInterrupted):
            await worker.services.run(parse_job(LONG))
        assert worker.leftovers() == []
    assert worker.services.counters.by_outcome == {("process", "interrupted"): 1}


async def test_the_job_s_timeout_counts_waiting_too(tmp_path: Path) -> None:
    async with open_worker(tmp_path, max_concurrency=1) as worker:
        make_clip(worker.data / "clip.mp4", seconds=4)
        first = asyncio.ensure_future(worker.services.run(parse_job(LONG)))
        await asyncio.sleep(0)
        error = await worker.fail_while_others_run({**LONG, "timeout": 0.5})
        assert error.code == "timed_out"
        await first
