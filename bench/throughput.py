"""Many tiny jobs at concurrency 2: the server against `xargs -P2` on the bare command."""

from __future__ import annotations

import asyncio
import subprocess
import time

import aiohttp

from bench.api_server import FFMPEG, TINY, ApiServer, running_server
from bench.table import median, table

_CONCURRENCY = 2


def measure(*, quick: bool) -> str:
    """Measure jobs per second and their ratio, as medians of interleaved rounds."""
    count, rounds = (20, 1) if quick else (200, 3)
    by_xargs: list[float] = []
    by_http: list[float] = []
    with running_server(MAX_CONCURRENCY=str(_CONCURRENCY)) as server:
        asyncio.run(_run_http(server, 4))
        for _ in range(rounds):
            by_xargs.append(_run_xargs(server, count))
            by_http.append(asyncio.run(_run_http(server, count)))
    xargs, http = median(by_xargs), median(by_http)
    rows = [
        ["xargs -P2, bare command", f"{count / xargs:.1f}", "1.00"],
        ["HTTP, 2 at once", f"{count / http:.1f}", f"{xargs / http:.2f}"],
    ]
    notes = [
        f"{count} jobs, {rounds} rounds. The server also probes input and output of each. Aim: at least 0.95."
    ]
    return table("Throughput", ["tiny jobs by", "jobs/s", "ratio"], rows, notes)


def _run_xargs(server: ApiServer, count: int) -> float:
    names = "\n".join(f"xargs-{i}.mp4" for i in range(count))
    began = time.perf_counter()
    subprocess.run(
        ["xargs", f"-P{_CONCURRENCY}", "-I{}", FFMPEG, "-nostdin", "-y", *TINY, "{}"],
        input=names.encode(),
        cwd=server.data,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began


async def _run_http(server: ApiServer, count: int) -> float:
    numbers = iter(range(count))

    async def work(session: aiohttp.ClientSession) -> None:
        for number in numbers:
            body = {"chainCmds": [*TINY, f"http-{number}.mp4"]}
            async with session.post(f"{server.url}/api/ffmpeg/process", json=body) as response:
                assert response.status == 200, await response.text()

    async with aiohttp.ClientSession() as session:
        began = time.perf_counter()
        await asyncio.gather(*(work(session) for _ in range(_CONCURRENCY)))
        return time.perf_counter() - began
