"""VMAF scores of the embedded FFmpeg for pairs of videos with a known relation."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from support.media.vmaf_clips import Clips, compare, plain_vmaf, run_ffmpeg


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips(tmp_path_factory.mktemp("vmaf"))


EVERY_FIFTH = 5
"""Where the alignment is tested, and scores are at most compared with each other, few frames are scored."""


def status(result: dict[str, Any]) -> tuple[str, int]:
    return result["alignment"]["status"], result["alignment"]["offset_frames"]


@pytest.mark.parametrize("distorted", ["bad.mp4", "reference.mp4"])
def test_aligned_videos_score_as_with_a_plain_command(clips: Clips, distorted: str) -> None:
    result = compare(clips / "reference.mp4", clips / distorted)
    plain = plain_vmaf(clips / "reference.mp4", clips / distorted)["vmaf"]
    assert result["score"] == pytest.approx(plain["mean"], abs=1e-6)
    for name in ("harmonic_mean", "min", "max"):
        assert result["pooled"][name] == pytest.approx(plain[name], abs=2e-6)
    assert result["frames"] == 50
    assert (status(result), result["warnings"]) == (("ok", 0), [])


def test_a_video_against_itself_scores_nearly_100(clips: Clips) -> None:
    # Not exactly 100: the model is a regression, and the first frame has no motion (see the FAQ of VMAF).
    result = compare(clips / "reference.mp4", clips / "reference.mp4")
    assert result["score"] > 97
    assert result["pooled"]["p50"] == 100


@pytest.mark.parametrize(
    ("reference", "distorted"),
    [
        *(("ntsc.mp4", f"ntsc_bad.{suffix}") for suffix in ("mp4", "mkv", "ts")),
        *((reference, "ntsc_bad.mp4") for reference in ("ntsc.mkv", "ntsc.ts", "ntsc_offset.mkv")),
        ("ntsc_offset.mkv", "ntsc_bad.ts"),
    ],
)
@pytest.mark.sampled(2)
def test_the_container_changes_nothing(clips: Clips, reference: str, distorted: str) -> None:
    result = compare(clips / reference, clips / distorted, align="off")
    truth = plain_vmaf(clips / "ntsc.mp4", clips / "ntsc_bad.mp4")["vmaf"]["mean"]
    assert result["frames"] == 60
    assert result["score"] == pytest.approx(truth, abs=1e-6)


def test_a_plain_command_is_misled_by_the_container(clips: Clips) -> None:
    """Why the worker rewrites timestamps; if this test fails, FFmpeg has changed and that is unnecessary."""
    truth = plain_vmaf(clips / "ntsc.mp4", clips / "ntsc_bad.mp4")["vmaf"]["mean"]
    assert plain_vmaf(clips / "ntsc.mkv", clips / "ntsc_bad.mp4")["vmaf"]["mean"] < truth - 5


@pytest.mark.parametrize(
    ("reference", "distorted", "offset", "unshifted"),
    [
        ("reference.mp4", "late.mkv", 7, ("reference_late.mkv", "late.mkv")),
        ("reference_late.mkv", "bad.mp4", -7, ("reference_late.mkv", "late.mkv")),
        ("reference.mp4", "leader.mkv", -9, ("reference.mp4", "bad.mp4")),
    ],
)
def test_a_corrected_shift_scores_exactly_as_the_unshifted_pair(
    clips: Clips, reference: str, distorted: str, offset: int, unshifted: tuple[str, str]
) -> None:
    result = compare(clips / reference, clips / distorted)
    assert status(result) == ("corrected", offset)
    assert len(result["warnings"]) == 1
    truth = plain_vmaf(clips / unshifted[0], clips / unshifted[1])["vmaf"]["mean"]
    assert result["score"] == pytest.approx(truth, abs=1e-6)


def test_a_shift_is_found_through_scaling_brightness_and_container(clips: Clips) -> None:
    result = compare(clips / "reference.mp4", clips / "brighter_late.mkv", subsample=EVERY_FIFTH)
    assert status(result) == ("corrected", 5)


def test_a_shift_that_is_only_reported_stays(clips: Clips) -> None:
    result = compare(clips / "reference.mp4", clips / "late.mkv", align="report")
    assert status(result) == ("suspect", 7)
    assert result["score"] < 50


def test_still_videos_do_not_count_as_aligned(clips: Clips) -> None:
    result = compare(clips / "still.mp4", clips / "still_bad.mp4")
    assert status(result) == ("unchecked", 0)
    assert "No common motion" in result["warnings"][0]


def test_twice_the_frame_rate_is_resampled_to_the_reference(clips: Clips) -> None:
    result = compare(clips / "reference.mp4", clips / "double.mkv")
    assert (status(result), result["frames"]) == (("ok", 0), 50)
    assert result["alignment"]["frame_rate"]["paired_by"] == "resampled"
    assert result["score"] > compare(clips / "reference.mp4", clips / "bad.mp4")["score"] - 5


def test_the_same_frames_played_slower_are_paired_by_number(clips: Clips) -> None:
    result = compare(clips / "reference.mp4", clips / "slow.mp4")
    assert (result["alignment"]["frame_rate"]["paired_by"], result["frames"]) == ("number", 50)
    assert result["score"] == pytest.approx(compare(clips / "reference.mp4", clips / "bad.mp4")["score"], abs=1.5)


def test_variable_rates_are_paired_by_the_frame_shown(clips: Clips) -> None:
    result = compare(clips / "gaps.mp4", clips / "gaps_bad.mkv")
    assert status(result) == ("ok", 0)
    # One pair of different frames would score below 50.
    assert result["pooled"]["min"] > 75


def test_the_tail_of_the_longer_video_is_left_out(clips: Clips) -> None:
    result = compare(clips / "reference.mp4", clips / "short.mp4")
    assert result["frames"] == 25
    assert result["pooled"]["min"] > 75
    assert any("1.000 s longer" in warning for warning in result["warnings"])


@pytest.mark.parametrize(
    ("reference", "distorted", "least"),
    [
        ("large.mp4", "small.mp4", 60),
        ("odd.mkv", "odd_bad.mp4", 40),
        ("reference.mp4", "ten.mp4", 85),
        ("reference.mp4", "turned.mp4", 97),
        ("reference.mp4", "tagged.mp4", 97),
        ("tagged.mp4", "matrix.mp4", 95),
        ("reference.mp4", "full.mp4", 97),
    ],
)
@pytest.mark.sampled(2)
def test_other_sizes_depths_and_colors_are_converted(
    clips: Clips, reference: str, distorted: str, least: float
) -> None:
    result = compare(clips / reference, clips / distorted)
    assert status(result) == ("ok", 0)
    assert result["score"] > least


def test_a_plain_command_is_misled_by_a_missing_color_tag(clips: Clips) -> None:
    """Why the worker sets equal color tags; if this test fails, FFmpeg has changed and that is unnecessary."""
    assert plain_vmaf(clips / "reference.mp4", clips / "tagged.mp4")["vmaf"]["mean"] < 80


def test_a_scale_is_a_plain_command_at_that_size(clips: Clips) -> None:
    result = compare(clips / "large.mp4", clips / "large.mp4", scale="320x180", align="off")
    assert result["alignment"]["size"]["compared"] == "320x180"
    assert result["score"] > 95


def test_a_harder_compression_scores_lower(clips: Clips) -> None:
    names = ("reference.mp4", "better.mp4", "bad.mp4", "worse.mp4")
    scores = [compare(clips / "reference.mp4", clips / name, align="off")["score"] for name in names]
    assert all(better > worse + 1 for better, worse in pairwise(scores))


def test_more_metrics_come_from_the_same_pass(clips: Clips) -> None:
    features = ("psnr", "ssim", "ms_ssim", "cambi", "ciede", "xpsnr")
    result = compare(clips / "reference.mp4", clips / "bad.mp4", features=features, align="off")
    plain = plain_vmaf(clips / "reference.mp4", clips / "bad.mp4", ":feature=name=psnr|name=float_ssim")
    assert result["score"] == pytest.approx(plain["vmaf"]["mean"], abs=1e-6)
    assert result["features"]["psnr_y"]["mean"] == pytest.approx(plain["psnr_y"]["mean"], abs=2e-6)
    assert result["features"]["ssim"]["mean"] == pytest.approx(plain["float_ssim"]["mean"], abs=2e-6)
    assert set(result["features"]) == {
        *("psnr_y", "psnr_cb", "psnr_cr", "ssim", "ms_ssim", "cambi", "ciede", "xpsnr_y", "xpsnr_u", "xpsnr_v")
    }
    assert 20 < result["features"]["xpsnr_y"]["mean"] < 50


def test_subsampling_scores_every_nth_frame(clips: Clips) -> None:
    result = compare(clips / "reference.mp4", clips / "bad.mp4", subsample=5)
    assert (result["frames"], result["subsample"], result["warnings"]) == (10, 5, [])
    assert result["worst"][0]["frame"] % 5 == 0


@pytest.mark.parametrize("model", ["vmaf_v0.6.1neg", "vmaf_4k_v0.6.1", "vmaf_v1.0.16_3d0h"])
def test_other_models_are_built_in(clips: Clips, model: str) -> None:
    result = compare(clips / "reference.mp4", clips / "bad.mp4", model=model, align="off")
    assert result["model"] == model
    assert 20 < result["score"] < 100


def test_an_image_is_compared_with_the_only_frame_of_a_video(clips: Clips) -> None:
    result = compare(clips / "picture.png", clips / "one.mp4")
    truth = plain_vmaf(clips / "picture.png", clips / "one.mp4")["vmaf"]["mean"]
    assert (result["frames"], status(result)) == (1, ("ok", 0))
    assert result["score"] > 40
    assert result["warnings"] == []
    assert result["score"] == pytest.approx(truth, abs=12)  # the plain command has no common color tags


@pytest.mark.parametrize(
    "distorted",
    [
        *("pan_bad.mp4", "pan_crf40.mp4", "pan_small.mp4", "pan_mpeg2.ts", "pan_fps50.mp4", "pan_fps30.mp4"),
        *("pan_fps12.mp4", "pan_logo.mp4", "pan_start5.mkv", "pan_rough.mp4"),
    ],
)
@pytest.mark.sampled(3)
def test_other_encodings_sizes_and_rates_give_no_claim(clips: Clips, distorted: str) -> None:
    result = compare(clips / "pan.mp4", clips / distorted, subsample=EVERY_FIFTH)
    assert status(result) == ("ok", 0)
    assert (result["alignment"]["edits"], result["alignment"]["geometry"]) == ([], [])
    assert not any("longer" in warning for warning in result["warnings"])
    assert "scores" not in result


def test_content_that_lags_behind_after_strong_compression_is_not_shifted(clips: Clips) -> None:
    result = compare(clips / "zoom.mp4", clips / "zoom_crf45.mp4", subsample=EVERY_FIFTH)
    assert (status(result), result["alignment"]["edits"]) == (("ok", 0), [])


@pytest.mark.parametrize(
    ("change", "edits", "said"),
    [
        ("drop", [("dropped", 60, 1)], "lacks 1 frame of the reference before frame 60 (2.400 s)"),
        ("drops", [("dropped", 39, 1), ("dropped", 78, 1), ("dropped", 117, 1)], "lacks 1 frame"),
        ("dup", [("duplicated", 60, 1)], "repeats 1 frame"),
    ],
)
@pytest.mark.sampled(3)
def test_frames_are_paired_anew_where_some_are_missing_or_added(
    clips: Clips, change: str, edits: list[tuple[str, int, int]], said: str
) -> None:
    result = compare(clips / "pan.mp4", clips / f"pan_{change}.mp4")
    found = [(edit["kind"], edit["frame"], edit["frames"]) for edit in result["alignment"]["edits"]]
    assert found == edits
    assert result["alignment"]["status"] == "corrected"
    assert result["score"] == result["scores"]["matched"]
    usual = compare(clips / "pan.mp4", clips / "pan_bad.mp4", align="off")["score"]
    assert result["score"] == pytest.approx(usual, abs=3)
    assert result["scores"]["as_sent"] < usual - 8
    assert any(said in warning for warning in result["warnings"])
    assert not any("longer" in warning for warning in result["warnings"])


@pytest.mark.parametrize(("change", "kind"), [("drop", "dropped"), ("drops", "dropped"), ("dup", "duplicated")])
def test_in_slow_content_changes_are_named_near_their_place(clips: Clips, change: str, kind: str) -> None:
    result = compare(clips / "zoom.mp4", clips / f"zoom_{change}.mp4", subsample=EVERY_FIFTH)
    found = result["alignment"]["edits"]
    assert {edit["kind"] for edit in found} == {kind}
    assert found[0]["frame"] == pytest.approx(60, abs=25)
    assert result["scores"]["matched"] > result["scores"]["as_sent"] + 2


def test_a_repaired_score_is_exactly_that_of_the_same_frames(clips: Clips, tmp_path: Path) -> None:
    same = tmp_path / "same.mkv"
    run_ffmpeg("-i", clips / "pan.mp4", "-vf", "select=not(eq(n\\,60)),setpts=N/25/TB", "-c:v", "ffv1", same)
    result = compare(clips / "pan.mp4", clips / "pan_drop.mp4")
    truth = compare(same, clips / "pan_drop.mp4", align="off")
    assert result["alignment"]["edits"][0]["frame"] == 60
    assert (result["score"], result["frames"]) == (pytest.approx(truth["score"], abs=1e-6), truth["frames"])


def test_changes_are_only_reported_if_so_asked(clips: Clips) -> None:
    result = compare(clips / "pan.mp4", clips / "pan_drop.mp4", align="report", subsample=EVERY_FIFTH)
    assert result["alignment"]["status"] == "suspect"
    assert [edit["kind"] for edit in result["alignment"]["edits"]] == ["dropped"]
    assert "scores" not in result


@pytest.mark.parametrize("clip", ["pan", "zoom"])
def test_a_freeze_is_named(clips: Clips, clip: str) -> None:
    result = compare(clips / f"{clip}.mp4", clips / f"{clip}_freeze.mp4", subsample=EVERY_FIFTH)
    (edit,) = result["alignment"]["edits"]
    assert (edit["kind"], result["alignment"]["status"]) == ("frozen", "suspect")
    assert edit["frame"] == pytest.approx(61, abs=6)
    assert result["scores"]["matched"] > result["scores"]["as_sent"] + 3
    assert any("frozen frames" in warning for warning in result["warnings"])


@pytest.mark.parametrize(
    ("clip", "change", "kinds", "said"),
    [
        *((clip, "crop", ["crop"], "cropped and enlarged") for clip in ("pan", "zoom")),
        ("pan", "pillar", ["bars"], "pillarbox"),
        ("zoom", "cut", ["bars", "crop"], "pillarbox"),
        ("pan", "window", ["bars"], "windowbox"),
        ("zoom", "flip", ["mirrored"], "mirrored"),
        ("pan", "half", ["rotated_180"], "rotated by 180 degrees"),
    ],
)
@pytest.mark.sampled(3)
def test_other_pictures_are_named_and_never_called_a_shift(
    clips: Clips, clip: str, change: str, kinds: list[str], said: str
) -> None:
    result = compare(clips / f"{clip}.mp4", clips / f"{clip}_{change}.mp4", subsample=EVERY_FIFTH)
    assert status(result) == ("suspect", 0)
    assert [part["kind"] for part in result["alignment"]["geometry"]] == kinds
    assert said in result["warnings"][0]
    if change != "crop":
        assert result["scores"]["matched"] > result["scores"]["as_sent"] + 10
    if kinds[0] == "bars":
        picture = result["alignment"]["geometry"][0]["picture"]
        assert (picture["x"], picture["width"]) == (pytest.approx(40, abs=4), pytest.approx(240, abs=8))


@pytest.mark.parametrize("clip", ["pan", "zoom"])
def test_a_shift_of_slow_content_is_corrected(clips: Clips, clip: str) -> None:
    result = compare(clips / f"{clip}.mp4", clips / f"{clip}_late.mp4", subsample=EVERY_FIFTH)
    assert status(result) == ("corrected", 3)


def test_different_videos_are_suspect(clips: Clips) -> None:
    result = compare(clips / "pan.mp4", clips / "pan_other.mp4", subsample=EVERY_FIFTH)
    assert status(result) == ("suspect", 0)
    assert "do not seem to show the same pictures" in result["warnings"][0]
