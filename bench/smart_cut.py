"""A minute out of ten: a smart cut against an encode of the whole part, and against a copy from a key frame."""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.api_server import make_source
from bench.table import table
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.open_services import open_services
from ffmpeg_worker.services import Services
from ffmpeg_worker.settings import Settings

_FILM_S, _LOOP_S, _PART_S, _START_S = 600, 20, 60, 301.3
_RUNS = 3
_CODECS = {
    "H.264": ("-c:v", "libx264", "-g", "250", "-preset", "ultrafast", "-bf", "2"),
    "HEVC": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "keyint=250:log-level=none"),
}


def measure(*, quick: bool) -> str:
    """Return a table of wall times, medians of runs in turn."""
    size, film_s = ("160x90", 120) if quick else ("640x360", _FILM_S)
    return asyncio.run(_measure(size, film_s, 1 if quick else _RUNS))


async def _measure(size: str, film_s: int, runs: int) -> str:
    with tempfile.TemporaryDirectory(prefix="ffmpeg-worker-bench-") as root:
        data = Path(root) / "data"
        data.mkdir()
        start = _START_S if film_s == _FILM_S else film_s / 2 + 1.3
        for name, options in _CODECS.items():
            sources = (f"testsrc2=size={size}:rate=25:duration={_LOOP_S}", f"sine=d={_LOOP_S}")
            inputs = [token for source in sources for token in ("-f", "lavfi", "-i", source)]
            make_source(data / f"{name}-once.mp4", *inputs, "-pix_fmt", "yuv420p", *options)
            again = str(film_s // _LOOP_S - 1)
            once = str(data / f"{name}-once.mp4")
            make_source(data / f"{name}.mp4", "-stream_loop", again, "-i", once, "-c", "copy")
        async with open_services(Settings(data_root=data, scratch_root=Path(root) / "scratch")) as services:
            rows = [await _compare(services, name, start, runs) for name in _CODECS]
    return table(
        f"{_PART_S} s out of {film_s} s of {size}, key frames 10 s apart, on {os.cpu_count()} cores",
        ["codec", "smart cut s", "whole encode s", "copy s", "smart/whole", "smart/copy", "encoded frames"],
        rows,
        [
            "Wall seconds of the job, medians. The copy begins at the key frame before; the others are exact.",
            "The whole encode uses the preset veryfast.",
        ],
    )


async def _compare(services: Services, name: str, start: float, runs: int) -> list[str]:
    cut = f"-ss {start} -t {_PART_S} -i {name}.mp4 -c:a copy"
    encoder = (
        "libx264 -preset veryfast" if name == "H.264" else "libx265 -preset veryfast -x265-params log-level=none"
    )
    jobs: dict[str, dict[str, Any]] = {
        "smart": {"chainCmds": f"{cut} -c:v copy {name}-smart.mp4", "smart_cut": True},
        "whole": {"chainCmds": f"{cut} -c:v {encoder} -crf 18 {name}-whole.mp4"},
        "copy": {"chainCmds": f"{cut} -c:v copy {name}-copy.mp4"},
    }
    times: dict[str, list[float]] = {kind: [] for kind in jobs}
    encoded = 0
    for _ in range(runs):
        for kind, data in jobs.items():
            began = time.perf_counter()
            result = await services.run(parse_job({"action": "process", "data": data}))
            times[kind].append(time.perf_counter() - began)
            encoded = result.as_json()["stats"].get("encoded_frames", encoded)
    smart, whole, copy = (statistics.median(times[kind]) for kind in ("smart", "whole", "copy"))
    ratios = [f"{smart / whole:.3f}", f"{smart / copy:.1f}"]
    return [name, f"{smart:.2f}", f"{whole:.2f}", f"{copy:.2f}", *ratios, str(encoded)]
