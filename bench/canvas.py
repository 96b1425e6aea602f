"""Rendering a composition, compared with its encoder alone, MoviePy and a browser; many layers; memory."""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bench.api_server import FFMPEG, ApiServer, make_source, running_server
from bench.canvas_browser import capture, find_browser
from bench.canvas_scene import ENCODER, FPS, SECONDS, SIZES, composition, make_sources, many_layers
from bench.table import median, ms, table

_MOVIEPY = Path(os.environ.get("BENCH_MOVIEPY", Path.home() / ".cache/ffmpeg-worker-bench/moviepy/bin/python"))
_FONT = Path(__file__).parents[1] / "src/ffmpeg_worker/fonts/Lora-Bold.ttf"
_CAPTURED_S = 2
Variant = Callable[[], float]


def measure(*, quick: bool) -> str:
    """Return tables of wall-clock seconds and ratios, medians of interleaved rounds, and of peak memory."""
    rounds = 1 if quick else 3
    with running_server() as server:
        make_sources(server.data)
        asyncio.run(_render(server, composition(320, 180), "warm.mp4"))
        parts = [_compare_renderers(server, size, rounds) for size in SIZES]
        parts += [_by_layers(server, rounds), _preview(server, rounds * 5), _memory(server, 10 if quick else 60)]
    return "\n\n".join(parts)


def _compare_renderers(server: ApiServer, size: tuple[int, int], rounds: int) -> str:
    width, height = size
    variants = dict(_variants(server, width, height))
    times: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, run in variants.items():
            times[name].append(run())
    medians = {name: median(values) for name, values in times.items()}
    alone, worker = (medians[name] for name in list(variants)[:2])
    rows = [[name, f"{s:.2f}", f"{s / alone:.2f}", f"{s / worker:.2f}"] for name, s in medians.items()]
    head = ["renderer", "wall s", "by encoder", "by worker"]
    notes = [
        f"{SECONDS} s at {FPS} fps, x264 veryfast crf 20, {rounds} interleaved rounds.",
        "Targets: worker at most 1.3 times the encoder; MoviePy at least 8, capture at least 10 times the worker.",
        f"The browser captures {_CAPTURED_S} s, extrapolated, without sound; its start is not counted.",
        *_missing_renderers(),
    ]
    return table(f"The composition at {width}x{height}", head, rows, notes)


def _variants(server: ApiServer, width: int, height: int) -> Iterator[tuple[str, Variant]]:
    scene = composition(width, height)
    asyncio.run(_render(server, scene, "lossless.mp4", crf=0, preset="ultrafast"))
    raw = server.data / f"{width}x{height}.yuv"
    make_source(raw, "-i", str(server.data / "lossless.mp4"), "-f", "rawvideo", "-pix_fmt", "yuv420p")
    size = ("-video_size", f"{width}x{height}", "-framerate", str(FPS))
    frames = ("-f", "rawvideo", "-pixel_format", "yuv420p", *size, "-i", str(raw))
    yield (
        "encoder alone",
        lambda: _timed(FFMPEG, "-v", "error", "-y", *frames, *ENCODER, str(server.data / "a.mp4")),
    )
    yield "worker, over HTTP", lambda: asyncio.run(_render(server, scene, "worker.mp4"))
    if _MOVIEPY.exists():
        script = Path(__file__).with_name("canvas_moviepy.py")
        arguments = (str(server.data), str(width), str(height), str(_FONT), str(server.data / "moviepy.mp4"))
        yield "MoviePy 2", lambda: _timed(str(_MOVIEPY), str(script), *arguments)
    if find_browser():
        factor = SECONDS / _CAPTURED_S
        yield (
            "Chromium, frame capture",
            lambda: factor * capture(server.data, width, height, _CAPTURED_S, server.data / "browser.mp4"),
        )


def _missing_renderers() -> list[str]:
    notes = []
    if not _MOVIEPY.exists():
        notes.append(f"Without MoviePy: {_MOVIEPY} is missing (Python with moviepy 2; set BENCH_MOVIEPY).")
    if not find_browser():
        notes.append("Without frame capture: this machine has no Chromium.")
    return notes


def _timed(*command: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return time.perf_counter() - began


async def _render(server: ApiServer, scene: dict[str, Any], output: str, **options: Any) -> float:
    body = {"json": scene, "output": output, "crf": 20, "preset": "veryfast", **options}
    return await _post(server, "process", body)


async def _post(server: ApiServer, route: str, body: dict[str, Any]) -> float:
    async with aiohttp.ClientSession() as session:
        began = time.perf_counter()
        async with session.post(f"{server.url}/api/canvas/{route}", json=body) as response:
            assert response.status == 200, await response.text()
            await response.read()
        return time.perf_counter() - began


def _by_layers(server: ApiServer, rounds: int) -> str:
    times: dict[int, list[float]] = {5: [], 61: []}
    for _ in range(rounds):
        for count, values in times.items():
            values.append(asyncio.run(_render(server, many_layers(count), "layers.mp4")))
    few, many = (median(values) for values in times.values())
    rows = [["5", f"{few:.2f}", "1.00"], ["61", f"{many:.2f}", f"{many / few:.2f}"]]
    return table("Layers, three of them visible", ["layers", "wall s", "ratio"], rows, ["Target: at most 1.15."])


def _preview(server: ApiServer, count: int) -> str:
    rows = []
    for width, height in SIZES:
        body = {"json": composition(width, height), "t": 6.5}
        times = [asyncio.run(_post(server, "preview", body)) for _ in range(count + 1)][1:]
        rows.append([f"{width}x{height}", ms(median(times)), ms(max(times))])
    return table("Preview, warm", ["size", "median ms", "max ms"], rows, ["Target: under 300 ms."])


def _memory(server: ApiServer, max_s: int) -> str:
    rows = []
    for seconds in (10, max_s):
        with _peak_memory(server.pid) as peak:
            asyncio.run(_render(server, composition(1920, 1080, seconds), "memory.mp4"))
        rows.append([f"{seconds} s", f"{peak[0] / 1024:.0f}", f"{peak[1] / 1024:.0f}"])
    head = ["1920x1080", "children MiB", "with the server MiB"]
    return table(
        "Peak memory (PSS) of the worker's processes", head, rows, ["Target: under 600 MB for any duration."]
    )


@contextmanager
def _peak_memory(pid: int) -> Iterator[list[int]]:
    """Measure the peak memory in KiB of the descendants of `pid`, and of them together with it."""
    peak, ended = [0, 0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            below = sum(_pss(child) for child in _descendants(pid))
            peak[:] = [max(peak[0], below), max(peak[1], below + _pss(pid))]

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def _descendants(pid: int) -> Iterator[int]:
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for one in threads for child in (one / "children").read_text().split()]
    except OSError:
        return
    for child in children:
        yield child
        yield from _descendants(child)


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
