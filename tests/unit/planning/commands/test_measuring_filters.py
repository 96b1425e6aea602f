"""Measuring filters are found in the graphs of a command as FFmpeg's log will name them."""

from __future__ import annotations

import pytest

from ffmpeg_worker.command.command_line import read_command_line
from ffmpeg_worker.measurements.measuring_filter import MeasuringFilter
from ffmpeg_worker.planning.commands.measuring_filters import (
    find_measuring_filters,
    make_recording,
    prints_measurements,
)
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.steps import FfmpegStep
from support.jobs.plans import plan_job


def found(*tokens: str) -> tuple[MeasuringFilter, ...]:
    return find_measuring_filters(read_command_line(["-i", "a.mp4", *tokens, "o.mp4"]))


@pytest.mark.parametrize(
    ("graph", "instances"),
    [
        ("silencedetect", ["Parsed_silencedetect_0"]),
        ("scale=2:2,idet;[x]null,cropdetect[y]", ["Parsed_idet_1", "Parsed_cropdetect_3"]),
        ("volume=1,silencedetect@music=d=1", ["silencedetect@music"]),
        ("metadata=print", ["Parsed_metadata_0"]),
        ("metadata=mode=print:file=-", ["Parsed_metadata_0"]),
        ("metadata=add:key=a:value=print", []),
        ("ametadata=delete", []),
        ("metadata", []),
        ("drawtext=text='idet,cropdetect'", []),
        ("drawtext=text=psnr\\,ssim", []),
        ("drmeter", ["Parsed_drmeter_0"]),
        ("scale=-2:720,format=yuv420p", []),
    ],
)
def test_instances(graph: str, instances: list[str]) -> None:
    assert [one.instance for one in found("-filter_complex", graph)] == instances


@pytest.mark.parametrize("option", ["-vf", "-af", "-filter:v", "-filter:a:1", "-filter_complex", "-lavfi"])
def test_every_option_with_a_graph(option: str) -> None:
    assert found(option, "psnr") == (MeasuringFilter("psnr", "Parsed_psnr_0"),)


def test_graphs_of_inputs() -> None:
    line = read_command_line(["-f", "lavfi", "-i", "amovie=a.mp3,silencedetect", "o.mp3"])
    assert find_measuring_filters(line) == (
        MeasuringFilter("silencedetect", "Parsed_silencedetect_1", is_input=True),
    )


def test_where_metadata_goes() -> None:
    to_log, to_stdout, to_file = (
        found("-vf", f"metadata=print{rest}")[0] for rest in ("", ":file=-", ":file=a.txt")
    )
    assert (to_log.prints_to_stdout, to_log.prints_to_file) == (False, False)
    assert (to_stdout.prints_to_stdout, to_stdout.prints_to_file) == (True, False)
    assert (to_file.prints_to_stdout, to_file.prints_to_file) == (False, True)


def test_scenes_are_selected_before() -> None:
    assert found("-vf", "select='gt(scene,0.4)',showinfo")[0].selects_scenes
    assert found("-vf", "select=e=gt(scene\\,0.4),scale=2:2,metadata=print")[0].selects_scenes
    assert not found("-vf", "select='eq(pict_type,I)',showinfo")[0].selects_scenes
    assert not found("-vf", "showinfo,select='gt(scene,0.4)'")[0].selects_scenes


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        ("metadata=print:file=-", True),
        ("ametadata=mode=print:file=-", True),
        ("psnr=-", True),
        ("ssim=f=-", True),
        ("ssim=stats_file=s.log", False),
        ("psnr", False),
    ],
)
def test_standard_output(graph: str, *, expected: bool) -> None:
    assert make_recording(read_command_line(["-i", "a", "-lavfi", graph, "o.mp4"])).has_stdout is expected


def test_a_graph_that_ffmpeg_refuses() -> None:
    assert [one.name for one in found("-vf", "psnr,=x")] == ["psnr"]


@pytest.mark.parametrize("option", ["-psnr", "-benchmark", "-bsf:v trace_headers", "-bsf:v showinfo"])
def test_options_that_print(option: str) -> None:
    assert prints_measurements(read_command_line(["-i", "a.mp4", *option.split(), "o.mp4"]))
    assert not prints_measurements(read_command_line(["-i", "a.mp4", "-bsf:v", "h264_mp4toannexb", "o.mp4"]))


def process(*commands: str) -> tuple[Lane, ...]:
    processes = [{"chainCmds": command} for command in commands]
    return plan_job({"action": "multi_process", "data": {"processes": processes}}).lanes


def test_commands_of_a_job_share_what_a_result_may_hold() -> None:
    (alone,) = process("-i a.mp4 -af astats o.mp3")
    lanes = process("-i a.mp4 -af astats o.mp3", "-i a.mp4 -f null - && -i a.mp4 b.mp4", "-i a.mp4 c.mp4")
    (whole,) = alone.steps
    steps = [step for lane in lanes for step in lane.steps]
    assert isinstance(whole, FfmpegStep)
    assert all(isinstance(step, FfmpegStep) for step in steps)
    measuring = [step for step in steps if isinstance(step, FfmpegStep) and step.keeps_log]
    assert len(measuring) == 2
    for step in measuring:
        assert step.recording.max_log_bytes == whole.recording.max_log_bytes // 2
        assert step.recording.max_values == whole.recording.max_values // 2
