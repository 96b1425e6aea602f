"""Overhead for a tiny job: the bare command, HTTP and the RunPod handler, in turns.

`BENCH_AGAINST` names the `src` folder of another tree, whose HTTP server takes its turns too.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from contextlib import ExitStack

import aiohttp

from bench.api_server import TINY, ApiServer, run_bare, running_trees
from bench.table import median, ms, percentile, table


def measure(*, quick: bool) -> str:
    """Measure the milliseconds added at the median and the 95th percentile."""
    with ExitStack() as stack:
        servers = running_trees(stack)
        logging.getLogger("ffmpeg_worker").setLevel(logging.ERROR)
        os.environ["FFMPEG_API_BASE_URL"] = f"{servers['this code'].url}/api"
        times = asyncio.run(_take_turns(servers, 10 if quick else 100))
    p50, p95 = median(times["bare command"]), percentile(times["bare command"], 0.95)
    rows = [
        [name, ms(median(v)), ms(percentile(v, 0.95)), ms(median(v) - p50), ms(percentile(v, 0.95) - p95)]
        for name, v in times.items()
    ]
    head = ["a tiny job through", "p50 ms", "p95 ms", "added p50", "added p95"]
    return table("Added latency", head, rows, ["Aim: at most 8 ms added over HTTP at p50."])


async def _take_turns(servers: dict[str, ApiServer], count: int) -> dict[str, list[float]]:
    from ffmpeg_worker.runpod_worker import handler

    body = {"chainCmds": [*TINY, "http.mp4"]}
    job = {"id": "bench", "input": {"action": "process", "data": {"chainCmds": [*TINY, "runpod.mp4"]}}}
    times: dict[str, list[float]] = {"bare command": []}
    times |= {f"HTTP, {name}": [] for name in servers} | {"RunPod handler": []}
    data = servers["this code"].data
    async with aiohttp.ClientSession() as session:
        for turn in range(count + 3):
            began = time.perf_counter()
            await asyncio.to_thread(run_bare, TINY, "bare.mp4", data)
            times["bare command"].append(time.perf_counter() - began)
            for name, server in [*servers.items()][:: 1 if turn % 2 else -1]:
                began = time.perf_counter()
                async with session.post(f"{server.url}/api/ffmpeg/process", json=body) as response:
                    assert response.status == 200, await response.text()
                    await response.read()
                times[f"HTTP, {name}"].append(time.perf_counter() - began)
            began = time.perf_counter()
            answer = await handler(job)
            assert answer.get("success"), answer
            times["RunPod handler"].append(time.perf_counter() - began)
    return {name: each[3:] for name, each in times.items()}  # the first jobs start processes that later ones reuse
