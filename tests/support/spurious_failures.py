"""Looks for jobs that fail although nothing is wrong with them, while a second worker starts and stops.

`PYTHONPATH=tests python -m support.spurious_failures` runs 3000 jobs for each number of concurrent ones.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.parse import parse_job
from support.media.sources import make
from support.worker import Worker, open_worker

FIRST_UID = 260000
_SILENCE = ("-f", "lavfi", "-i", "anullsrc=d=0.05")


@dataclass
class Finding:
    """Jobs by outcome (`succeeded`, or the code of the error), and how often the second worker was started."""

    outcomes: Counter[str] = field(default_factory=Counter)
    neighbors: int = 0
    seconds: float = 0.0
    errors: list[str] = field(default_factory=list)


@cache
def network_namespace() -> tuple[str, ...]:
    """The command that runs another one in a network namespace of its own; empty where that is not allowed."""
    command = ("unshare", "--net")
    program = shutil.which(command[0])
    allowed = program and subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    return command if allowed else ()


async def run_tiny_jobs(root: Path, *, jobs: int, concurrency: int, neighbors: int | None = None) -> Finding:
    """Run jobs on a worker below `root`; a second one is started `neighbors` times, by default until the end."""
    finding = Finding()
    began = time.monotonic()
    async with open_worker(
        root, max_concurrency=concurrency, sandbox_first_uid=FIRST_UID, min_free_disk_bytes=0
    ) as worker:
        make(worker.data / "clip.wav", *_SILENCE)
        async with _second_worker(root / "second", finding, neighbors):
            numbers = iter(range(jobs))
            await asyncio.gather(*(_work(worker, numbers, finding) for _ in range(concurrency)))
    finding.seconds = time.monotonic() - began
    return finding


async def _work(worker: Worker, numbers: Iterator[int], finding: Finding) -> None:
    for number in numbers:
        try:
            await worker.services.run(parse_job(_job(number)))
        except WorkerError as error:
            finding.outcomes[error.code] += 1
            finding.errors.append(f"{number}: {json.dumps(error.as_problem())} {error.detail or ''}")
        else:
            finding.outcomes["succeeded"] += 1


def _job(number: int) -> dict[str, Any]:
    output = f"{number % 16}.wav"
    match number % 5:
        case 0:
            return {"action": "process", "data": {"chainCmds": [*_SILENCE, output]}}
        case 1:
            return {"action": "process", "data": {"chainCmds": ["-i", "clip.wav", "-c", "copy", output]}}
        case _:
            return {"action": "probe", "data": {"input": "clip.wav"}}


@asynccontextmanager
async def _second_worker(root: Path, finding: Finding, count: int | None) -> AsyncIterator[None]:
    """Start and stop a worker again and again, every second time with SIGKILL."""
    root.mkdir()
    (root / "job.json").write_text(json.dumps({"action": "process", "data": {"chainCmds": [*_SILENCE, "o.wav"]}}))
    neighbor = asyncio.ensure_future(_start_and_stop(root, finding, count))
    try:
        yield
        if count is not None:
            await neighbor
    finally:
        neighbor.cancel()
        await asyncio.gather(neighbor, return_exceptions=True)


async def _start_and_stop(root: Path, finding: Finding, count: int | None) -> None:
    environment = {
        **os.environ,
        "FFMPEG_WORKER_SCRATCH_ROOT": str(root / "scratch"),
        "FFMPEG_WORKER_SANDBOX_FIRST_UID": str(FIRST_UID),
        "FFMPEG_WORKER_MIN_FREE_DISK_BYTES": "0",
    }
    command = (*network_namespace(), sys.executable, "-m", "ffmpeg_worker", "run", "job.json")
    while count is None or finding.neighbors < count:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=root,
            env=environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            await _end(process, kill=finding.neighbors % 2 == 1)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
                await process.wait()
        finding.neighbors += 1


async def _end(process: asyncio.subprocess.Process, *, kill: bool) -> None:
    """Wait for the end of a worker, or kill it when it has probably taken a user ID."""
    try:
        async with asyncio.timeout(0.7 if kill else 60):
            _, log = await process.communicate()
    except TimeoutError:
        return
    assert process.returncode == 0, log.decode()


def main() -> int:
    """Run the jobs and print the findings; the exit code is 1 if a job has failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=3000)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[2, 8])
    chosen = parser.parse_args()
    where = "in another network namespace" if network_namespace() else "in the same network namespace"
    failed = 0
    for concurrency in chosen.concurrency:
        with tempfile.TemporaryDirectory(prefix="ffmpeg-worker-stress-") as root:
            finding = asyncio.run(run_tiny_jobs(Path(root), jobs=chosen.jobs, concurrency=concurrency))
        print(  # noqa: T201
            f"{concurrency} at once: {dict(finding.outcomes)} in {finding.seconds:.0f} s; "
            f"the second worker, {where}, was started {finding.neighbors} times"
        )
        print(*finding.errors[:20], sep="\n")  # noqa: T201
        failed += len(finding.errors)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
