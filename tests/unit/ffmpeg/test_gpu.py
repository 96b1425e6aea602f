"""GPUs are found by their device files and tried once; without a GPU no program is started."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ffmpeg_worker.ffmpeg import gpu as gpu_module
from ffmpeg_worker.ffmpeg.gpu import (
    GpuDevices,
    GpuTrial,
    explain_missing_encoders,
    find_gpu_devices,
    has_graphics_card,
)
from ffmpeg_worker.ffmpeg.tools import Tools
from ffmpeg_worker.job.machine import NO_GPU, Gpu

LOG = "[h264_nvenc @ 0x5] [error] "


def make_root(root: Path, *, count: int, model: str | None = None) -> Path:
    (root / "dev").mkdir()
    for name in ("nvidiactl", "nvidia-uvm", *(f"nvidia{number}" for number in range(count))):
        (root / "dev" / name).touch()
    if model is not None:
        folder = root / "proc/driver/nvidia/gpus/0000:01:00.0"
        folder.mkdir(parents=True)
        (folder / "information").write_text(f"Model: \t\t {model}\nIRQ:   64\n")
    return root


def trial(devices: GpuDevices, works: set[str]) -> tuple[GpuTrial, list[tuple[str, ...]]]:
    """A trial whose ffmpeg succeeds for commands with one of `works`, and the list of its commands."""
    seen: list[tuple[str, ...]] = []

    async def attempt(arguments: tuple[str, ...]) -> Any:
        seen.append(arguments)
        await asyncio.sleep(0)
        is_fine = any(word in arguments for word in works)
        log = SimpleNamespace(text="" if is_fine else f"{LOG}Cannot load libnvidia-encode.so.1")
        return SimpleNamespace(exit=SimpleNamespace(code=0 if is_fine else 1), stdout=b"sample", log=log)

    encoders = dict.fromkeys([*gpu_module.NVENC_ENCODERS, "libx264", "libx265", "libsvtav1"], "video")
    tools = SimpleNamespace(
        worker_ffmpeg=SimpleNamespace(attempt=attempt),
        capabilities=SimpleNamespace(encoders=encoders, tried_encoders={}),
    )
    return GpuTrial(cast(Tools, tools), devices), seen


def test_gpus_are_counted_by_their_device_files(tmp_path: Path) -> None:
    assert find_gpu_devices(make_root(tmp_path, count=2, model="NVIDIA L4")) == GpuDevices(2, "NVIDIA L4")


def test_control_devices_are_not_gpus(tmp_path: Path) -> None:
    assert find_gpu_devices(make_root(tmp_path, count=0, model="NVIDIA L4")) == GpuDevices()


def test_a_gpu_without_a_model(tmp_path: Path) -> None:
    assert find_gpu_devices(make_root(tmp_path, count=1)) == GpuDevices(1)


def test_a_render_node_is_a_card_of_any_maker(tmp_path: Path) -> None:
    root = make_root(tmp_path, count=0)
    (root / "dev/dri").mkdir()
    (root / "dev/dri/card0").touch()  # jobs cannot open it
    assert not has_graphics_card(root)
    (root / "dev/dri/renderD128").touch()
    assert has_graphics_card(root)


def test_an_nvidia_gpu_is_a_card(tmp_path: Path) -> None:
    assert has_graphics_card(make_root(tmp_path, count=1))


async def test_without_a_gpu_no_program_is_started() -> None:
    trying, seen = trial(GpuDevices(), {"h264_nvenc"})
    trying.begin()
    assert (trying.known, await trying.gpu(), seen) == (NO_GPU, NO_GPU, [])
    assert trying._trial is None


async def test_encoders_and_decoders_that_work_are_reported() -> None:
    samples = {"libx264", "libx265", "libsvtav1"}
    trying, seen = trial(GpuDevices(1, "Tesla T4"), {"h264_nvenc", "hevc_nvenc", *samples})
    assert trying.known is None
    both = await asyncio.gather(trying.gpu(), trying.gpu())
    found = Gpu(1, "Tesla T4", frozenset({"h264_nvenc", "hevc_nvenc"}), frozenset({"h264", "hevc", "av1"}))
    assert list(both) == [found, found]
    assert trying.known == found
    assert len(seen) == 3 + 2 * 3  # each encoder once; a sample and its decoding for each codec


async def test_a_gpu_without_working_encoders_has_a_reason() -> None:
    trying, seen = trial(GpuDevices(1, "NVIDIA L4"), set())
    found = await trying.gpu()
    assert (found.encoders, found.decoders) == (frozenset(), frozenset())
    assert "NVIDIA_DRIVER_CAPABILITIES" in (found.reason or "")
    assert len(seen) == 3


async def test_a_cancelled_caller_does_not_cancel_the_trial() -> None:
    trying, _ = trial(GpuDevices(1), {"h264_nvenc"})
    waiting = asyncio.ensure_future(trying.gpu())
    await asyncio.sleep(0)
    waiting.cancel()
    assert (await trying.gpu()).encoders == {"h264_nvenc"}


@pytest.mark.parametrize(
    ("name", "log", "reason"),
    [
        ("NVIDIA A100-SXM4-80GB", "No capable devices found", "The NVIDIA A100-SXM4-80GB has no encoder (NVENC)."),
        ("NVIDIA H200", "", "The NVIDIA H200 has no encoder (NVENC)."),
        ("NVIDIA A10", "[h264_nvenc] No capable devices found", "No capable devices found"),
        ("NVIDIA L4", "[h264_nvenc] Cannot load libcuda.so.1", "libcuda is missing"),
        ("NVIDIA L4", "Driver does not support the required nvenc API version. Required: 13.0", "too old"),
        (None, "", "This FFmpeg has no encoder for the GPU."),
    ],
)
def test_missing_encoders_are_explained(name: str | None, log: str, reason: str) -> None:
    assert re.search(re.escape(reason), explain_missing_encoders(GpuDevices(1, name), [log]))
