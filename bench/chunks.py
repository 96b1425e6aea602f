"""A long encode in chunks: on this machine against one process, and on more workers by simulation."""

from __future__ import annotations

import heapq
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path

from bench.api_server import make_source, run_bare
from bench.table import table
from ffmpeg_worker.ffmpeg.probe.pyav_probe import describe, index
from ffmpeg_worker.job.local_files import LocalFile, LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.media import read_media
from ffmpeg_worker.planning.chunks.decide_split import decide_split
from ffmpeg_worker.planning.chunks.packet_index import read_packet_index
from ffmpeg_worker.planning.chunks.plan_chunks import ChunkPlan, plan_chunks
from ffmpeg_worker.planning.chunks.read_splittable import read_splittable
from ffmpeg_worker.planning.commands.plan_chain import plan_chain
from ffmpeg_worker.planning.commands.read_chain import read_chain
from ffmpeg_worker.planning.placed_files import TextFile

_WORKERS = (1, 2, 4, 8, 16, 32, 64)
_FILM_S = 2 * 3600
_SECONDS = 80
_CHUNKS = 4
_ENCODERS = {
    "x264 veryfast": "-c:v libx264 -preset veryfast -crf 23",
    "x265 ultrafast": "-c:v libx265 -preset ultrafast -crf 28 -x265-params log-level=none",
    "SVT-AV1 10": "-c:v libsvtav1 -preset 10 -crf 35",
    "VP9 realtime 8": "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -crf 34 -b:v 0",
}


@dataclass(frozen=True)
class _Times:
    """Wall seconds: of one process, of all chunks two at a time, of each chunk alone, and of the join."""

    whole: float
    two_at_a_time: float
    chunks: tuple[float, ...]
    join: float


def measure(*, quick: bool) -> str:
    """Return a table of chunks on this machine, and one of the simulated time on more workers."""
    size, encoders = ("160x90", 1) if quick else ("320x180", len(_ENCODERS))
    times: dict[str, _Times] = {}
    with tempfile.TemporaryDirectory(prefix="ffmpeg-worker-bench-") as root:
        data = Path(root)
        (data / "_in").mkdir()
        noisy = f"testsrc2=size={size}:rate=25:duration={_SECONDS},noise=alls=6:allf=t"
        source = ("-f", "lavfi", "-i", noisy, "-pix_fmt", "yuv420p", "-preset", "ultrafast", "-g", "50")
        make_source(data / "source.mp4", *source)
        (data / "_in/source.mp4").symlink_to("../source.mp4")
        for name, options in list(_ENCODERS.items())[:encoders]:
            times[name] = _measure(data, options)
    return f"{_compare(times, size)}\n\n{_simulate(times)}"


def _measure(data: Path, options: str) -> _Times:
    command = ("-i", "source.mp4", *options.split())
    plan = _plan(data, command)
    run = partial(run_bare, data=data)
    chunks = [partial(run, piece.command[:-1], piece.output) for piece in plan.chunks]
    whole = _time(partial(run, command, "whole.mp4"))
    with ThreadPoolExecutor(2) as pool:
        two_at_a_time = _time(lambda: list(pool.map(lambda chunk: chunk(), chunks)))
    alone = tuple(_time(chunk) for chunk in chunks)
    for item in plan.join.setup:
        if isinstance(item, TextFile):
            (data / item.name).write_text(item.text)
    *arguments, output = plan.join.invocation.arguments
    return _Times(whole, two_at_a_time, alone, _time(partial(run, tuple(arguments), output)))


def _plan(data: Path, command: Sequence[str]) -> ChunkPlan:
    chain = read_chain([(*command, "joined.mp4")], (), {}, option_policy=False)
    files = LocalFiles({"source.mp4": LocalFile(data / "source.mp4", "source.mp4", 0)})
    splittable = read_splittable(chain)
    path = str(data / "source.mp4")
    split = decide_split(splittable, read_media(describe(path)), read_packet_index(index(path)), _CHUNKS)
    return plan_chunks(plan_chain(chain, files, None), splittable, split, files, Machine(2, option_policy=False))


def _time(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def _compare(times: dict[str, _Times], size: str) -> str:
    rows = []
    for name, each in times.items():
        here = each.two_at_a_time + each.join
        cost = (sum(each.chunks) + each.join) / each.whole
        rows.append([name, f"{each.whole:.2f}", f"{here:.2f}", f"{here / each.whole:.2f}", f"{cost:.2f}"])
    return table(
        f"{_SECONDS} s of {size} in {_CHUNKS} chunks, on {os.cpu_count()} cores",
        ["encoder", "one process s", "chunks, two at a time s", "ratio", "chunks, one at a time: ratio"],
        rows,
        ["A ratio below 1 means that chunks are faster."],
    )


def _simulate(times: dict[str, _Times]) -> str:
    """The time of a film on workers like this machine, by list scheduling of the measured chunks."""
    rows = []
    for name, each in times.items():
        scale = _FILM_S / _SECONDS
        walls = [_schedule(each, workers, scale) for workers in _WORKERS]
        rows.append([name, *(f"{wall:.0f} ({each.whole * scale / wall:.1f}x)" for wall in walls)])
    return table(
        f"Simulated: {_FILM_S // 3600} hours of it on more workers, seconds and speedup",
        ["encoder", *(f"{workers} workers" for workers in _WORKERS)],
        rows,
        [
            "One chunk for each worker, on each 2 cores; 1 worker: one process.",
            "Measured chunk times in turn, scaled; the join is one step.",
            "Transfers between the workers are not part of it.",
        ],
    )


def _schedule(times: _Times, workers: int, scale: float) -> float:
    if workers == 1:
        return times.whole * scale
    per_chunk = scale * _CHUNKS / workers
    free = [0.0] * workers
    for seconds in islice(cycle(times.chunks), workers):
        heapq.heappush(free, heapq.heappop(free) + seconds * per_chunk)
    return max(free) + times.join * scale
