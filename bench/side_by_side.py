"""Compositions whose parts run side by side, against one after the other: rows of a batch, and ASS subtitles."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.api_server import make_source
from bench.table import median, table
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.open_services import open_services
from ffmpeg_worker.planning.composition import plan_composition, plan_video, video_plan
from ffmpeg_worker.services import Services
from ffmpeg_worker.settings import Settings

_ROWS = [{"name": f"Name {number}"} for number in range(6)]
_SLIDING = [{"time": 0, "value": 100}, {"time": 6, "value": 900}]
_HEAD = """[Script Info]
PlayResX: 1280
PlayResY: 720

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, Outline, Alignment, MarginV
Style: Default,Inter,64,&H00FFFFFF,&H0000D7FF,&H00000000,3,2,60

[Events]
Format: Layer, Start, End, Style, Text
"""


def measure(*, quick: bool) -> str:
    """Return a table of wall-clock and CPU seconds, medians of interleaved rounds."""
    return asyncio.run(_measure(1 if quick else 3, 4 if quick else 10))


async def _measure(rounds: int, seconds: int) -> str:
    with tempfile.TemporaryDirectory(prefix="ffmpeg-worker-bench-") as root:
        data = Path(root) / "data"
        data.mkdir()
        picture = f"testsrc2=s=1280x720:r=30:d={seconds},noise=alls=6:allf=t,format=yuv420p"
        make_source(data / "clip.mp4", "-f", "lavfi", "-i", picture, "-c:v", "libx264", "-preset", "ultrafast")
        (data / "karaoke.ass").write_text(_HEAD + "\n".join(_karaoke(seconds)) + "\n")
        async with open_services(Settings(data_root=data, scratch_root=Path(root) / "scratch")) as services:
            rows = [
                await _compare(services, name, composition, rounds)
                for name, composition in _compositions(seconds).items()
            ]
    head = ["composition", "in order s", "side by side s", "ratio", "CPU s", "side by side CPU s"]
    notes = [f"{rounds} rounds on {os.cpu_count()} cores, crf 23. A batch has {len(_ROWS)} rows."]
    return table("Side by side", head, rows, notes)


def _karaoke(seconds: int) -> list[str]:
    text = r"{\fad(100,100)}{\kf30}Sing {\kf30}along {\kf30}now"
    return [f"Dialogue: 0,0:00:{each:02}.00,0:00:{each:02}.95,Default,{text}" for each in range(seconds)]


def _compositions(seconds: int) -> dict[str, dict[str, Any]]:
    name = {"type": "text", "text": "Hello {{name}}"}
    clip = {"type": "video", "src": "clip.mp4"}
    return {
        "light rows: 2 s of a title, 360p": {
            "width": 640,
            "height": 360,
            "fps": 25,
            "duration": 2,
            "background": "#123456",
            "variables": _ROWS,
            "layers": [{**name, "transition": {"in": "fade"}}],
        },
        f"heavy rows: {seconds} s of a blurred clip, 720p": {
            "width": 1280,
            "height": 720,
            "fps": 30,
            "duration": seconds,
            "variables": _ROWS,
            "layers": [{**clip, "blur": 4}, {**name, "x": _SLIDING}],
        },
        f"{seconds} s of karaoke (.ass) on a clip, 720p": {
            "width": 1280,
            "height": 720,
            "fps": 30,
            "duration": seconds,
            "layers": [clip, {"type": "subtitles", "src": "karaoke.ass"}],
        },
    }


async def _compare(services: Services, name: str, composition: Mapping[str, Any], rounds: int) -> list[str]:
    walls: dict[bool, list[float]] = {False: [], True: []}
    cpu: dict[bool, list[float]] = {False: [], True: []}
    output = "out-{{name}}.mp4" if "variables" in composition else "out.mp4"
    job = {"action": "canvas", "data": {"json": composition, "output": output, "crf": 23}}
    for _ in range(rounds):
        for is_parallel in (False, True):
            with _in_order(rows=not is_parallel), _files_before(drawn=not is_parallel):
                began = time.perf_counter()
                result = await services.run(parse_job(job))
            walls[is_parallel].append(time.perf_counter() - began)
            cpu[is_parallel].append(result.as_json()["stats"]["cpu_seconds"])
    before, after = median(walls[False]), median(walls[True])
    times = [f"{median(cpu[is_parallel]):.2f}" for is_parallel in (False, True)]
    return [name, f"{before:.2f}", f"{after:.2f}", f"{after / before:.2f}", *times]


def _in_order(*, rows: bool) -> AbstractContextManager[Any]:
    """Render one row at a time, if `rows`."""
    choose = (lambda *_: 1) if rows else plan_video.choose_rows_at_once
    return patch.object(plan_composition, "choose_rows_at_once", choose)


def _files_before(*, drawn: bool) -> AbstractContextManager[Any]:
    """Draw subtitles into a file before anything is rendered, if `drawn`."""
    return patch.object(video_plan, "MAX_STREAMED", 0 if drawn else video_plan.MAX_STREAMED)
