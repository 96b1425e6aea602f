"""Golden plans of comparisons, and results made from the measurements of their steps.

`UPDATE_GOLDEN=1 pytest tests/unit/planning/vmaf/test_plan_vmaf.py` rewrites the command lines.
"""

from __future__ import annotations

import json
import os
import shlex
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import DiskFull, InvalidJob, OutputRejected, SourceUnreadable, WorkerError
from ffmpeg_worker.job.local_files import LocalFile
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.artifact import Artifact
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.step_result import StepFiles, StepResult
from ffmpeg_worker.planning.vmaf.bars import place_parts
from ffmpeg_worker.planning.vmaf.findings import Area, Geometry
from ffmpeg_worker.planning.vmaf.graph import Repair
from ffmpeg_worker.planning.vmaf.pairing import pair_videos
from support.jobs.vmaf_plans import built, edited, moving, plan, scored, still, summarize, video
from support.media.thumbnails import moving_scene, rows, squares, without

GOLDEN = Path(__file__).with_name("golden_vmaf.json")
NTSC = Fraction(30000, 1001)
FULL = ("pc", None, None, None)

CASES: dict[str, tuple[Lane, StepFiles]] = {
    "equal videos": (plan(), moving()),
    "distorted starts 7 frames later": (plan(), moving(7)),
    "distorted starts 7 frames earlier": (plan(), moving(-7)),
    "shift only reported": (plan(align="report"), moving(7)),
    "shift not looked for": (plan(align="off"), moving(7)),
    "720p against 1080p": (plan(distorted=video(1, (1280, 720))), moving()),
    "both scaled": (plan(scale="960x540", distorted=video(1, (1280, 720))), moving()),
    "50 against 25 fps, shifted": (plan(distorted=video(1, fps=50)), moving(3)),
    "as many frames at another rate, shifted": (
        plan(distorted=video(1, fps="24000/1001", seconds=10.427)),
        moving(2),
    ),
    "29.97 fps": (plan(video(0, fps=NTSC), video(1, fps=NTSC)), moving()),
    "10 bit against 8 bit": (plan(distorted=video(1, pix_fmt="yuv420p10le")), moving()),
    "turned": (plan(distorted=video(1, (1080, 1920), rotation=-90)), moving()),
    "4K": (plan(video(0, (3840, 2160)), video(1, (3840, 2160))), moving()),
    "full range, other matrix": (
        plan(video(0, color=("tv", "bt709", None, None)), video(1, color=("pc", "bt470bg", None, None))),
        moving(),
    ),
    "RGB reference": (plan(video(0, pix_fmt="gbrp"), video(1, color=("tv", "bt709", None, None))), moving()),
    "v1 model": (plan(model="vmaf_v1.0.16_3d0h", threads=2), moving()),
    "features and subsampling": (
        plan(features=["psnr", "ms_ssim", "xpsnr"], subsample=5, output="f.json"),
        moving(),
    ),
}


