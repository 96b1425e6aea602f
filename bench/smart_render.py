"""Compositions that copy the frames of their clips, against rendering all frames and against FFmpeg's own copy."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp

from bench.api_server import ApiServer, make_source, run_bare, running_server
from bench.table import median, table

_SIZE = (1280, 720)
_TAGS = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
_ENCODERS = {
    "h264": ("-c:v", "libx264", "-preset", "veryfast", "-g", "60"),
    "hevc": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "keyint=60:log-level=none"),
}
_FADE = {"in": {"type": "fade", "duration": 0.5, "overlap": True}}
_TITLE = {"type": "text", "text": "Chapter one", "start": 5, "duration": 3, "y": "80%"}


def measure(*, quick: bool) -> str:
    """Return a table of wall-clock and CPU seconds, medians of interleaved rounds."""
    rounds, seconds = 1 if quick else 2, 8
    with running_server() as server:
        for name, pattern in (("one", "testsrc2"), ("two", "testsrc")):
            for codec in _ENCODERS:
                _make_clip(server, name, pattern, codec, seconds)
        rows = [
            _compare(server, name, codec, layers, rounds)
            for codec in _ENCODERS
            for name, layers in _compositions(codec, seconds).items()
        ]
        rows.append(_copy_alone(server, seconds, rounds))
    width, height = _SIZE
    head = ["composition", "frames", "copied", "rendered s", "smart s", "ratio", "CPU s", "smart CPU s", "ratio"]
    notes = [
        f"Two clips of {seconds} s at {width}x{height}, 30 fps, key frames 2 s apart, {rounds} rounds, over HTTP."
    ]
    return table("Smart render", head, rows, notes)


def _make_clip(server: ApiServer, name: str, pattern: str, codec: str, seconds: float) -> None:
    size = "x".join(map(str, _SIZE))
    picture = f"{pattern}=s={size}:r=30:d={seconds},noise=alls=6:allf=t,format=yuv420p,{_TAGS}"
    make_source(
        server.data / f"{name}-{codec}.mp4",
        *("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"sine=frequency=220:duration={seconds}"),
        *(*_ENCODERS[codec], "-c:a", "aac", "-shortest"),
    )


def _compositions(codec: str, seconds: float) -> dict[str, list[dict[str, Any]]]:
    trimmed = {"type": "video", "src": f"one-{codec}.mp4", "trim": {"start": 1.3, "end": seconds - 1}}
    second = {"type": "video", "src": f"two-{codec}.mp4", "start": "auto"}
    return {
        "one clip, trimmed": [trimmed],
        "two clips, crossfade": [trimmed, {**second, "transition": _FADE}],
        "two clips, title of 3 s": [trimmed, second, _TITLE],
    }


def _compare(server: ApiServer, name: str, codec: str, layers: list[dict[str, Any]], rounds: int) -> list[str]:
    walls: dict[bool, list[float]] = {False: [], True: []}
    stats: dict[bool, dict[str, Any]] = {}
    for _ in range(rounds):
        for is_smart, times in walls.items():
            began = time.perf_counter()
            stats[is_smart] = asyncio.run(_render(server, codec, layers, is_smart=is_smart))
            times.append(time.perf_counter() - began)
    whole, smart = (median(walls[is_smart]) for is_smart in (False, True))
    cpu, smart_cpu = (stats[is_smart]["cpu_seconds"] for is_smart in (False, True))
    counts = [str(stats[True]["frames"]), str(stats[True]["copied_frames"])]
    return [
        *(f"{codec}: {name}", *counts, f"{whole:.2f}", f"{smart:.2f}", f"{smart / whole:.2f}"),
        *(f"{cpu:.2f}", f"{smart_cpu:.2f}", f"{smart_cpu / cpu:.2f}"),
    ]


async def _render(
    server: ApiServer, codec: str, layers: list[dict[str, Any]], *, is_smart: bool
) -> dict[str, Any]:
    width, height = _SIZE
    composition = {"width": width, "height": height, "fps": 30, "layers": layers}
    body = {"json": composition, "output": "joined.mp4", "codec": codec, "smart_render": is_smart}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.url}/api/canvas/process", json=body) as response,
    ):
        assert response.status == 200, await response.text()
        stats: dict[str, Any] = (await response.json())["stats"]
        return stats


def _copy_alone(server: ApiServer, seconds: float, rounds: int) -> list[str]:
    """FFmpeg copies the trimmed clip from the key frame before the cut on: not the frames that were asked for."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        run_bare(
            ("-ss", "1.3", "-to", str(seconds - 1), "-i", "one-h264.mp4", "-c", "copy"), "copied.mp4", server.data
        )
        times.append(time.perf_counter() - began)
    return ["ffmpeg -c copy, not exact", "", "", "", f"{median(times):.2f}", "", "", "", ""]
