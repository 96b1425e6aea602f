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

from ffmpeg_worker.errors import InvalidJob, SourceUnreadable, WorkerError
from ffmpeg_worker.job.local_files import LocalFile
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.artifact import Artifact
from ffmpeg_worker.planning.plan import Lane, StepFiles
from support.jobs.vmaf_plans import built, moving, plan, scored, still, summarize, video

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


def test_the_first_step_hands_over_its_output_and_the_second_its_log() -> None:
    lane = plan(output="frames.json")
    measure, score = built(lane, moving())
    assert (measure.stdout_file, measure.expected_s) == ("signatures.raw", 6)
    assert (score.stdout_file, score.expected_s) == (None, 10.0)
    assert set(lane.summary.reads) == {"vmaf.json", "signatures.raw"}
    assert lane.artifacts == (Artifact("frames.json", "vmaf.json", is_media=False),)


def test_without_output_the_log_is_no_result() -> None:
    lane = plan()
    assert lane.artifacts == ()
    assert lane.intermediates == {"vmaf.json", "signatures.raw", "xpsnr.txt"}


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
        ("auto", {"signatures.raw": b""}, "unchecked", 0, ["No common motion"]),
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
    result = summarize(lane, found or {}, scored())
    assert (result["alignment"]["status"], result["alignment"]["offset_frames"]) == (status, offset)
    warnings = result.get("warnings", [])
    assert len(warnings) == len(says)
    assert all(part in warning for part, warning in zip(says, warnings, strict=True))


def test_times_are_those_of_the_reference_after_a_cut() -> None:
    result = summarize(plan(video(0, seconds=10.28)), moving(7), scored())
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
            ["Only 120 of about 250 frames were compared: one video has gaps or ends early."],
        ),
        (video(0), video(1), 249, []),
    ],
    ids=["longer", "one-frame", "broken-off", "rounding"],
)
def test_what_was_not_compared_is_said(
    reference: LocalFile, distorted: LocalFile, frames: int, said: list[str]
) -> None:
    assert summarize(plan(reference, distorted), moving(), scored(frames)).get("warnings", []) == said


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
