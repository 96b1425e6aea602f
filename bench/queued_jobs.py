"""The cost of the queue: a queued job against the direct path, throughput, progress, and an idle worker.

The job is the cheapest there is, a probe of a small file, so that what remains is the way of a job. The database
is a file, or the one that `BENCH_DATABASE_URL` names.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bench.api_server import FFMPEG
from bench.table import median, table
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job_queue.job_queue import JobQueue
from ffmpeg_worker.job_queue.sent_job import SentJob
from ffmpeg_worker.open_services import open_services
from ffmpeg_worker.services import Services
from ffmpeg_worker.settings import Settings

WATCHED_JOBS = 50


def measure(*, quick: bool) -> str:
    """Measure, and format the table."""
    rows = asyncio.run(_measure_all(rounds=5 if quick else 100, batch=10 if quick else 300))
    database = "PostgreSQL" if os.environ.get("BENCH_DATABASE_URL") else "a database file"
    return table(f"Queue in {database}", ["what", "measured"], rows)


async def _measure(services: Services, queue: JobQueue, rounds: int, batch: int) -> list[list[str]]:
    body = JobBody(None, json.dumps({"action": "probe", "data": {"input": "tone.wav"}}).encode())
    direct_body = JobBody("probe", b'{"input": "tone.wav"}')

    async def direct() -> None:
        await services.run(direct_body)

    async def queued() -> None:
        read = await services.read(body)
        record, _ = await queue.submit(SentJob(body, read.job, "bench"))
        ended = await queue.wait(record.job_id, "bench", 60)
        assert ended.is_final

    await direct()
    await queued()
    times = await _alternate(rounds, direct, queued)
    rows = [
        ["direct job, p50 ms", f"{times[0]:.1f}"],
        ["queued job, p50 ms", f"{times[1]:.1f}"],
        ["overhead of the queue, ms", f"{times[1] - times[0]:.1f}"],
    ]
    began = time.perf_counter()
    await asyncio.gather(*(queued() for _ in range(batch)))
    rows.append([f"{batch} queued jobs, jobs per second", f"{batch / (time.perf_counter() - began):.0f}"])
    began = time.perf_counter()
    slots = asyncio.Semaphore(services.settings.max_concurrency)
    await asyncio.gather(*(_bounded(direct, slots) for _ in range(batch)))
    rows.append([f"{batch} direct jobs, jobs per second", f"{batch / (time.perf_counter() - began):.0f}"])
    rows.append(["idle worker, percent of a core", f"{await _cpu_share(20):.2f}"])
    rows.append(
        [f"progress of {WATCHED_JOBS} jobs at 2 Hz, percent of a core", f"{await _progress_share(queue):.2f}"]
    )
    return rows


async def _bounded(run: Callable[[], Awaitable[None]], slots: asyncio.Semaphore) -> None:
    async with slots:
        await run()


async def _alternate(rounds: int, *runs: Callable[[], Awaitable[None]]) -> list[float]:
    """Return the medians of calls in milliseconds; they take turns, so that the machine's noise meets all."""
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds):
        for found, run in zip(times, runs, strict=True):
            began = time.perf_counter()
            await run()
            found.append((time.perf_counter() - began) * 1000)
    return [median(found) for found in times]


async def _cpu_share(seconds: float) -> float:
    """Return the percent of a core that this process takes while it waits."""
    began = time.process_time()
    await asyncio.sleep(seconds)
    return (time.process_time() - began) / seconds * 100


async def _progress_share(queue: JobQueue) -> float:
    """Return what the progress of many jobs at 2 Hz costs, above an idle worker."""
    idle = await _cpu_share(5)

    async def report(number: int) -> None:
        for percent in range(20):
            queue.reports.report_progress(f"job-{number}", "token", {"stage": "running", "percent": percent})
            await asyncio.sleep(0.5)

    began = time.process_time()
    reports = asyncio.gather(*(report(number) for number in range(WATCHED_JOBS)))
    await reports
    return (time.process_time() - began) / 10 * 100 - idle


async def _measure_all(rounds: int, batch: int) -> list[list[str]]:
    with tempfile.TemporaryDirectory(prefix="ffmpeg-worker-bench-") as root:
        data = Path(root) / "data"
        data.mkdir()
        tone = [FFMPEG, "-v", "error", "-f", "lavfi", "-i", "sine=duration=0.1", str(data / "tone.wav")]
        await asyncio.to_thread(subprocess.run, tone, check=True)
        values: dict[str, Any] = {"data_root": data, "state_root": Path(root) / "state", "min_free_disk_bytes": 0}
        if url := os.environ.get("BENCH_DATABASE_URL"):
            values |= {"database_url": url, "state_key": "bench"}
        async with open_services(Settings(**values)) as services:
            await services.resources.compute.open()
            return await _measure(services, await services.queue.get(), rounds, batch)
