"""Plans of jobs with `hardware`, and of jobs without it, which do not change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.errors import InvalidJob, UnsupportedFeature
from ffmpeg_worker.job.local_files import LocalFile, LocalFiles
from ffmpeg_worker.job.machine import NO_GPU, Gpu, Machine
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.planning.make_plan import check_machine
from ffmpeg_worker.planning.plan import Lane, Plan
from ffmpeg_worker.planning.steps import FfmpegStep
from support.jobs.plans import plan_job, read

L4 = Gpu(1, "NVIDIA L4", frozenset({"h264_nvenc", "hevc_nvenc"}), frozenset({"h264"}))
A100 = Gpu(1, "NVIDIA A100", reason="The NVIDIA A100 has no encoder (NVENC).")
STREAM = StreamInfo("video", codec="h264", duration_s=10.0, width=640, height=360, pix_fmt="yuv420p")
FILES = LocalFiles({"a.mp4": LocalFile(Path("/in/a.mp4"), "a.mp4", 7, MediaInfo("mov,mp4", (STREAM,), 10.0))})
TWO_PASSES = "-i a.mp4 -c:v libx264 -b:v 1M -pass 1 -an -f null /dev/null && -i a.mp4 -b:v 1M -pass 2 b.mp4"


def process(command: Any, hardware: str | None) -> dict[str, Any]:
    data = {"chainCmds": command} | ({} if hardware is None else {"hardware": hardware})
    return {"action": "process", "data": data}


def many(commands: dict[str, str | None], **data: Any) -> dict[str, Any]:
    processes = [process(command, hardware)["data"] for command, hardware in commands.items()]
    return {"action": "multi_process", "data": {"processes": processes, **data}}


def plan(job: dict[str, Any], gpu: Gpu = L4) -> Plan:
    return plan_job(job, Machine(2, gpu=gpu), FILES)


def check(job: dict[str, Any], gpu: Gpu) -> None:
    check_machine(read(job), Machine(2, gpu=gpu))


def commands_of(lane: Lane | None) -> list[str]:
    assert lane is not None
    return [" ".join(step.invocation.arguments) for step in lane.steps if isinstance(step, FfmpegStep)]


def test_without_the_field_the_plan_is_for_the_cpu() -> None:
    assert plan(process("-i a.mp4 b.mp4", None)) == plan(process("-i a.mp4 b.mp4", "off"), NO_GPU)


def test_auto_keeps_the_cpu_plan_as_fallback() -> None:
    plain, (lane,) = plan(process("-i a.mp4 b.mp4", "off")).lanes[0], plan(process("-i a.mp4 b.mp4", "auto")).lanes
    assert "h264_nvenc" in commands_of(lane)[0]
    assert lane.runs_on_gpu
    assert commands_of(lane.cpu_fallback) == commands_of(plain)
    assert lane.artifacts == plain.artifacts  # the same files, as long


def test_nvenc_has_no_fallback() -> None:
    (lane,) = plan(process("-i a.mp4 b.mp4", "nvenc")).lanes
    assert lane.runs_on_gpu
    assert lane.cpu_fallback is None


def test_scaling_on_the_gpu_keeps_the_expected_duration() -> None:
    command = "-i a.mp4 -vf scale=320:180 b.mp4"
    (lane,) = plan(process(command, "nvenc")).lanes
    assert "scale_cuda" in commands_of(lane)[0]
    assert lane.artifacts[0].promised_s == plan(process(command, "off")).lanes[0].artifacts[0].promised_s


def test_two_passes_become_one_command_with_the_number_of_the_second() -> None:
    (lane,) = plan(process(TWO_PASSES, "auto")).lanes
    (step,) = lane.steps
    assert isinstance(step, FfmpegStep)
    assert step.command == 1
    assert "-multipass:v fullres" in commands_of(lane)[0]
    assert "-pass" not in step.invocation.arguments
    assert len(commands_of(lane.cpu_fallback)) == 2


def test_passes_of_different_inputs_stay_two_commands() -> None:
    other = LocalFiles({**FILES.by_key, "c.mp4": replace(FILES["a.mp4"], staged="c.mp4")})
    job = process(TWO_PASSES.replace("&& -i a.mp4", "&& -i c.mp4"), "auto")
    assert len(plan_job(job, Machine(2, gpu=L4), other).lanes[0].steps) == 2


@pytest.mark.parametrize(
    ("command", "gpu", "reason"),
    [
        ("-i a.mp4 -tune film b.mp4", L4, '"-tune film" has no NVENC equivalent.'),
        ("-i a.mp4 -c copy b.mp4", L4, "No output is encoded with libx264"),
        ("-i a.mp4 b.mp4", NO_GPU, "There is no NVIDIA GPU"),
        ("-i a.mp4 b.mp4", A100, "The NVIDIA A100 has no encoder"),
    ],
)
def test_auto_says_why_it_uses_the_cpu(command: str, gpu: Gpu, reason: str) -> None:
    lane = plan(process(command, "auto"), gpu).lanes[0]
    plain = plan(process(command, "off")).lanes[0]
    assert commands_of(lane) == commands_of(plain)
    (warning,) = lane.warnings
    assert warning.startswith(f"This ran on the CPU. {reason}")


def test_nvenc_refuses_options_without_equivalent() -> None:
    with pytest.raises(UnsupportedFeature) as caught:
        plan(process("-i a.mp4 -tune film b.mp4", "nvenc"))
    assert caught.value.code == "hardware_not_mapped"
    assert '"-tune film"' in caught.value.message


def test_a_process_may_override_the_hardware_of_its_job() -> None:
    job = many({"-i a.mp4 b.mp4": None, "-i a.mp4 c.mp4": "off"}, hardware="auto", fuse=False)
    assert [lane.runs_on_gpu for lane in plan(job).lanes] == [True, False]


def test_a_process_that_cannot_be_mapped_fails_alone() -> None:
    lanes = plan(many({"-i a.mp4 b.mp4": "nvenc", "-i a.mp4 -tune film c.mp4": "nvenc"})).lanes
    assert lanes[0].failure is None
    assert lanes[1].failure is not None
    assert lanes[1].failure.code == "hardware_not_mapped"


def test_mapped_processes_with_the_same_input_share_one_ffmpeg() -> None:
    found = plan(many({"-i a.mp4 b.mp4": "auto", "-i a.mp4 -vf setsar=1 c.mp4": "auto", "-i a.mp4 d.mp4": "off"}))
    assert [fusion.members for fusion in found.fusions] == [(0, 1)]
    arguments = found.fusions[0].step.invocation.arguments
    assert arguments.count("-hwaccel") == 1
    assert arguments.count("h264_nvenc") == 2


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("-i a.mp4 -c:v h264_nvenc b.mp4", "h264_nvenc"),
        ("-hwaccel cuda -i a.mp4 b.mp4", "cuda"),
        ("-c:v h264_cuvid -i a.mp4 b.mp4", "h264_cuvid"),
        ("-i a.mp4 -vf hwupload_cuda,scale_cuda=64:64 b.mp4", "hwupload_cuda"),
        ("-i a.mp4 c.mp4 && -i c.mp4 -init_hw_device cuda=x b.mp4", "cuda=x"),
    ],
)
def test_missing_hardware_is_refused_by_name(command: str, named: str) -> None:
    job = process(command, None)
    assert read(job).wants_gpu
    with pytest.raises(UnsupportedFeature, match=named) as caught:
        check(job, NO_GPU)
    assert caught.value.code == "hardware_unavailable"
    assert caught.value.where["command"] == command.count("&&")
    check(job, L4)


def test_a_gpu_without_encoders_can_still_decode() -> None:
    check(process("-hwaccel cuda -i a.mp4 b.mp4", None), A100)
    with pytest.raises(UnsupportedFeature, match="A100"):
        check(process("-i a.mp4 -c:v hevc_nvenc b.mp4", None), A100)


def test_without_nvenc_only_auto_is_accepted() -> None:
    check(process("-i a.mp4 b.mp4", "auto"), NO_GPU)
    with pytest.raises(UnsupportedFeature) as caught:
        check(many({"-i a.mp4 b.mp4": "off", "-i a.mp4 c.mp4": "nvenc"}), NO_GPU)
    assert (caught.value.code, caught.value.where["process"]) == ("hardware_unavailable", 1)


@pytest.mark.parametrize("command", ["-i nvenc.mp4 my_cuda.mp4", "-i a.mp4 -metadata title=h264_nvenc b.mp4"])
def test_file_names_and_titles_are_not_hardware(command: str) -> None:
    assert not read(process(command, None)).wants_gpu


def test_an_unknown_hardware_mode_is_refused() -> None:
    with pytest.raises(InvalidJob):
        parse_job(process("-i a.mp4 b.mp4", "cuda"))
