"""Many queued jobs that do nothing: how fast they are sent, started and ended, and what their number costs.

The jobs have mixed priorities. They are sent to a process that runs none, so that all of them wait when the worker
starts. `FFMPEG_WORKER_BENCH_JOBS` sets their number.
"""

from __future__ import annotations

import asyncio
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench.table import table
from ffmpeg_worker.job_queue.job_record import JobFilter, JobStatus
from ffmpeg_worker.job_queue.queue_runtime import QueueRuntime

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.toy_queue import open_toy_queue, send_toy, wait_until_ended


def measure(*, quick: bool) -> str:
    """Measure, and format the table."""
    count = 100 if quick else int(os.environ.get("FFMPEG_WORKER_BENCH_JOBS", "10000"))
    rows: list[list[str]] = []
    for slots in (2, 4):
        rows += asyncio.run(_measure(count, slots))
    return table(f"{count} queued jobs", ["what", "measured"], rows)


async def _measure(count: int, slots: int) -> list[list[str]]:
    ran: list[str] = []
    rows: list[list[str]] = []

    async def run(runtime: QueueRuntime) -> None:
        ran.append(runtime.job_id)

    def add(what: str, value: str) -> None:
        rows.append([f"{slots} slots: {what}", value])

    with tempfile.TemporaryDirectory(prefix="ffmpeg-worker-bench-") as root:
        state = Path(root) / "state"
        random.seed(count)
        priorities = {f"job-{number:06}": random.choice((1, 10, 50, 100)) for number in range(count)}
        async with open_toy_queue(state, run, slots=0) as queue:
            times = []
            for job_id, priority in priorities.items():
                began = time.perf_counter()
                await send_toy(queue, job_id, priority=priority)
                times.append(time.perf_counter() - began)
            tenth = max(count // 10, 1)
            add("send, first and last tenth, ms per job", f"{_ms(times[:tenth])} {_ms(times[-tenth:])}")
            began = time.perf_counter()
            await queue.list(JobFilter(statuses=[JobStatus.QUEUED]), limit=50)
            add("list 50 of those that wait, ms", f"{(time.perf_counter() - began) * 1000:.1f}")
        began, cpu = time.perf_counter(), time.process_time()
        async with open_toy_queue(state, run, slots=slots) as queue:
            add("start with all waiting, s", f"{time.perf_counter() - began:.2f}")
            began = time.perf_counter()
            states = await wait_until_ended(queue, count, 1800)
            seconds = time.perf_counter() - began
            add("jobs per second", f"{count / seconds:.0f}")
            add("CPU ms per job", f"{(time.process_time() - cpu) / count * 1000:.1f}")
        add("ended, lost, run twice", f"{states['succeeded']} {count - len(set(ran))} {len(ran) - len(set(ran))}")
        order = sorted(priorities, key=lambda job_id: (priorities[job_id], job_id))
        place = {job_id: number for number, job_id in enumerate(order)}
        moved = Counter(min(abs(place[job_id] - number), slots + 1) for number, job_id in enumerate(ran))
        add(f"jobs more than {slots} places from their order", str(moved[slots + 1]))
        add(
            "memory of the process at its peak, MiB",
            f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}",
        )
        async with open_toy_queue(state, run, slots=0) as queue:
            for number in range(min(count, 1000)):
                await send_toy(queue, f"purged-{number}")
            began = time.perf_counter()
            purged = await queue.purge()
            add(f"purge {purged} jobs, s", f"{time.perf_counter() - began:.2f}")
    return rows


def _ms(times: list[float]) -> str:
    return f"{sum(times) / len(times) * 1000:.1f}"
