"""Healthy jobs do not fail: not beside another worker, and not because something kills one of their programs."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

from ffmpeg_worker.errors import WorkerError
from support.attacks.sandboxes import needs_users
from support.processes import alive, with_argument
from support.spurious_failures import run_tiny_jobs
from support.wait_until import until_async
from support.worker import Worker, open_worker


@needs_users
async def test_tiny_jobs_beside_a_worker_that_starts_and_stops(tmp_path: Path) -> None:
    finding = await run_tiny_jobs(tmp_path, jobs=40, concurrency=2, neighbors=2)
    assert finding.errors == []
    assert finding.outcomes == {"succeeded": 40}


async def test_an_ffmpeg_that_is_killed_or_crashes(tmp_path: Path) -> None:
    async with open_worker(tmp_path) as worker:
        killed = await _run_and_signal(worker, signal.SIGKILL)
        assert isinstance(killed, dict)
        assert killed["outputs"][0]["media"]["duration"] > 0.9
        assert len(list(worker.data.iterdir())) == 1
        crashed = await _run_and_signal(worker, signal.SIGSEGV)
        assert isinstance(crashed, WorkerError)
        assert (crashed.code, worker.leftovers()) == ("engine_crashed", [])


async def _run_and_signal(worker: Worker, number: int) -> dict[str, Any] | WorkerError:
    """Run a job of one second, and send a signal to its first ffmpeg."""
    name = f"signal-{number}-{os.getpid()}.wav"
    job = asyncio.ensure_future(worker.process(["-re", "-f", "lavfi", "-i", "sine=d=1", name]))
    await until_async(lambda: with_argument(name) != [])
    [pid] = with_argument(name)
    os.kill(pid, number)
    await until_async(lambda: not alive(pid))
    try:
        return await job
    except WorkerError as error:
        return error
