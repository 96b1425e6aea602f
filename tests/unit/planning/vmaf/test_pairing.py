"""How two videos are made comparable."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.errors import SourceUnreadable
from ffmpeg_worker.job.local_files import LocalFile
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.vmaf.pairing import FALLBACK_RATE, PairedBy, pair_videos
from support.jobs.vmaf_plans import video

NTSC_FILM = Fraction(24000, 1001)


@pytest.mark.parametrize(
    ("reference", "distorted", "paired_by", "slower_rate"),
    [
        ({"fps": 25}, {"fps": 25}, PairedBy.TIME, 25),
        ({"fps": 25}, {"fps": Fraction("25.01")}, PairedBy.TIME, 25),
        ({"fps": 25}, {"fps": 24, "frames": 250}, PairedBy.NUMBER, 25),
        ({"fps": 24}, {"fps": NTSC_FILM}, PairedBy.NUMBER, 24),  # 240 frames each
        ({"fps": 24}, {"fps": NTSC_FILM, "frames": 200}, PairedBy.RESAMPLED, NTSC_FILM),
        ({"fps": 25}, {"fps": 50}, PairedBy.RESAMPLED, 25),
        ({"fps": 50}, {"fps": 25, "frames": 500}, PairedBy.RESAMPLED, 25),
        ({"fps": 25, "frames": 1}, {"fps": 30, "frames": 1}, PairedBy.NUMBER, 25),
        ({"fps": 25}, {"fps": 60, "frames": 1}, PairedBy.NUMBER, 25),
        ({"fps": 1, "frames": 1}, {"fps": 60}, PairedBy.NUMBER, 1),
    ],
)
def test_rates_and_numbers_of_frames_decide_the_pairing(
    reference: dict[str, Any], distorted: dict[str, Any], paired_by: PairedBy, slower_rate: Fraction
) -> None:
    pairing = pair_videos(video(0, **reference), video(1, **distorted), None)
    assert pairing.paired_by is paired_by
    assert pairing.rate == reference["fps"]
    assert pairing.slower_rate == slower_rate


@pytest.mark.parametrize("format_name", ["png_pipe", "jpeg_pipe", "webp_pipe", "image2"])
def test_an_image_has_one_frame_at_no_rate(format_name: str) -> None:
    picture = MediaInfo(format_name, (StreamInfo("video", width=64, height=64, fps=Fraction(25)),))
    pairing = pair_videos(LocalFile(Path("a"), "a.png", 1, picture), video(1, fps=30, frames=1), None)
    assert pairing.paired_by is PairedBy.NUMBER
    assert not any("fps" in warning for warning in pairing.warnings())


@pytest.mark.parametrize(
    ("format_name", "start", "container_start", "length"),
    [
        ("matroska,webm", 5.0, 5.0, 10.0),
        ("matroska,webm", None, 5.0, 10.0),
        ("matroska,webm", 0.0, 0.0, 15.0),
        ("mpegts", 5.0, 5.0, 15.0),
    ],
)
def test_matroska_tells_the_end_and_not_the_length(
    format_name: str, start: float | None, container_start: float, length: float
) -> None:
    stream = StreamInfo("video", width=64, height=64, fps=Fraction(25), duration_s=15.0, start_s=start)
    file = LocalFile(Path("a"), "a.x", 1, MediaInfo(format_name, (stream,), 15.0, start_s=container_start))
    assert pair_videos(file, video(1), None).reference.length_s == length


def test_a_missing_rate_is_that_of_the_other_video() -> None:
    unknown = MediaInfo("mov", (StreamInfo("video", width=64, height=64, pix_fmt="yuv420p"),), 10.0)
    still = LocalFile(Path("x"), "x.mp4", 1, unknown)
    assert pair_videos(still, video(1, fps=50), None).rate == 50
    assert pair_videos(still, still, None).rate == FALLBACK_RATE


def test_the_size_is_that_of_the_reference_after_rotation_or_as_asked() -> None:
    upright = video(0, (1920, 1080), rotation=-90)
    pairing = pair_videos(upright, video(1, (1280, 720)), None)
    assert (pairing.width, pairing.height) == (1080, 1920)
    pairing = pair_videos(upright, video(1), "640x360")
    assert (pairing.width, pairing.height) == (640, 360)


@pytest.mark.parametrize(
    ("pix_fmt", "is_deep"),
    [
        ("yuv420p", False),
        ("yuv422p10le", True),
        ("p010le", True),
        ("gray16be", True),
        ("rgb48le", True),
        ("nv12", False),
    ],
)
def test_more_than_eight_bits(pix_fmt: str, is_deep: bool) -> None:
    assert pair_videos(video(0, pix_fmt=pix_fmt), video(1), None).reference.is_deep is is_deep


def test_durations_paired_by_number_count_at_the_rate_of_the_comparison() -> None:
    pairing = pair_videos(video(0, fps=25), video(1, fps=24, seconds=10.417, frames=250), None)
    assert pairing.length_s(pairing.distorted) == 10.0


@pytest.mark.parametrize(
    ("reference", "distorted", "parts"),
    [
        (video(0), video(1), []),
        (video(0), video(1, fps=50), ["50.0 against the reference's 25.0 fps: each frame"]),
        (video(0), video(1, fps=24, frames=250), ["paired by number"]),
        (video(0), video(1, (1280, 720)), ["scaled from 1280x720 to 1920x1080"]),
        (video(0), video(1, (1440, 1080)), ["scaled from 1440x1080", "changed the aspect ratio"]),
        (video(0, field_order="tt"), video(1, field_order="progressive"), ["The reference is interlaced"]),
    ],
)
def test_warnings(reference: LocalFile, distorted: LocalFile, parts: list[str]) -> None:
    warnings = pair_videos(reference, distorted, None).warnings()
    assert len(warnings) == len(parts)
    assert all(part in warning for part, warning in zip(parts, warnings, strict=True))


@pytest.mark.parametrize("media", [None, MediaInfo("mp3", (StreamInfo("audio"),))])
def test_a_file_without_video_is_refused(media: MediaInfo | None) -> None:
    with pytest.raises(SourceUnreadable) as caught:
        pair_videos(video(0), LocalFile(Path("b"), "1.mp3", 1, media), None)
    assert (caught.value.code, caught.value.where) == ("no_video_stream", {"input": "input2"})
