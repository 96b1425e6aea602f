"""Finds NVIDIA GPUs and tries once what they can encode and decode."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ffmpeg_worker.command.encoders import ENCODERS
from ffmpeg_worker.ffmpeg.log_tail import strip_log_tags
from ffmpeg_worker.ffmpeg.tools import Tools
from ffmpeg_worker.job.machine import NO_GPU, Gpu
from ffmpeg_worker.tasks import cancel_and_wait

NVENC_ENCODERS = tuple(name for name, encoder in ENCODERS.items() if encoder.hardware == "nvenc")
# By codec that is tried: the software encoder of its sample.
_SAMPLES = {"h264": "libx264", "hevc": "libx265", "av1": "libsvtav1"}
_QUIET = ("-hide_banner", "-nostdin", "-loglevel", "error")
_SOURCE = ("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=0.08")
_WITHOUT_ENCODERS = re.compile(r"\b(?:A100|A800|A30|H100|H800|H200|H20|GH200|B100|B200|B300|GB200|GB300)\b")
_REASONS = {
    "Cannot load libnvidia-encode": "The driver's libnvidia-encode is missing: "
    "NVIDIA_DRIVER_CAPABILITIES must contain video.",
    "Cannot load libcuda": "The driver's libcuda is missing.",
    "Driver does not support the required nvenc API version": "The driver is too old for this FFmpeg.",
}


@dataclass(frozen=True, slots=True)
class GpuDevices:
    """The NVIDIA GPUs that have a device; `name` is the model of the first one."""

    count: int = 0
    name: str | None = None


def find_gpu_devices(root: Path = Path("/")) -> GpuDevices:
    """Find GPUs by their device files, without starting a program; `root` is the root of the file system."""
    devices = [path for path in (root / "dev").glob("nvidia*") if re.fullmatch(r"nvidia\d+", path.name)]
    if not devices:
        return GpuDevices()
    for information in sorted((root / "proc/driver/nvidia/gpus").glob("*/information")):
        try:
            model = re.search(r"^Model:\s*(\S.*)$", information.read_text(errors="replace"), re.MULTILINE)
        except OSError:
            continue
        if model is not None:
            return GpuDevices(len(devices), model[1].strip())
    return GpuDevices(len(devices))


def has_graphics_card(root: Path = Path("/")) -> bool:
    """Whether there is a card of any maker whose device jobs can open; `root` is the root of the file system."""
    return find_gpu_devices(root).count > 0 or any((root / "dev/dri").glob("renderD*"))


class GpuTrial:
    """Tries the GPUs of one worker on first use. Without a GPU no program is started."""

    def __init__(self, tools: Tools, devices: GpuDevices) -> None:
        self._tools = tools
        self._devices = devices
        self._trial: asyncio.Task[Gpu] | None = None
        self._known = NO_GPU if devices.count == 0 else None

    @property
    def known(self) -> Gpu | None:
        """The result of the trial; None until it has ended."""
        return self._known

    def begin(self) -> None:
        """Start the trial in the background, if there is a GPU."""
        if self._known is None and self._trial is None:
            self._trial = asyncio.ensure_future(self._try_all())

    async def gpu(self) -> Gpu:
        """Return the result of the trial; the first call takes a few seconds if there is a GPU."""
        self.begin()
        if self._known is None and self._trial is not None:
            # A cancelled caller must not cancel the trial that others wait for.
            return await asyncio.shield(self._trial)
        return self._known or NO_GPU

    async def close(self) -> None:
        """Cancel a trial that is still running."""
        if self._trial is not None:
            await cancel_and_wait(self._trial)

    async def _try_all(self) -> Gpu:
        listed = self._tools.capabilities.encoders
        encoders: set[str] = set()
        complaints: list[str] = []
        for name in NVENC_ENCODERS:  # one after the other: a GPU has few sessions
            if name in listed:
                works, complaint = await self._run(make_encoding_trial(name))
                encoders |= {name} if works else set()
                complaints += [] if works else [complaint]
                self._tools.capabilities.tried_encoders[name] = works
        decoders = {codec for codec in _SAMPLES if encoders and await self._decodes(codec, min(encoders))}
        self._known = Gpu(
            self._devices.count,
            self._devices.name,
            frozenset(encoders),
            frozenset(decoders),
            None if encoders else explain_missing_encoders(self._devices, complaints),
        )
        return self._known

    async def _decodes(self, codec: str, encoder: str) -> bool:
        if _SAMPLES[codec] not in self._tools.capabilities.encoders:
            return False
        sample = await self._tools.worker_ffmpeg.attempt(make_sample_command(codec))
        if sample is None or sample.exit.code != 0:
            return False
        works, _ = await self._run(make_decoding_trial(sample.stdout, encoder))
        return works

    async def _run(self, command: Sequence[str]) -> tuple[bool, str]:
        ended = await self._tools.worker_ffmpeg.attempt(command)
        if ended is None:
            return False, "FFmpeg did not end."
        return ended.exit.code == 0, strip_log_tags(ended.log.text)


def make_encoding_trial(encoder: str) -> tuple[str, ...]:
    """Return the arguments that encode one frame on the GPU and discard it."""
    return (*_QUIET, *_SOURCE, "-frames:v", "1", "-c:v", encoder, "-pix_fmt", "yuv420p", "-f", "null", "-")


def make_sample_command(codec: str) -> tuple[str, ...]:
    """Return the arguments that encode two frames of a codec in software to standard output."""
    return (*_QUIET, *_SOURCE, "-c:v", _SAMPLES[codec], "-pix_fmt", "yuv420p", "-f", "matroska", "-")


def make_decoding_trial(sample: bytes, encoder: str, *, on_gpu: bool = True) -> tuple[str, ...]:
    """Return the arguments that decode a sample, scale it and encode it, on the GPU or else in software."""
    hwaccel = ("-hwaccel", "cuda", "-hwaccel_output_format", "cuda") if on_gpu else ()
    address = f"data:video/x-matroska;base64,{base64.b64encode(sample).decode('ascii')}"
    scale = "scale_cuda=w=256:h=192" if on_gpu else "scale=w=256:h=192"
    return (*_QUIET, *hwaccel, "-i", address, "-vf", scale, "-c:v", encoder, "-f", "null", "-")


def explain_missing_encoders(devices: GpuDevices, complaints: Sequence[str]) -> str:
    """Say in one sentence why no encoder works."""
    if devices.name is not None and _WITHOUT_ENCODERS.search(devices.name):
        return f"The {devices.name} has no encoder (NVENC)."
    text = "\n".join(complaints)
    for sign, sentence in _REASONS.items():
        if sign in text:
            return sentence
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return f"The GPU encodes no frame: {first[:200]}" if first else "This FFmpeg has no encoder for the GPU."
