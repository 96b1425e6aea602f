"""Recognizes failures of the GPU, after which a lane runs on the CPU."""

from __future__ import annotations

import re
from dataclasses import replace

from ffmpeg_worker.errors import EngineFailed
from ffmpeg_worker.planning.plan import Lane

_CODES = frozenset({"encoder_unavailable", "hardware_unavailable", "pixel_format_inconvertible"})
# These have another cause for certain.
_OTHER_CODES = frozenset({"disk_full", "output_flood"})
# Messages of NVIDIA's encoders, filters and driver.
_LINE = re.compile(
    r"^(?:\[(?:(?:h264|hevc|av1)_nvenc|CUDA|AVHW\w+Context|Parsed_\w+_cuda_\d+)\] "
    r"|[^\n]*\bCUDA_ERROR_|[^\n]*\bNV_ENC_ERR_"
    r"|[^\n]*\b(?:cuvid\w+|cu[A-Z]\w+)\([^\n]{0,200}?\) failed|[^\n]*No decoder surfaces left"
    r"|[^\n]*Impossible to convert between the formats)[^\n]*",
    re.MULTILINE,
)


def is_gpu_failure(error: EngineFailed) -> bool:
    """Whether a command failed on the GPU in a way that may not happen on the CPU."""
    if error.code in _OTHER_CODES:
        return False
    return error.code in _CODES or _LINE.search(error.stderr or "") is not None


def gpu_failed(error: EngineFailed) -> EngineFailed:
    """The error for a caller who allows no fallback to the CPU."""
    return EngineFailed(
        f"The command was mapped onto NVENC, and the GPU failed. {_reason(error)}",
        code="hardware_failed",
        hint='Try again, or use "hardware": "auto", which goes on with the CPU.',
        where=error.where,
        stderr=error.stderr,
    )


def without_gpu(lane: Lane, error: EngineFailed) -> Lane:
    """The lane for the CPU, with a warning that tells why it ran."""
    return replace(lane, warnings=(*lane.warnings, f"This ran on the CPU: the GPU failed. {_reason(error)}"))


def _reason(error: EngineFailed) -> str:
    found = _LINE.search(error.stderr or "")
    return found[0].strip()[:200] if found is not None else error.message
