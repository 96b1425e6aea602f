"""Which jobs ask for copied frames, and the plans of their videos."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from ffmpeg_worker.bitstreams.nal_units import PictureKind
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.steps import JoinStep, RenderStep
from ffmpeg_worker.planning.stream_copy.coded_frames import CodedFrames
from ffmpeg_worker.planning.stream_copy.copy_request import SourcePart
from ffmpeg_worker.planning.stream_copy.join_order import JoinedPiece
from support.jobs.plans import numbered_files, plan_job

_MAIN = bytes.fromhex("014d400cffe10019674d400ceca0a0cfcf80880000030008000003019078a14cb001000568ebe3cb20")
_VIDEO = StreamInfo(
    "video",
    codec="h264",
    duration_s=8.0,
    width=640,
    height=360,
    fps=Fraction(25),
    pix_fmt="yuv420p",
    color=("tv", "bt709", "bt709", "bt709"),
)
_SOUND = StreamInfo("audio", codec="aac", duration_s=8.0, sample_rate=48000, channels=2)
_MEDIA = MediaInfo("mov,mp4", (_VIDEO, _SOUND), 8.0)
_FILE = "_in/0.bin"


def _plan(**data: Any) -> Lane:
    clip = {"type": "video", "src": "film.mp4", "trim": {"start": 1}}
    composition = {"width": 640, "height": 360, "fps": 25, "layers": [clip], **data.pop("composition", {})}
    job = {"action": "canvas", "data": {"json": composition, **data}}
    (lane,) = plan_job(job, files=lambda required: numbered_files(required, lambda _: _MEDIA)).lanes
    return lane


def test_what_is_shown_of_a_clip_is_read() -> None:
    copies = _plan().copies
    assert copies is not None
    assert (copies.parts, copies.reason, copies.is_wanted) == ({_FILE: SourcePart(1.0, 8.0)}, "", False)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"smart_render": False}, ""),
        ({"crf": 20}, '"crf" or "quality" asks for another encoding'),
        ({"quality": "low"}, '"crf" or "quality" asks for another encoding'),
        ({"quality": "lossless"}, '"quality" is lossless'),
        ({"codec": "hevc"}, "no frame shows only one HEVC clip as it is, in the size of the canvas"),
        ({"codec": "av1"}, "only H.264 and HEVC videos are copied"),
        ({"output": "a.gif"}, "only H.264 and HEVC videos are copied"),
        ({"vfi": 50}, "frames are interpolated"),
        ({"render_scale": 0.5}, "no frame shows only one H.264 clip as it is, in the size of the canvas"),
        ({"composition": {"variables": [{}, {}]}}, "the composition has several rows of variables"),
    ],
)
def test_other_jobs_render_all_frames(data: dict[str, Any], reason: str) -> None:
    assert _plan(**data).copies is None
    if "smart_render" in data or reason.startswith('"crf"'):
        return
    copies = _plan(**data, smart_render=True).copies
    assert copies is not None
    assert (copies.parts, copies.reason, copies.is_wanted) == ({}, reason, True)


def test_a_quality_applies_to_the_frames_that_are_rendered() -> None:
    copies = _plan(crf=33, smart_render=True).copies
    assert copies is not None
    assert not copies.reason


def test_ranges_are_rendered_and_joined_with_the_copied_ones() -> None:
    copies = _plan(output="films/a.mp4").copies
    assert copies is not None
    kinds = tuple(PictureKind.RESTART if number % 50 == 0 else PictureKind.ORDINARY for number in range(200))
    coded = CodedFrames(time_base=Fraction(1, 25), pts=tuple(range(200)), kinds=kinds, extradata=_MAIN)
    render, join = copies.plan({_FILE: coded})
    assert isinstance(render, RenderStep)
    assert isinstance(join, JoinStep)
    (part,) = render.ranges
    assert (part.first, part.last) == (0, 25)
    assert " ".join(part.encode.arguments[-7:]) == (
        "-fps_mode passthrough -profile:v main -x264-params sps-id=1 file:_0-0.mp4"
    )
    copied = JoinedPiece(_FILE, range(25, 175), tuple(range(50, 200)))
    assert join.order.pieces == (JoinedPiece("_0-0.mp4", range(25)), copied)
    assert (join.rate, join.order.time_base, join.expected_s) == ((25, 1), Fraction(1, 25), 7.0)
    assert " ".join(join.write.arguments) == (
        "-i file:_0-video.mp4 -i file:_0-sound.m4a -map 0:v:0 -map 1:a:0 -c copy "
        "-movflags +faststart file:films/a.mp4"
    )
