"""Checks of FFmpeg: the programs, and which encoders, GPUs and VMAF models work on this machine."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from ffmpeg_worker.command.encoders import ENCODERS
from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.doctor.check import Check, Verdict
from ffmpeg_worker.errors import EngineError
from ffmpeg_worker.ffmpeg.gpu import GpuTrial, find_gpu_devices
from ffmpeg_worker.ffmpeg.run_ffmpeg import run_ffmpeg
from ffmpeg_worker.ffmpeg.tools import Tools, open_tools
from ffmpeg_worker.planning.vmaf.models import MODELS
from ffmpeg_worker.settings import Settings

_SOFTWARE_ENCODERS = [name for name, encoder in ENCODERS.items() if encoder.hardware is None]
_NEEDED_ENCODERS = {"libx264", "aac"}
_HARDWARE_ENCODERS = [name for name in ENCODERS if name not in _SOFTWARE_ENCODERS]
_DEVICES = (Path("/dev/nvidia0"), Path("/dev/dri/renderD128"))
_TIMEOUT_S = 30.0


async def check_engine(settings: Settings) -> AsyncIterator[Check]:
    """Run the checks that need FFmpeg.

    Raises:
        Misconfigured: FFmpeg is missing or does not run.
    """
    async with open_tools(settings.ffmpeg_path, settings.ffprobe_path) as tools:
        yield Check("ffmpeg", Verdict.OK, f"{tools.capabilities.version} ({tools.ffmpeg})")
        yield _check_probe(tools)
        yield await _check_encoders(tools)
        yield await _check_gpu(tools)
        yield await _check_hardware(tools)
        yield await _check_vmaf(tools)


def _check_probe(tools: Tools) -> Check:
    if tools.ffprobe is not None:
        return Check("probe", Verdict.OK, f"ffprobe ({tools.ffprobe})")
    hint = 'An ffprobe on PATH, or FFPROBE_PATH, allows "chainCmds" in probe jobs.'
    return Check("probe", Verdict.OK, "embedded (PyAV)", hint)


async def _check_encoders(tools: Tools) -> Check:
    """Encode a frame with each encoder: FFmpeg also lists encoders that do not work."""
    usable = await tools.find_usable_encoders(_SOFTWARE_ENCODERS)
    shown = ", ".join(name for name in _SOFTWARE_ENCODERS if name in usable)
    missing = [name for name in _SOFTWARE_ENCODERS if name not in usable]
    if not missing:
        return Check("encoders", Verdict.OK, shown)
    verdict = Verdict.FAIL if _NEEDED_ENCODERS & set(missing) else Verdict.WARN
    hint = f"Not usable: {', '.join(missing)}. The embedded FFmpeg (no FFMPEG_PATH) has them."
    return Check("encoders", verdict, shown or "none", hint)


async def _check_gpu(tools: Tools) -> Check:
    """Test the NVIDIA GPUs; without one nothing is started."""
    gpu = await GpuTrial(tools, find_gpu_devices()).gpu()
    if gpu.count == 0:
        return Check("gpu", Verdict.OK, gpu.reason or "none")
    shown = f"{gpu.count} x {gpu.name or 'NVIDIA GPU'}"
    if not gpu.encoders:
        return Check("gpu", Verdict.WARN, f"{shown}, no NVENC", gpu.reason)
    decoded = ", ".join(sorted(gpu.decoders)) or "nothing"
    return Check("gpu", Verdict.OK, f"{shown}: {', '.join(sorted(gpu.encoders))}; decodes {decoded}")


async def _check_hardware(tools: Tools) -> Check:
    usable = await tools.find_usable_encoders(_HARDWARE_ENCODERS)
    if usable:
        return Check("hardware", Verdict.OK, ", ".join(name for name in _HARDWARE_ENCODERS if name in usable))
    devices = [str(device) for device in _DEVICES if device.exists()]
    listed = [name for name in _HARDWARE_ENCODERS if name in tools.capabilities.encoders]
    if not devices:
        names = " or ".join(str(device) for device in _DEVICES)
        return Check("hardware", Verdict.OK, f"no encoder: there is no {names}")
    if not listed:
        return Check("hardware", Verdict.WARN, "no encoder: this FFmpeg has none", "Unset FFMPEG_PATH.")
    shown = f"no encoder: {', '.join(devices)} exists, but none of {', '.join(listed)} encodes a frame"
    hint = "Check the driver, and that the user of the worker may open the device."
    return Check("hardware", Verdict.WARN, shown, hint)


async def _check_vmaf(tools: Tools) -> Check:
    """Score a frame with each model."""
    hint = "Unset FFMPEG_PATH: the embedded FFmpeg has all models."
    if "libvmaf" not in tools.capabilities.filters:
        return Check("VMAF", Verdict.WARN, "no vmaf jobs: this FFmpeg has no filter libvmaf", hint)
    working = [model for model in MODELS if await _can_score(tools, model)]
    shown = f"{len(working)} of {len(MODELS)} models: {', '.join(working)}"
    if len(working) < len(MODELS):
        return Check("VMAF", Verdict.WARN, shown, hint)
    return Check("VMAF", Verdict.OK, shown)


async def _can_score(tools: Tools, model: str) -> bool:
    side = max(MODELS.values())
    source = f"color=size={side}x{side}:rate=25:duration=0.04"
    graph = f"{source}[a];{source}[b];[a][b]libvmaf=model=version={model}"
    trial = Invocation(("-filter_complex", graph, "-f", "null", "-"))
    try:
        await run_ffmpeg(tools, trial, cwd=Path(tempfile.gettempdir()), timeout_s=_TIMEOUT_S)
    except EngineError:
        return False
    return True
