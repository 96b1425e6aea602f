"""A bitrate ladder from one source: one fused ffmpeg against one ffmpeg for each rung."""

from __future__ import annotations

import asyncio
import time

import aiohttp

from bench.api_server import ApiServer, make_source, running_server
from bench.table import median, table

_RUNGS = (("1080", "1920:1080"), ("720", "1280:720"), ("480", "854:480"), ("360", "640:360"))


def measure(*, quick: bool) -> str:
    """Wall seconds and their ratio, medians of interleaved rounds."""
    seconds, rounds = (1, 1) if quick else (6, 3)
    times: dict[bool, list[float]] = {True: [], False: []}
    with running_server() as server:
        source = f"testsrc2=size=1920x1080:rate=25:duration={seconds}"
        make_source(
            server.data / "big.mp4", "-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", "-preset", "veryfast"
        )
        for _ in range(rounds):
            for fuse in (False, True):
                times[fuse].append(asyncio.run(_ladder(server, fuse=fuse)))
    apart, fused = median(times[False]), median(times[True])
    rows = [
        ["one ffmpeg per rung", f"{apart:.2f}", "1.00"],
        ["fused", f"{fused:.2f}", f"{fused / apart:.2f}"],
    ]
    return table("Four rungs and a thumbnail of 1080p H.264, x264 veryfast", ["way", "wall s", "ratio"], rows)


async def _ladder(server: ApiServer, *, fuse: bool) -> float:
    processes = [
        {"chainCmds": ["-i", "big.mp4", "-vf", f"scale={size}", "-preset", "veryfast", f"{name}.mp4"]}
        for name, size in _RUNGS
    ]
    processes.append({"chainCmds": ["-i", "big.mp4", "-frames:v", "1", "-update", "1", "thumb.jpg"]})
    async with aiohttp.ClientSession() as session:
        began = time.perf_counter()
        body = {"processes": processes, "fuse": fuse}
        async with session.post(f"{server.url}/api/ffmpeg/multi_process", json=body) as response:
            result = await response.json()
            assert result["failed"] == 0, result
        return time.perf_counter() - began
