"""The cost of a comparison over HTTP against the plain command of FFmpeg, in wall and CPU time."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from pathlib import Path

import aiohttp

from bench.api_server import ApiServer, make_source, running_server
from bench.table import median, table
from ffmpeg_worker.ffmpeg.tools import find_ffmpeg

_SOURCE = "testsrc2=size=1920x1080:rate=25:duration="


def measure(*, quick: bool) -> str:
    """Medians of interleaved rounds of 1080p clips, and their ratios to the plain command."""
    lengths, rounds = ((1,), 1) if quick else ((6, 20), 3)
    rows: list[list[str]] = []
    with running_server() as server:
        for seconds in lengths:
            _make_clips(server, seconds)
            asyncio.run(_compare(server, seconds, "auto"))  # starts what a worker starts once
            rows += _measure_length(server, seconds, rounds)
    head = ["clip, way", "wall s", "ratio", "CPU s", "ratio"]
    notes = ["CPU: of all processes of the worker; `auto` also examines all frames of both videos."]
    return table("VMAF of 1080p, libvmaf with one thread for each core", head, rows, notes)


def _make_clips(server: ApiServer, seconds: int) -> None:
    plain = ("-pix_fmt", "yuv420p", "-preset", "veryfast")
    make_source(
        server.data / f"ref{seconds}.mp4", "-f", "lavfi", "-i", f"{_SOURCE}{seconds}", *plain, "-crf", "16"
    )
    make_source(
        server.data / f"bad{seconds}.mp4", "-i", str(server.data / f"ref{seconds}.mp4"), *plain, "-crf", "32"
    )


def _measure_length(server: ApiServer, seconds: int, rounds: int) -> list[list[str]]:
    ways = ("plain ffmpeg", "align off", "align auto")
    walls: dict[str, list[float]] = {way: [] for way in ways}
    cpus: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way in ways:
            if way == "plain ffmpeg":
                wall, cpu = _run_plain(server.data, seconds)
            else:
                wall, cpu = asyncio.run(_compare(server, seconds, way.removeprefix("align ")))
            walls[way].append(wall)
            cpus[way].append(cpu)
    wall, cpu = median(walls[ways[0]]), median(cpus[ways[0]])
    return [
        [
            f"{seconds} s, {way}",
            f"{median(walls[way]):.2f}",
            f"{median(walls[way]) / wall:.3f}",
            f"{median(cpus[way]):.2f}",
            f"{median(cpus[way]) / cpu:.3f}",
        ]
        for way in ways
    ]


def _run_plain(data: Path, seconds: int) -> tuple[float, float]:
    libvmaf = f"libvmaf=n_threads={os.cpu_count()}:log_fmt=json:log_path=/dev/null"
    files = ["-i", f"bad{seconds}.mp4", "-i", f"ref{seconds}.mp4"]
    before, began = os.times(), time.perf_counter()
    command = [str(find_ffmpeg(None)), "-v", "error", "-nostdin", *files, "-lavfi", libvmaf, "-f", "null", "-"]
    subprocess.run(command, cwd=data, check=True)
    wall, after = time.perf_counter() - began, os.times()
    used = (after.children_user - before.children_user) + (after.children_system - before.children_system)
    return wall, used


async def _compare(server: ApiServer, seconds: int, align: str) -> tuple[float, float]:
    body = {"input1": f"ref{seconds}.mp4", "input2": f"bad{seconds}.mp4", "align": align}
    async with aiohttp.ClientSession() as session:
        before, began = _cpu_of_tree(server.pid), time.perf_counter()
        async with session.post(f"{server.url}/api/ffmpeg/vmaf", json=body) as response:
            result = await response.json()
            assert response.status == 200, result
        return time.perf_counter() - began, _cpu_of_tree(server.pid) - before


def _cpu_of_tree(pid: int) -> float:
    """CPU seconds of a process, of its descendants, and of those that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    tasks = Path(f"/proc/{pid}/task").iterdir()
    children = {child for task in tasks for child in (task / "children").read_text().split()}
    return own + sum(_cpu_of_tree(int(child)) for child in children)
