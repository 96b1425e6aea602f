"""Which failures of a GPU command are retried on the CPU."""

from __future__ import annotations

import pytest

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import EngineFailed
from ffmpeg_worker.pipeline.gpu_fallback import gpu_failed, is_gpu_failure, without_gpu
from ffmpeg_worker.planning.plan import Lane


@pytest.mark.parametrize(
    "stderr",
    [
        "[h264_nvenc] OpenEncodeSessionEx failed: out of memory (10)",
        "[hevc_nvenc] No capable devices found",
        "[AVHWDeviceContext] Could not dynamically load CUDA",
        "x cuInit(0) failed -> CUDA_ERROR_UNKNOWN: unknown error",
        "[error] cuvidCreateDecoder(&decoder, &params) failed",
        "[h264 @ 0x5] No decoder surfaces left",
        "Impossible to convert between the formats supported by the filter",
    ],
)
def test_messages_of_the_gpu(stderr: str) -> None:
    assert is_gpu_failure(EngineFailed("FFmpeg failed.", stderr=f"first line\n{stderr}\nConversion failed!"))


@pytest.mark.parametrize("stderr", [None, "", "[libx264] width not divisible by 2", "Conversion failed!"])
def test_messages_of_others(stderr: str | None) -> None:
    assert not is_gpu_failure(EngineFailed("FFmpeg failed.", stderr=stderr))


def test_codes_decide_before_messages() -> None:
    nvenc = "[h264_nvenc] OpenEncodeSessionEx failed"
    assert is_gpu_failure(EngineFailed("x", code="hardware_unavailable"))
    assert not is_gpu_failure(EngineFailed("x", code="output_flood", stderr=nvenc))


def test_without_a_fallback_the_error_names_the_gpu() -> None:
    cause = EngineFailed("x", stderr="[h264_nvenc] No capable devices found", where={"command": 1})
    error = gpu_failed(cause)
    assert (error.code, error.fault, error.retryable) == ("hardware_failed", Fault.WORKER, True)
    assert (error.where, error.stderr) == ({"command": 1}, cause.stderr)
    assert "No capable devices found" in str(error)


def test_the_fallback_tells_why_it_ran() -> None:
    lane = without_gpu(Lane((), warnings=("first",)), EngineFailed("It failed.", stderr="nothing known"))
    assert lane.warnings == ("first", "This ran on the CPU: the GPU failed. It failed.")
