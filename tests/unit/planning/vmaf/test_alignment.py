"""Decisions about findings; test_examine.py has the examination itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ffmpeg_worker.planning.vmaf.alignment import Mode, judge_alignment
from ffmpeg_worker.planning.vmaf.findings import Area, Edit, EditKind, Findings, Geometry, Run, Segment, Turn
from ffmpeg_worker.planning.vmaf.graph import Repair, Trim
from ffmpeg_worker.planning.vmaf.pairing import pair_videos
from support.jobs.vmaf_plans import video

FINE = Findings(
    250,
    250,
    compared=250,
    reference_end=996,
    distorted_end=996,
    similarity=0.999,
    confidence=1.0,
    segments=(Segment(0, 250, 0),),
    runs=(Run(0, 0, 250),),
)
LATER = replace(FINE, segments=(Segment(0, 250, 5),), runs=(Run(5, 0, 245),))
EARLIER = replace(FINE, segments=(Segment(0, 250, -5),), runs=(Run(0, 5, 245),))
DROP_RUNS = (Run(0, 0, 100), Run(101, 100, 149))
DROP = replace(
    FINE,
    segments=(Segment(0, 100, 0), Segment(100, 249, 1, 400)),
    edits=(Edit(EditKind.DROPPED, 100, 1, 400),),
    runs=DROP_RUNS,
    distorted_frames=249,
    distorted_end=992,
)
FREEZE_RUNS = (Run(0, 0, 100), Run(125, 125, 125))
FREEZE = replace(FINE, edits=(Edit(EditKind.FROZEN, 100, 25, 400),), runs=FREEZE_RUNS)
FLIP = replace(FINE, geometry=Geometry(Turn.MIRRORED))
CROP = replace(FINE, geometry=Geometry(shown=Area(0.03, 0.03, 0.97, 0.97)))
BARS = replace(FINE, geometry=Geometry(visible=Area(0.125, 0, 0.875, 1), has_bars=True))


@pytest.mark.parametrize(
    ("found", "mode", "status", "repair"),
    [
        (FINE, "auto", "ok", None),
        (LATER, "auto", "corrected", Repair(Trim(5, 0))),
        (EARLIER, "auto", "corrected", Repair(Trim(0, 5))),
        (LATER, "report", "suspect", None),
        (replace(LATER, confidence=0.3), "auto", "suspect", None),
        (DROP, "auto", "corrected", Repair(runs=DROP_RUNS)),
        (DROP, "report", "suspect", None),
        (replace(DROP, runs=()), "auto", "suspect", None),
        (replace(DROP, is_whole=False), "auto", "suspect", None),
        (FREEZE, "auto", "suspect", Repair(runs=FREEZE_RUNS)),
        (FLIP, "auto", "suspect", Repair(turn=Turn.MIRRORED)),
        (FLIP, "report", "suspect", None),
        (CROP, "auto", "suspect", None),
        (BARS, "auto", "suspect", Repair()),
        (replace(FINE, similarity=0.4), "auto", "suspect", None),
        (replace(FINE, similarity=None), "auto", "unchecked", None),
        (replace(FINE, is_still=True), "auto", "unchecked", None),
        (replace(FINE, is_still=True, reference_frames=1), "auto", "ok", None),
        (replace(FINE, distorted_frames=0), "auto", "unchecked", None),
        (None, "off", "unchecked", None),
    ],
)
def test_findings_decide_the_status_and_the_repair(
    found: Findings | None, mode: Mode, status: str, repair: Repair | None
) -> None:
    decided = judge_alignment(pair_videos(video(0), video(1), None), found, mode=mode)
    assert (decided.status, decided.repair) == (status, repair)
    assert bool(decided.warnings) == (status != "ok" and mode != "off" and bool(found and found.distorted_frames))


def test_the_result_lists_segments_edits_and_geometry() -> None:
    pairing = pair_videos(video(0), video(1), None)
    result = judge_alignment(pairing, replace(DROP, geometry=BARS.geometry), mode="auto").as_result()
    assert result["segments"] == [
        {"frame": 0, "time": 0.0, "frames": 100, "offset_frames": 0},
        {"frame": 100, "time": 4.0, "frames": 149, "offset_frames": 1},
    ]
    assert result["edits"] == [{"kind": "dropped", "frame": 100, "time": 4.0, "frames": 1}]
    assert result["geometry"] == [{"kind": "bars", "picture": {"x": 240, "y": 0, "width": 1440, "height": 1080}}]


@pytest.mark.parametrize("mode", ["auto", "report"])
def test_dropped_frames_are_no_tail(mode: Mode) -> None:
    dropped = replace(DROP.edits[0], frames=4)
    found = replace(DROP, edits=(dropped,), segments=(Segment(0, 100, 0), Segment(100, 246, 4)), distorted_end=980)
    warnings = judge_alignment(pair_videos(video(0), video(1), None), found, mode=mode).warnings
    said = "The distorted video lacks 4 frames of the reference before frame 100 (4.000 s) (dropped frames)."
    assert warnings == (said,)


def test_many_changes_of_one_kind_get_one_sentence() -> None:
    edits = tuple(Edit(EditKind.FROZEN, 5 * n, 1, 20 * n) for n in range(1, 41))
    found = replace(FREEZE, edits=edits)
    warnings = judge_alignment(pair_videos(video(0), video(1), None), found, mode="auto").warnings
    assert len(warnings) == 1
    assert "40 frames (frozen frames), in 40 places, the first at frame 5 (0.200 s)" in warnings[0]


def test_a_part_that_was_not_examined_is_said() -> None:
    found = replace(FINE, is_whole=False)
    warnings = judge_alignment(pair_videos(video(0), video(1), None), found, mode="auto").warnings
    assert warnings == ("Only the first 250 frames were examined for differences in time and picture.",)


def test_measured_ends_count_more_than_what_files_claim() -> None:
    pairing = pair_videos(video(0, duration_s=15.0), video(1), None)
    assert judge_alignment(pairing, FINE, mode="auto").warnings == ()
    cut = replace(FINE, distorted_end=746, distorted_frames=187)
    assert "2.500 s longer" in judge_alignment(pairing, cut, mode="auto").warnings[0]


def test_without_an_examination_the_files_are_believed() -> None:
    decided = judge_alignment(pair_videos(video(0), video(1, seconds=8.0), None), None, mode="off")
    assert decided.as_result()["confidence"] is None
    assert decided.overlap_s == 8.0
    assert decided.warnings == ("The reference lasts 2.000 s longer; that tail was not compared.",)


def test_the_overlap_is_what_both_share_after_trimming() -> None:
    pairing = pair_videos(video(0, seconds=10.2), video(1), None)
    found = replace(LATER, reference_frames=255, reference_end=1016)
    decided = judge_alignment(pairing, found, mode="auto")
    assert decided.overlap_s == pytest.approx(10.0)
    assert len(decided.warnings) == 1  # about the shift only
