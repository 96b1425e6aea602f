"""Decisions about a measured shift; test_frame_offset.py has the measurement itself."""

from __future__ import annotations

from typing import Literal

import pytest

from ffmpeg_worker.planning.vmaf import alignment
from ffmpeg_worker.planning.vmaf.alignment import judge_alignment
from ffmpeg_worker.planning.vmaf.frame_offset import FrameOffset
from ffmpeg_worker.planning.vmaf.graph import Trim
from ffmpeg_worker.planning.vmaf.pairing import pair_videos
from support.jobs.vmaf_plans import video

CERTAIN, LIKELY, UNLIKELY = FrameOffset(5, 0.95, 0.8), FrameOffset(5, 0.6, 0.8), FrameOffset(5, 0.2, 0.8)
Mode = Literal["auto", "report", "off"]


@pytest.mark.parametrize(
    ("found", "mode", "status", "trim"),
    [
        (CERTAIN, "auto", "corrected", Trim(5, 0)),
        (FrameOffset(-5, 0.95, 0.8), "auto", "corrected", Trim(0, 5)),
        (CERTAIN, "report", "suspect", Trim()),
        (CERTAIN, "off", "unchecked", Trim()),
        (LIKELY, "auto", "suspect", Trim()),
        (FrameOffset(5, 0.95, 0.1), "auto", "suspect", Trim()),  # certain, but the content differs
        (UNLIKELY, "auto", "unchecked", Trim()),
        (FrameOffset(0, 0.6, 0.1), "auto", "ok", Trim()),
        (FrameOffset(0, 0.1, 0.4), "auto", "ok", Trim()),
        (FrameOffset(0, 0.1, 0.1), "auto", "unchecked", Trim()),
        (None, "auto", "unchecked", Trim()),
    ],
)
def test_confidence_and_correlation_decide(
    monkeypatch: pytest.MonkeyPatch, found: FrameOffset | None, mode: Mode, status: str, trim: Trim
) -> None:
    monkeypatch.setattr(alignment, "find_offset", lambda *_args, **_kwargs: found)
    decided = judge_alignment(pair_videos(video(0), video(1), None), b"", mode=mode)
    assert (decided.status, decided.trim) == (status, trim)
    assert decided.offset_frames == (found.frames if found and status != "unchecked" else 0)


def test_a_shift_is_measured_at_the_lower_rate_and_reported_in_frames_of_the_reference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alignment, "find_offset", lambda *_args, **_kwargs: CERTAIN)
    decided = judge_alignment(pair_videos(video(0, fps=50), video(1, fps=25), None), b"", mode="auto")
    assert (decided.offset_frames, decided.offset_s) == (10, 0.2)


def test_without_signatures_nothing_was_measured() -> None:
    decided = judge_alignment(pair_videos(video(0), video(1, seconds=8.0), None), None, mode="off")
    assert decided.as_result()["confidence"] is None
    assert decided.overlap_s == 8.0
    assert decided.warnings == ("The reference lasts 2.000 s longer; that tail was not compared.",)


def test_the_overlap_is_what_both_share_after_trimming(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "find_offset", lambda *_args, **_kwargs: CERTAIN)
    decided = judge_alignment(pair_videos(video(0, seconds=10.2), video(1), None), b"", mode="auto")
    assert decided.overlap_s == pytest.approx(10.0)
    assert len(decided.warnings) == 1  # about the shift only
