"""Probing one file: the embedded probe in its fresh child against spawning ffprobe."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench.bed import make
from bench.table import median, ms, table
from ffmpeg_worker.ffmpeg.probe.prober import Prober
from ffmpeg_worker.process.spawner import Spawner

_AT_ONCE = 8


def measure(*, quick: bool) -> str:
    """Median milliseconds, and files a second with eight at once."""
    ffprobe = shutil.which("ffprobe")
    if ffprobe is None:
        return "Probing: not measured, there is no ffprobe on PATH to compare with."
    with tempfile.TemporaryDirectory(prefix="ffmpeg-worker-bench-") as root:
        file = Path(root) / "clip.mp4"
        make(
            file,
            *("-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25:duration=10"),
            *("-f", "lavfi", "-i", "sine=duration=10", "-pix_fmt", "yuv420p", "-preset", "ultrafast"),
        )
        count = 10 if quick else 100
        spawned, embedded = asyncio.run(_take_turns(ffprobe, file, count))
    rows = [
        ["ffprobe, a process a file", ms(median(spawned[0])), f"{spawned[1]:.0f}", "1.00"],
        [
            "embedded, a fresh child a file",
            ms(median(embedded[0])),
            f"{embedded[1]:.0f}",
            f"{median(embedded[0]) / median(spawned[0]):.2f}",
        ],
    ]
    head = ["probe by", "p50 ms", f"files/s, {_AT_ONCE} at once", "p50 ratio"]
    return table("Probing a 720p H.264 file", head, rows, ["Aim: half the p50."])


Figures = tuple[list[float], float]


async def _take_turns(ffprobe: str, file: Path, count: int) -> tuple[Figures, Figures]:
    async with Spawner() as spawner:
        prober = Prober(None, spawner)
        await prober.open()

        async def embedded() -> None:
            async with prober.session() as session:
                await session.describe(file)

        async def spawned() -> None:
            process = await asyncio.create_subprocess_exec(
                *(ffprobe, "-v", "error", "-of", "json", "-show_format", "-show_streams", "-show_chapters"),
                str(file),
                stdout=subprocess.PIPE,
            )
            await process.communicate()

        one: list[float] = []
        other: list[float] = []
        for _ in range(count):
            one.append(await _timed(spawned))
            other.append(await _timed(embedded))
            await asyncio.sleep(0.02)  # the next child is made ready between jobs, not within one
        result = (one, await _rate(spawned, count)), (other, await _rate(embedded, count))
        await prober.close()
    return result


async def _timed(run: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await run()
    return time.perf_counter() - began


async def _rate(run: Callable[[], Awaitable[None]], count: int) -> float:
    numbers = iter(range(count))

    async def work() -> None:
        for _ in numbers:
            await run()

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
    return count / (time.perf_counter() - began)
