"""Many tiny jobs at concurrency 2: the server against `xargs -P2` on the bare command.

`BENCH_AGAINST` names the `src` folder of another tree, whose server takes its turns too.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from contextlib import ExitStack

import aiohttp

from bench.api_server import FFMPEG, TINY, ApiServer, running_trees
from bench.table import median, table

_CONCURRENCY = 2


def measure(*, quick: bool) -> str:
    """Measure jobs per second and their ratio, as medians of interleaved rounds."""
    count, rounds = (20, 1) if quick else (60, 7)
    by_xargs: list[float] = []
    with ExitStack() as stack:
        servers = running_trees(stack, MAX_CONCURRENCY=str(_CONCURRENCY))
        by_http: dict[str, list[float]] = {name: [] for name in servers}
        for server in servers.values():
            asyncio.run(_run_http(server, 4))
        for number in range(rounds):
            by_xargs.append(_run_xargs(servers["this code"], count))
            for name, server in [*servers.items()][:: 1 if number % 2 else -1]:
                by_http[name].append(asyncio.run(_run_http(server, count)))
    rows = [["xargs -P2, bare command", f"{count / median(by_xargs):.1f}", "1.00"]]
    for name, seconds in by_http.items():
        ratio = median([bare / http for bare, http in zip(by_xargs, seconds, strict=True)])
        rows.append([f"HTTP, 2 at once, {name}", f"{count / median(seconds):.1f}", f"{ratio:.2f}"])
    notes = [f"{count} jobs, {rounds} rounds. The server also probes the output of each. Aim: at least 0.85."]
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
