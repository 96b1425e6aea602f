"""GPU commands on a machine without a GPU: FFmpeg accepts every option, and jobs fall back to the CPU."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ffmpeg_worker.ffmpeg.gpu import (
    NVENC_ENCODERS,
    GpuDevices,
    GpuTrial,
    find_gpu_devices,
    make_decoding_trial,
    make_sample_command,
)
from ffmpeg_worker.ffmpeg.tools import find_ffmpeg
from ffmpeg_worker.job.machine import Gpu
from support.media.sources import make_clip
from support.worker import Worker, open_worker

pytestmark = pytest.mark.skipif(find_gpu_devices().count > 0, reason="the commands would run here")
in_one_loop = pytest.mark.asyncio(loop_scope="module")

FFMPEG = str(find_ffmpeg(None))
GOLDEN = Path(__file__).parents[1] / "unit/planning/hardware/golden_commands.json"
NO_DRIVER = "Cannot load libcuda.so.1"


class ClaimedCard(GpuTrial):
    """A GPU detection that reports a nonexistent GPU, so commands fail as with a broken driver."""

    def __init__(self) -> None:
        self._trial = None
        self._known = Gpu(1, "NVIDIA L4", frozenset(NVENC_ENCODERS), frozenset({"h264"}))


def golden(part: str) -> list[str]:
    return list(json.loads(GOLDEN.read_text(encoding="utf-8"))[part].values())


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [FFMPEG, "-hide_banner", "-nostdin", "-y", *arguments], cwd=cwd, capture_output=True, check=False
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("golden")
    make_clip(folder / "a.mp4", seconds=1, size="640x360")
    shutil.copy(folder / "a.mp4", folder / "l.png")  # read as what it is
    return folder


@pytest.mark.parametrize("command", golden("encoded on the GPU"))
@pytest.mark.sampled(3)
def test_ffmpeg_accepts_every_option_until_it_loads_the_driver(folder: Path, command: str) -> None:
    # The CPU decodes here, so only the encoder loads the driver.
    tokens = re.sub(r"-hwaccel\S* cuda ", "", command).split()
    log = run(*tokens, cwd=folder).stderr.decode()
    assert re.search(rf"\[(?:h264|hevc|av1)_nvenc @ \w+\] {re.escape(NO_DRIVER)}", log), log[-2000:]
    assert "has not been used for any stream" not in log


@pytest.mark.parametrize("command", golden("all on the GPU"))
def test_ffmpeg_accepts_gpu_graphs_until_frames_are_not_in_gpu_memory(folder: Path, command: str) -> None:
    graph = re.search(r"-vf (\S+)", command)
    if graph is not None:
        end = run("-i", "a.mp4", "-vf", graph[1], "-f", "null", "-", cwd=folder).stderr.decode()
        assert "Impossible to convert between the formats" in end, end[-2000:]
        assert "Error applying option" not in end
    assert NO_DRIVER in run(*command.split(), cwd=folder).stderr.decode()


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1"])
def test_the_decoding_trial_works_on_the_cpu(codec: str) -> None:
    sample = run(*make_sample_command(codec)).stdout
    assert run(*make_decoding_trial(sample, "libx264", on_gpu=False)).returncode == 0
    assert run(*make_decoding_trial(sample, "h264_nvenc")).returncode != 0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    """A worker that detects a nonexistent GPU."""
    root = tmp_path_factory.mktemp("hardware")
    make_clip(root / "data/clip.mp4", seconds=1, size="640x360")
    async with open_worker(root) as opened:
        opened.services.resources = replace_gpu(opened, ClaimedCard())
        yield opened


def replace_gpu(worker: Worker, trial: GpuTrial) -> Any:
    return replace(worker.services.resources, gpu=trial)


def job(hardware: str, command: str = "-i clip.mp4 -preset ultrafast {}.mp4", **data: Any) -> dict[str, Any]:
    filled = command.format(f"{hardware}-{len(command)}")
    return {"action": "process", "data": {"chainCmds": filled, "hardware": hardware, **data}}


@in_one_loop
async def test_auto_falls_back_to_the_cpu_when_the_gpu_fails(worker: Worker) -> None:
    result = await worker.run(job("auto"))
    assert result["outputs"][0]["media"]["codecs"][0] == "h264"
    (warning,) = result["warnings"]
    assert warning.startswith("This ran on the CPU: the GPU failed.")
    assert NO_DRIVER in warning


@in_one_loop
async def test_the_cpu_runs_both_passes(worker: Worker) -> None:
    first = "-i clip.mp4 -c:v libx264 -b:v 300k -preset ultrafast -pass 1 -an -f null /dev/null"
    result = await worker.run(job("auto", first + " && -i clip.mp4 -b:v 300k -preset ultrafast -pass 2 {}.mp4"))
    assert result["outputs"][0]["size"] > 0
    assert len(result["warnings"]) == 1


@in_one_loop
async def test_nvenc_fails_when_the_gpu_fails(worker: Worker) -> None:
    error = await worker.fail(job("nvenc"))
    assert (error.code, error.fault.value, error.retryable) == ("hardware_failed", "worker", True)
    assert NO_DRIVER in error.message


@in_one_loop
async def test_a_mistake_in_the_command_is_reported_as_such(worker: Worker) -> None:
    error = await worker.fail(job("auto", "-i clip.mp4 -map 0:7 {}.mp4"))
    assert error.code == "stream_map_empty"


@in_one_loop
async def test_fused_processes_run_apart_after_the_gpu_fails(worker: Worker) -> None:
    processes = [{"chainCmds": f"-i clip.mp4 -preset ultrafast shared-{n}.mp4"} for n in range(2)]
    result = await worker.run(
        {"action": "multi_process", "data": {"processes": processes, "hardware": "auto"}},
    )
    assert result["succeeded"] == 2
    assert all("the GPU failed" in one["warnings"][0] for one in result["results"])


@in_one_loop
async def test_without_a_gpu_only_auto_runs(worker: Worker) -> None:
    claimed = worker.services.resources
    worker.services.resources = replace_gpu(worker, GpuTrial(worker.services.tools, GpuDevices()))
    try:
        result = await worker.run(job("auto", "-i clip.mp4 -preset ultrafast none-{}.mp4"))
        assert result["warnings"] == ["This ran on the CPU. There is no NVIDIA GPU: no /dev/nvidia0."]
        assert (await worker.fail(job("nvenc"))).code == "hardware_unavailable"
        named = {"action": "process", "data": {"chainCmds": "-i clip.mp4 -c:v h264_nvenc x.mp4"}}
        assert (await worker.fail(named)).code == "hardware_unavailable"
        assert worker.events == []  # before any input was fetched
    finally:
        worker.services.resources = claimed


@in_one_loop
async def test_automatic_acceleration_is_left_out_without_a_card(worker: Worker) -> None:
    claimed = worker.services.resources
    worker.services.resources = replace(claimed, has_card=False)
    try:
        result = await worker.process("-hwaccel auto -hwaccel_device 0 -i clip.mp4 -preset ultrafast plain.mp4")
        (warning,) = result["warnings"]
        assert warning.startswith("The option -hwaccel auto was left out")
        data = {"processes": [{"chainCmds": f"-hwaccel auto -i clip.mp4 -t 0.2 auto{n}.mp4"} for n in range(2)]}
        many = await worker.run({"action": "multi_process", "data": data})
        assert [len(one["warnings"]) for one in many["results"]] == [1, 1]
        data = {
            "processes": [{"chainCmds": "-i clip.mp4 a.mp4"}, {"chainCmds": "-i clip.mp4 -c:v h264_vaapi b.mp4"}]
        }
        error = await worker.fail({"action": "multi_process", "data": data})
        assert (error.code, error.where["process"]) == ("hardware_unavailable", 1)
    finally:
        worker.services.resources = claimed


HARDWARE = [
    "-hwaccel vaapi -i clip.mp4 x.mp4",
    "-hwaccel qsv -c:v h264_qsv -i clip.mp4 x.mp4",
    "-hwaccel dxva2 -i clip.mp4 x.mp4",
    "-hwaccel vdpau -i clip.mp4 x.mp4",
    "-hwaccel vaapi -hwaccel_device /dev/dri/renderD128 -i clip.mp4 x.mp4",
    "-init_hw_device vaapi=v:/dev/dri/renderD128 -i clip.mp4 x.mp4",
    "-vaapi_device /dev/dri/renderD128 -i clip.mp4 -vf format=nv12,hwupload -c:v h264_vaapi x.mp4",
    "-i clip.mp4 -vf hwupload x.mp4",
    "-i clip.mp4 -vf scale_vaapi=64:36 x.mp4",
    "-i clip.mp4 -c:v h264_qsv x.mp4",
    "-i clip.mp4 -c:v h264_amf x.mp4",
    "-i clip.mp4 -c:v h264_videotoolbox x.mp4",
    "-i clip.mp4 -c:v h264_v4l2m2m x.mp4",
    "-c:v h264_v4l2m2m -i clip.mp4 x.mp4",
]


@in_one_loop
@pytest.mark.parametrize("command", HARDWARE)
@pytest.mark.parametrize("has_card", [False, True], ids=["no card", "a card of another kind"])
@pytest.mark.sampled(3)
async def test_missing_hardware_is_the_callers_to_change(worker: Worker, command: str, has_card: bool) -> None:
    claimed = worker.services.resources
    worker.services.resources = replace(claimed, has_card=has_card)
    try:
        error = await worker.fail({"action": "process", "data": {"chainCmds": command}})
    finally:
        worker.services.resources = claimed
    assert error.fault.value == "caller"
    if not has_card:
        assert error.code == "hardware_unavailable"
        assert worker.events == []  # before any input was fetched
    else:
        assert error.code in {"hardware_unavailable", "encoder_unavailable", "encoder_unknown"} or (
            error.code == "pixel_format_inconvertible" and "scale_vaapi" in command
        )
