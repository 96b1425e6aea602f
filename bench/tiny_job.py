"""Overhead for a tiny job: the bare command, HTTP and the RunPod handler, in turns."""

from __future__ import annotations

import asyncio
import logging
import os
import time

import aiohttp

from bench.api_server import TINY, ApiServer, run_bare, running_server
from bench.table import median, ms, percentile, table


def measure(*, quick: bool) -> str:
    """Measure the milliseconds added at the median and the 95th percentile."""
    with running_server() as server:
        logging.getLogger("ffmpeg_worker").setLevel(logging.ERROR)
        os.environ["FFMPEG_API_BASE_URL"] = f"{server.url}/api"
        times = asyncio.run(_take_turns(server, 10 if quick else 100))
    p50, p95 = median(times["bare command"]), percentile(times["bare command"], 0.95)
    rows = [
        [name, ms(median(v)), ms(percentile(v, 0.95)), ms(median(v) - p50), ms(percentile(v, 0.95) - p95)]
        for name, v in times.items()
    ]
    head = ["a tiny job through", "p50 ms", "p95 ms", "added p50", "added p95"]
    return table("Added latency", head, rows, ["Aim: at most 8 ms added over HTTP at p50."])


async def _take_turns(server: ApiServer, count: int) -> dict[str, list[float]]:
    from ffmpeg_worker.runpod_worker import handler

    body = {"chainCmds": [*TINY, "http.mp4"]}
    job = {"id": "bench", "input": {"action": "process", "data": {"chainCmds": [*TINY, "runpod.mp4"]}}}
    times: dict[str, list[float]] = {"bare command": [], "HTTP": [], "RunPod handler": []}
    async with aiohttp.ClientSession() as session:
        for turn in range(count + 3):
            began = time.perf_counter()
            await asyncio.to_thread(run_bare, TINY, "bare.mp4", server.data)
            after_bare = time.perf_counter()
            async with session.post(f"{server.url}/api/ffmpeg/process", json=body) as response:
                assert response.status == 200, await response.text()
                await response.read()
            after_http = time.perf_counter()
            answer = await handler(job)
            assert answer.get("success"), answer
            if turn >= 3:  # the first jobs start processes that later ones reuse
                times["bare command"].append(after_bare - began)
                times["HTTP"].append(after_http - after_bare)
                times["RunPod handler"].append(time.perf_counter() - after_http)
    return times
