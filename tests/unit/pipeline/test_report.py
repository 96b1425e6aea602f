"""Results of jobs from what their lanes delivered and measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.errors import EngineFailed
from ffmpeg_worker.job.local_files import LocalFile, LocalFiles
from ffmpeg_worker.job.result_parts import OutputFile
from ffmpeg_worker.measurements.scenes import SceneMeasurement
from ffmpeg_worker.pipeline.deliver import DeliveredFiles
from ffmpeg_worker.pipeline.execute import Executed
from ffmpeg_worker.pipeline.report import make_result
from ffmpeg_worker.pipeline.run_lanes import Delivered, Outcome
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.step_result import StepResult
from ffmpeg_worker.planning.steps import FfmpegStep, FrameRange, RenderStep
from ffmpeg_worker.scene.scene import Scene
from support.job_contexts import FakeJob

FILES = LocalFiles({"a.mp4": LocalFile(Path("/a.mp4"), "a.mp4", 1000)})
OUTPUT = OutputFile(name="b.mp4", path="/data/b.mp4", size=300, content_type="video/mp4")
STEP = FfmpegStep(Invocation(("-i", "a")))
MANY: dict[str, Any] = {
    "action": "multi_process",
    "metadata": {"order": 7},
    "data": {"processes": [{"chainCmds": "-i a.mp4 b.mp4"}, {"chainCmds": "-i a.mp4 c.mp4"}]},
}


def delivered(
    *results: StepResult, lane: Lane | None = None, is_fused: bool = False, warnings: tuple[str, ...] = ()
) -> Delivered:
    lane = lane or Lane((STEP,) * len(results))
    executed = Executed("lane-0", lane, Path("/x"), results, is_fused)
    return Delivered(executed, DeliveredFiles((OUTPUT,), warnings), {})


def test_costs_are_added_up(tmp_path: Path) -> None:
    lane = delivered(
        StepResult(seconds=1.0, cpu_seconds=1.5, frames=30, out_time_s=1.0),
        StepResult(seconds=2.0, cpu_seconds=2.25, frames=20, out_time_s=1.0),
    )
    result = make_result(FakeJob(tmp_path).context, FILES, [lane]).as_json()
    stats = result["stats"]
    assert (stats["frames"], stats["cpu_seconds"]) == (50, 3.75)
    assert (stats["input_bytes"], stats["output_bytes"]) == (1000, 300)
    assert result["job_id"] == "job-7"


def test_frames_of_a_render_are_counted_once(tmp_path: Path) -> None:
    scene = Scene(width=2, height=2, fps=(10, 1), frames=10, background=(0, 0, 0, 1.0), elements=())
    render = RenderStep(scene, (FrameRange(0, 10, Invocation(())),))
    lane = Lane((STEP, render, STEP))
    results = (StepResult(frames=7), StepResult(frames=10, out_time_s=1.0), StepResult(frames=10))
    result = make_result(FakeJob(tmp_path).context, FILES, [delivered(*results, lane=lane)]).as_json()
    assert result["stats"]["frames"] == 10


def test_warnings_come_in_the_order_of_the_stages_each_once(tmp_path: Path) -> None:
    lane = delivered(
        StepResult(warnings=("a font is missing",), problems=("[mp4] [error] bad", "[mp4] [error] bad")),
        StepResult(warnings=("a font is missing",)),
        lane=Lane((STEP, STEP), warnings=("planned",)),
        warnings=("presigned",),
    )
    result = make_result(FakeJob(tmp_path).context, FILES, [lane]).as_json()
    *warnings, note = result["warnings"]
    assert warnings == ["planned", "a font is missing", "FFmpeg reported: [mp4] [error] bad", "presigned"]
    assert "does not confine" in note


def test_a_few_problems_are_told(tmp_path: Path) -> None:
    lane = delivered(StepResult(problems=tuple(f"p{number}" for number in range(9))), lane=Lane((STEP,)))
    *warnings, _note = make_result(FakeJob(tmp_path).context, FILES, [lane]).as_json()["warnings"]
    assert warnings == [f"FFmpeg reported: p{number}" for number in range(5)]


def test_logs_and_measurements_of_measuring_commands_are_whole(tmp_path: Path) -> None:
    measuring = FfmpegStep(Invocation(()), command=3, keeps_log=True)
    scene = SceneMeasurement(command=3, instance="Parsed_scdet_0", count=0, scenes=())
    found = StepResult(log="x" * 10_000 + "end", stdout="frame:0", is_log_cut=True, measurements=(scene,))
    result = make_result(
        FakeJob(tmp_path).context, FILES, [delivered(found, StepResult(), lane=Lane((measuring, STEP)))]
    ).as_json()
    (log,) = result["logs"]
    assert log == {"command": 3, "log": "x" * 10_000 + "end", "stdout": "frame:0", "truncated": True}
    (measured,) = result["measurements"]
    assert measured == {
        "command": 3,
        "filter": "scene",
        "instance": "Parsed_scdet_0",
        "truncated": False,
        "count": 0,
        "scenes": [],
    }


def test_other_results_have_neither_logs_nor_measurements(tmp_path: Path) -> None:
    result = make_result(FakeJob(tmp_path).context, FILES, [delivered(StepResult())]).as_json()
    assert not {"logs", "measurements"} & result.keys()


def test_a_failed_lane_is_reported_where_lanes_are_independent(tmp_path: Path) -> None:
    failed = EngineFailed("It failed.", code="encoder_unknown", where={"process": 1})
    outcomes: list[Outcome] = [delivered(StepResult(seconds=2.0, out_time_s=4.0), is_fused=True), failed]
    result = make_result(FakeJob(tmp_path, MANY).context, FILES, outcomes).as_json()
    assert (result["succeeded"], result["failed"], result["metadata"]) == (1, 1, {"order": 7})
    good, bad = result["results"]
    assert (good["success"], good["fused"], good["stats"]["seconds"], good["stats"]["speed"]) == (
        True,
        True,
        2.0,
        2.0,
    )
    assert (bad["success"], bad["error"]["code"], bad["error"]["where"]) == (
        False,
        "encoder_unknown",
        {"process": 1},
    )


def test_a_failed_lane_of_other_actions_is_raised(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match="It failed"):
        make_result(FakeJob(tmp_path).context, FILES, [EngineFailed("It failed.")])


def test_the_job_has_ended(tmp_path: Path) -> None:
    job = FakeJob(tmp_path)
    job.context.progress.start_lanes(1)
    make_result(job.context, FILES, [delivered(StepResult())])
    assert job.events[-1].percent == 100.0
