"""Names of the outputs that steps make, for progress."""

from __future__ import annotations

from typing import Any

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.planning.artifact import Artifact
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.steps import CopyStep, FfmpegStep
from ffmpeg_worker.planning.written_outputs import name_written_outputs
from support.jobs.plans import plan_job


def names(data: dict[str, Any], action: str = "process", **files: Any) -> list[tuple[str | None, ...]]:
    plan = plan_job({"action": action, "data": data}, **files)
    return [name_written_outputs(lane) for lane in plan.lanes]


SOURCE = "-f lavfi -i testsrc2=d=1"


def test_each_command_of_a_chain_makes_its_own_output() -> None:
    chain = f"{SOURCE} middle.mp4 && -i middle.mp4 -f null - && -i middle.mp4 sub/end.mp4"
    assert names({"chainCmds": chain}) == [("middle.mp4", "sub/end.mp4", "sub/end.mp4")]


def test_a_command_without_output_is_named_by_its_number() -> None:
    assert names({"chainCmds": f"{SOURCE} a.mp4 && -i a.mp4 -f null -"}) == [("a.mp4", "command 1")]


def test_each_process_has_its_own() -> None:
    processes = [{"chainCmds": f"{SOURCE} {name}.mp4"} for name in "ab"]
    assert names({"processes": processes}, "multi_process") == [("a.mp4",), ("b.mp4",)]


def test_planned_steps_prepare_the_next_artifact() -> None:
    lane = Lane(
        (
            FfmpegStep(Invocation(("-i", "x", "file:_part.mkv"))),
            FfmpegStep(Invocation(("-i", "_part.mkv", "file:out-1.mp4"))),
            CopyStep("in_1", "2"),
            FfmpegStep(Invocation(("-f", "null", "-"))),
        ),
        (Artifact("one.mp4", "out-1.mp4"), Artifact("x" * 1000, "2"), Artifact("last.png", "out-3.png")),
    )
    first, second, third, last = name_written_outputs(lane)
    assert (first, second, last) == ("one.mp4", "one.mp4", "last.png")
    assert third is not None
    assert third.startswith("xxx")
    assert len(third) < 200


def test_steps_without_outputs_have_none() -> None:
    assert name_written_outputs(Lane((FfmpegStep(Invocation(("-f", "null", "-"))),))) == (None,)