def test_golden() -> None:
    shown = {
        name: {
            "commands": [shlex.join(step.invocation.arguments) for step in built(lane, found)],
            "warnings": list(lane.warnings),
        }
        for name, (lane, found) in CASES.items()
    }
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(shown, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert shown == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_one_run_scores_and_writes_thumbnails() -> None:
    lane = plan(output="frames.json")
    (score,) = built(lane, moving())
    assert (score.stdout_file, score.expected_s) == (None, 10.0)
    assert score.invocation.arguments.count("-i") == 2
    assert "[f=rawvideo]reference.gray|[f=framecrc]reference.times" in score.invocation.arguments
    assert lane.artifacts == (Artifact("frames.json", "vmaf.json", is_media=False),)


def test_a_second_run_follows_only_if_something_is_wrong_and_may_be_repaired() -> None:
    assert len(built(plan(), moving(7))) == 2
    assert len(built(plan(align="report"), moving(7))) == 1
    assert len(built(plan(align="off"), {})) == 1


def test_bars_are_measured_before_their_inside_is_scored() -> None:
    framed = squares(moving_scene(150).copy())
    framed[:, :, :3] = framed[:, :, 21:] = 16
    _, bars, score = built(plan(), edited(rows(framed)))
    assert (bars.stdout_file, "cropdetect" in " ".join(bars.invocation.arguments)) == ("bars.txt", True)
    assert "crop=1440:1080:240:0" in " ".join(score.invocation.arguments)
    assert "log_path=matched.json" in " ".join(score.invocation.arguments)


@pytest.mark.parametrize(
    ("measured", "crop"),
    [
        ("w=1444|h=1080|x=238|y=0", "crop=1444:1080:238:0"),
        ("w=1000|h=1080|x=400|y=0", "crop=1440:1080:240:0"),  # a dark picture
        ("w=-8|h=-8|x=8|y=8", "crop=1440:1080:240:0"),  # nothing but black
        ("", "crop=1440:1080:240:0"),
    ],
)
def test_a_measurement_that_contradicts_the_thumbnails_is_not_used(measured: str, crop: str) -> None:
    pairing = pair_videos(video(0), video(1), None)
    lines = [f"lavfi.cropdetect.{value}" for value in measured.split("|") if value]
    geometry = Geometry(visible=Area(0.125, 0.0, 0.875, 1.0), has_bars=True)
    part = place_parts(Repair(), pairing, geometry, "\n".join(lines).encode()).distorted_part
    assert part is not None
    assert f"crop={part.width}:{part.height}:{part.x}:{part.y}" == crop


def test_without_output_the_log_is_no_result() -> None:
    lane = plan()
    assert lane.artifacts == ()
    assert "vmaf.json" in lane.intermediates
    assert "vmaf.json" not in plan(output="a.json").intermediates


def test_the_result_has_both_scores_after_a_repair() -> None:
    shown = without(moving_scene(150), [60])
    lane = plan(video(0, seconds=6.0), video(1, seconds=5.96))
    result = summarize(lane, edited(shown), scored(149))
    assert result["scores"] == {"as_sent": 90.0, "matched": 90.0}
    assert result["alignment"]["status"] == "corrected"
    assert result["alignment"]["edits"] == [{"kind": "dropped", "frame": 60, "time": 2.4, "frames": 1}]
    assert "dropped frames" in result["warnings"][0]
    assert "it is 90.00" in result["warnings"][1]


def test_a_mirrored_video_keeps_its_score_and_gets_another_beside() -> None:
    shown = rows(squares(moving_scene(150))[:, :, ::-1])
    files = {**edited(shown), "matched.json": scored(150)["vmaf.json"].replace(b"90.0", b"95.0")}
    result = summarize(plan(video(0, seconds=6.0), video(1, seconds=6.0)), files, scored(150))
    assert (result["score"], result["scores"]) == (90.0, {"as_sent": 90.0, "matched": 95.0})
    assert (result["alignment"]["status"], result["alignment"]["geometry"]) == ("suspect", [{"kind": "mirrored"}])
    assert "mirrored" in result["warnings"][0]


@pytest.mark.parametrize("log", [b"", b"{", b"[]", b'{"frames": []}', b'{"frames": [{}]}'])
@pytest.mark.parametrize("align", ["auto", "off"])
def test_no_scores_are_never_the_fault_of_the_worker(log: bytes, align: str) -> None:
    with pytest.raises(OutputRejected) as caught:
        summarize(plan(align=align), moving(), {"vmaf.json": log})
    assert (caught.value.code, caught.value.fault) == ("no_scores", Fault.SOURCE)
    assert caught.value.hint


@pytest.mark.parametrize("log", [b"", b'{"frames": [{"frameNum": 0, "metr'])
def test_a_log_that_is_cut_although_frames_were_compared_is_a_full_disk(log: bytes) -> None:
    lane = plan(align="off")
    with pytest.raises(DiskFull) as caught:
        lane.summary.build([StepResult(frames=150)], {"vmaf.json": log})
    assert caught.value.retryable


def test_the_result_of_equal_videos() -> None:
    result = summarize(plan(output="frames.json"), moving(), scored())
    assert result.pop("pooled")["min"] == 90.0
    assert len(result.pop("worst")) == 5
    assert result == {
        "score": 90.0,
        "frames": 250,
        "model": "vmaf_v0.6.1",
        "libvmaf": "3",
        "output": "frames.json",
        "alignment": {
            "status": "ok",
            "offset_frames": 0,
            "offset_s": 0.0,
            "confidence": 1.0,
            "similarity": 1.0,
            "segments": [{"frame": 0, "time": 0.0, "frames": 250, "offset_frames": 0}],
            "edits": [],
            "geometry": [],
            "frame_rate": {"reference": 25.0, "distorted": 25.0, "compared": 25.0, "paired_by": "time"},
            "size": {"reference": "1920x1080", "distorted": "1920x1080", "compared": "1920x1080"},
            "durations": {"reference": 10.0, "distorted": 10.0, "compared": 10.0},
        },
    }


@pytest.mark.parametrize(
    ("align", "found", "status", "offset", "says"),
    [
        (
            "auto",
            moving(7),
            "corrected",
            7,
            ["0.280 s later than the reference: the first 0.280 s of the reference"],
        ),
        (
            "auto",
            moving(-7),
            "corrected",
            -7,
            ["earlier than the reference: the first 0.280 s of the distorted video"],
        ),
        ("report", moving(7), "suspect", 7, ["seems to start 0.280 s later"]),
        ("report", moving(), "ok", 0, []),
        ("auto", still(), "unchecked", 0, ["No common motion"]),
        ("auto", {}, "unchecked", 0, []),
        ("off", None, "unchecked", 0, []),
    ],
    ids=["later", "earlier", "report", "report-ok", "still", "nothing-decoded", "off"],
)
def test_what_is_said_of_a_shift(
    align: str, found: StepFiles | None, status: str, offset: int, says: list[str]
) -> None:
    # The one that starts earlier is as much longer, so that nothing is left over at the end.
    longer = 10 + abs(offset) / 25 if status == "corrected" else 10.0
    ours, theirs = (longer, 10.0) if offset > 0 else (10.0, longer)
    lane = plan(video(0, seconds=ours), video(1, seconds=theirs), align=align)
    if status == "corrected":
        found = moving(offset, (round(25 * ours), round(25 * theirs)))
    result = summarize(lane, found or {}, scored())
    assert (result["alignment"]["status"], result["alignment"]["offset_frames"]) == (status, offset)
    warnings = result.get("warnings", [])
    assert len(warnings) == len(says)
    assert all(part in warning for part, warning in zip(says, warnings, strict=True))


def test_times_are_those_of_the_reference_after_a_cut() -> None:
    result = summarize(plan(video(0, seconds=10.28)), moving(7, (257, 250)), scored())
    assert result["worst"][0] == {"frame": 0, "time": 0.28, "score": 90.0}


@pytest.mark.parametrize(
    ("reference", "distorted", "frames", "said"),
    [
        (
            video(0),
            video(1, seconds=8.0),
            200,
            ["The reference lasts 2.000 s longer; that tail was not compared."],
        ),
        (video(0, seconds=9.96), video(1), 249, []),
        (
            video(0),
            video(1),
            120,
            [
                "The reference lasts 5.160 s longer; that tail was not compared.",
                "Only 120 of about 250 frames were compared: one video has gaps or ends early.",
            ],
        ),
        (video(0), video(1), 249, []),
    ],
    ids=["longer", "one-frame", "broken-off", "rounding"],
)
def test_what_was_not_compared_is_said(
    reference: LocalFile, distorted: LocalFile, frames: int, said: list[str]
) -> None:
    lengths = [one.media.streams[0].frames or 0 for one in (reference, distorted) if one.media]
    files = moving(frames=(lengths[0], min(lengths[1], frames + 1)))
    assert summarize(plan(reference, distorted), files, scored(frames)).get("warnings", []) == said


@pytest.mark.parametrize(
    ("error", "code", "where", "arguments"),
    [
        (InvalidJob, "unknown_model", {"field": "model"}, {"model": "vmaf_v0.61"}),
        (InvalidJob, "picture_too_small", {"field": "data.scale"}, {"scale": "30x30"}),
        (
            InvalidJob,
            "picture_too_small",
            {"field": "data.scale"},
            {"scale": "480x270", "model": "vmaf_v1.0.16_5d0h"},
        ),
        (
            SourceUnreadable,
            "no_video_stream",
            {"input": "input1"},
            {"reference": LocalFile(Path("a"), "0.txt", 1)},
        ),
        (
            SourceUnreadable,
            "no_video_stream",
            {"input": "input2"},
            {"distorted": LocalFile(Path("b"), "1.mp3", 1, MediaInfo("mp3", (StreamInfo("audio"),)))},
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(
    error: type[WorkerError], code: str, where: dict[str, Any], arguments: dict[str, Any]
) -> None:
    with pytest.raises(error) as caught:
        plan(**arguments)
    assert (caught.value.code, caught.value.where) == (code, where)
    assert caught.value.hint
