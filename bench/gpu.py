"""The same commands on the CPU and on the GPU: time, size and VMAF. Without a GPU nothing is measured.

`BENCH_CLIP` names a video to measure with: generated video says little about quality.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from bench.api_server import make_source
from bench.table import table
from ffmpeg_worker.command.encoders import ENCODERS
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.ffmpeg.gpu import find_gpu_devices
from ffmpeg_worker.job.machine import Gpu
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.open_services import open_services
from ffmpeg_worker.services import Services
from ffmpeg_worker.settings import read_settings

_QUALITIES = {"libx264": (18, 23, 28), "libx265": (20, 25, 30), "libsvtav1": (25, 35, 45)}
_HEAD = ["command", "cpu s", "gpu s", "cpu kB", "gpu kB", "cpu VMAF", "gpu VMAF"]
_NOTES = ["-crf becomes -cq of the same number: where the GPU's VMAF is below the CPU's, -cq is too high."]


def measure(*, quick: bool) -> str:
    """One row for each encoder, quality and way of scaling."""
    if find_gpu_devices().count == 0:
        return "no GPU here: there is no /dev/nvidia0, so nothing was measured"
    with tempfile.TemporaryDirectory() as root:
        return asyncio.run(_measure(Path(root), quick=quick))


async def _measure(root: Path, *, quick: bool) -> str:
    data = root / "data"
    data.mkdir()
    _make_source(data / "clip.mp4", seconds=2 if quick else 20)
    async with open_services(read_settings(data_root=data, scratch_root=root / "scratch")) as services:
        gpu = await services.resources.gpu.gpu()
        title = f"{gpu.count} x {gpu.name}: encodes {_listed(gpu.encoders)}; decodes {_listed(gpu.decoders)}"
        if not gpu.encoders:
            return f"{title}\nno NVENC here: {gpu.reason}"
        rows = [
            await _row(services, f"-c:v {encoder} -crf {quality}")
            for encoder, qualities in _usable(gpu).items()
            for quality in (qualities[1:2] if quick else qualities)
        ]
        rows.append(await _row(services, "-vf scale=1280:720 -c:v libx264 -crf 23"))
    return table(title, _HEAD, rows, _NOTES)


def _make_source(path: Path, *, seconds: int) -> None:
    clip = os.environ.get("BENCH_CLIP")
    if clip:
        shutil.copy(clip, path)
        return
    source = f"testsrc2=size=1920x1080:rate=25:duration={seconds},noise=alls=8:allf=t"
    make_source(path, "-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", "-crf", "10", "-preset", "veryfast")


def _usable(gpu: Gpu) -> dict[str, tuple[int, ...]]:
    mappings = {name: ENCODERS[name].nvenc for name in _QUALITIES}
    return {
        name: _QUALITIES[name] for name, mapping in mappings.items() if mapping and mapping.encoder in gpu.encoders
    }


async def _row(services: Services, options: str) -> list[str]:
    cpu, gpu = [await _run(services, options, hardware) for hardware in ("off", "nvenc")]
    return [options, *(cell for pair in zip(cpu, gpu, strict=True) for cell in pair)]


async def _run(services: Services, options: str, hardware: str) -> list[str]:
    """Seconds, kilobytes and VMAF; the code of the error where it fails."""
    name = f"{hardware}.mp4"
    command = {"chainCmds": f"-i clip.mp4 -an -pix_fmt yuv420p {options} {name}", "hardware": hardware}
    try:
        made = await _result(services, "process", command)
        scored = await _result(services, "vmaf", {"input1": "clip.mp4", "input2": name})
    except WorkerError as error:
        return [error.code, "-", "-"]
    return [
        f"{made['stats']['seconds']:.2f}",
        f"{made['outputs'][0]['size'] / 1000:.0f}",
        f"{scored['score']:.2f}",
    ]


async def _result(services: Services, action: str, data: dict[str, Any]) -> dict[str, Any]:
    return (await services.run(parse_job({"action": action, "data": data}))).as_json()


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
