"""Commands that name NVIDIA hardware themselves, and jobs that ask for it in `hardware`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ffmpeg_worker.errors import UnsupportedFeature
from ffmpeg_worker.job.actions.process import ProcessData
from ffmpeg_worker.job.machine import Gpu

_WORD = re.compile(r"\w++", re.ASCII)
_ENCODERS = frozenset({"h264_nvenc", "hevc_nvenc", "av1_nvenc"})
_SUFFIXES = ("_cuvid", "_cuda", "_npp")
_DEVICE_OPTIONS = frozenset({"-hwaccel", "-init_hw_device", "-hwaccel_output_format"})
_DEVICES = re.compile(r"(?:cuda|nvdec|cuvid)(?:$|[=:@])")
_GRAPH_OPTIONS = re.compile(
    r"-(?:vf|filter(?::v(?::\d+)?)?|filter_complex|lavfi|c(?::v(?::\d+)?)?|codec(?::v(?::\d+)?)?|vcodec)$"
)


def needs_gpu(process: ProcessData, hardware: str) -> bool:
    """Whether planning a process needs the result of the GPU trial; `hardware` is `off`, `auto` or `nvenc`."""
    return hardware != "off" or any(find_named_hardware(tokens) for tokens in process.chainCmds)


def check_hardware_available(process: ProcessData, hardware: str, gpu: Gpu) -> None:
    """Refuse a process that needs a GPU which this worker does not have.

    Raises:
        UnsupportedFeature: with the code `hardware_unavailable`.
    """
    if hardware == "nvenc" and not gpu.encoders:
        raise UnsupportedFeature(
            f'This worker has no NVENC, which "hardware" requires. {gpu.reason or ""}'.rstrip(),
            code="hardware_unavailable",
            hint='Use "auto", which runs on the CPU where there is no GPU, or another worker.',
            where={"field": "hardware"},
        )
    for number, tokens in enumerate(process.chainCmds):
        name = find_named_hardware(tokens)
        if name is not None and not _may_exist(name, gpu):
            raise UnsupportedFeature(
                f'This worker has no GPU for "{name[:64]}". {gpu.reason or ""}'.rstrip(),
                code="hardware_unavailable",
                hint="Use a software encoder such as libx264, and filters without _cuda.",
                where={"command": number},
            )


def find_named_hardware(tokens: Sequence[str]) -> str | None:
    """The first NVIDIA encoder, decoder, filter or device that a command names; `None` if there is none."""
    for option, value in pairwise(tokens):
        if option in _DEVICE_OPTIONS and _DEVICES.match(value):
            return value
        words: list[str] = _WORD.findall(value) if _GRAPH_OPTIONS.match(option) else []
        named = next((word for word in words if word in _ENCODERS or word.endswith(_SUFFIXES)), None)
        if named is not None:
            return named
    return None


def _may_exist(name: str, gpu: Gpu) -> bool:
    """Whether the GPU may have what was named: a GPU without encoders can still decode."""
    return name in gpu.encoders if name.endswith("_nvenc") else gpu.count > 0
