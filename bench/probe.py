"""Time to probe one file: the embedded probe in a fresh child, compared with a process of ffprobe."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench.api_server import make_source
from bench.table import median, ms, table
from ffmpeg_worker.ffmpeg.probe.prober import Prober
from ffmpeg_worker.process.spawner import Spawner

_CONCURRENCY = 8


def measure(*, quick: bool) -> str:
    """Measure the median in milliseconds, and files per second with eight concurrent probes."""
    ffprobe = shutil.which("ffprobe")
    if ffprobe is None:
        return "Probing: not measured, because there is no ffprobe on PATH to compare with."
    with tempfile.TemporaryDirectory(prefix="ffmpeg-worker-bench-") as root:
        file = Path(root) / "clip.mp4"
        make_source(
            file,
            *("-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25:duration=10"),
            *("-f", "lavfi", "-i", "sine=duration=10", "-pix_fmt", "yuv420p", "-preset", "ultrafast"),
        )
        count = 10 if quick else 100
        spawned, embedded = asyncio.run(_measure_alternately(ffprobe, file, count))
    rows = [
        ["ffprobe, one process per file", ms(median(spawned[0])), f"{spawned[1]:.0f}", "1.00"],
        [
            "embedded, one fresh child per file",
            ms(median(embedded[0])),
            f"{embedded[1]:.0f}",
            f"{median(embedded[0]) / median(spawned[0]):.2f}",
        ],
    ]
    head = ["probe by", "p50 ms", f"files/s, {_CONCURRENCY} concurrent", "p50 ratio"]
    return table("Probing a 720p H.264 file", head, rows, ["Aim: half the p50."])


Figures = tuple[list[float], float]


async def _measure_alternately(ffprobe: str, file: Path, count: int) -> tuple[Figures, Figures]:
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
            one.append(await _time(spawned))
            other.append(await _time(embedded))
            await asyncio.sleep(0.02)  # the next child is forked between jobs, not within one
        result = (one, await _rate(spawned, count)), (other, await _rate(embedded, count))
        await prober.close()
    return result


async def _time(run: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await run()
    return time.perf_counter() - began


async def _rate(run: Callable[[], Awaitable[None]], count: int) -> float:
    numbers = iter(range(count))

    async def work() -> None:
        for _ in numbers:
            await run()

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(_CONCURRENCY)))
    return count / (time.perf_counter() - began)
