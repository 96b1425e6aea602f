"""NVIDIA hardware that commands name themselves."""

from __future__ import annotations

import pytest

from ffmpeg_worker.errors import UnsupportedFeature
from ffmpeg_worker.job.actions.process import ProcessData
from ffmpeg_worker.job.machine import NO_GPU, Gpu
from ffmpeg_worker.planning.hardware.explicit_hardware import (
    check_hardware_available,
    find_named_hardware,
    needs_gpu,
)

L4 = Gpu(1, "NVIDIA L4", frozenset({"h264_nvenc"}), frozenset({"h264"}))
A100 = Gpu(1, "NVIDIA A100", reason="The NVIDIA A100 has no encoder (NVENC).")


def process(command: str) -> ProcessData:
    return ProcessData.model_validate({"chainCmds": command})


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("-i a.mp4 -c:v h264_nvenc b.mp4", "h264_nvenc"),
        ("-i a.mp4 -vcodec av1_nvenc b.mp4", "av1_nvenc"),
        ("-i a.mp4 -codec:v:0 hevc_nvenc b.mp4", "hevc_nvenc"),
        ("-hwaccel cuda -i a.mp4 b.mp4", "cuda"),
        ("-init_hw_device cuda=gpu:0 -i a.mp4 b.mp4", "cuda=gpu:0"),
        ("-c:v h264_cuvid -i a.mp4 b.mp4", "h264_cuvid"),
        ("-i a.mp4 -filter:v:0 null,scale_npp=64:64 b.mp4", "scale_npp"),
        ("-hwaccel vaapi -i a.mp4 b.mp4", None),
        ("-i nvenc.mp4 -metadata title=h264_nvenc my_cuda.mp4", None),
        ("-i a.mp4 -c:v my_h264_nvencx b.mp4", None),
    ],
)
def test_names_in_commands(command: str, name: str | None) -> None:
    assert find_named_hardware(command.split()) == name


def test_a_process_needs_the_trial_if_it_asks_for_hardware_or_names_it() -> None:
    plain = process("-i a.mp4 b.mp4")
    assert not needs_gpu(plain, "off")
    assert needs_gpu(plain, "auto")
    assert needs_gpu(process("-hwaccel cuda -i a.mp4 b.mp4"), "off")


@pytest.mark.parametrize(
    ("command", "hardware", "gpu", "where"),
    [
        ("-i a.mp4 b.mp4", "nvenc", NO_GPU, {"field": "hardware"}),
        ("-i a.mp4 b.mp4", "nvenc", A100, {"field": "hardware"}),
        ("-i a.mp4 b.mp4 && -i b.mp4 -c:v hevc_nvenc c.mp4", "off", L4, {"command": 1}),
        ("-hwaccel cuda -i a.mp4 b.mp4", "off", NO_GPU, {"command": 0}),
        ("-i a.mp4 b.mp4", "auto", NO_GPU, None),
        ("-i a.mp4 b.mp4", "nvenc", L4, None),
        ("-hwaccel cuda -i a.mp4 b.mp4", "off", A100, None),  # it can still decode
    ],
)
def test_hardware_that_the_worker_lacks_is_refused(
    command: str, hardware: str, gpu: Gpu, where: dict[str, object] | None
) -> None:
    asking = process(command)
    if where is None:
        check_hardware_available(asking, hardware, gpu)
        return
    with pytest.raises(UnsupportedFeature) as caught:
        check_hardware_available(asking, hardware, gpu)
    assert (caught.value.code, caught.value.where) == ("hardware_unavailable", where)
    assert (gpu.reason or "") in caught.value.message
