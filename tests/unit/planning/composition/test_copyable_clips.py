"""Which frames of a scene show one clip as it is."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.composition.copyable_clips import ClipSpan, find_clip_spans
from ffmpeg_worker.scene.content import ChromaKey, ImageContent, VideoContent
from ffmpeg_worker.scene.curve import Curve, Key
from ffmpeg_worker.scene.scene import Element, Scene, Transition

_STREAM = StreamInfo(
    "video",
    codec="h264",
    width=1280,
    height=720,
    fps=Fraction(25),
    pix_fmt="yuv420p",
    color=("tv", "bt709", "bt709", "bt709"),
    field_order="progressive",
)
_CLIP = VideoContent("_in/a.mp4", (1280, 720), 0.0, 10.0)
_MOVING = Curve((Key(0.0, (0.0,)), Key(1.0, (5.0,))))


def _element(first: int, last: int, content: Any = _CLIP, **more: Any) -> Element:
    box = {"x": 640.0, "y": 360.0, "anchor": (0.5, 0.5), "width": 1280.0, "height": 720.0}
    return Element("layers[0]", first, last, content, **{**box, **more})


def _spans(
    *elements: Element, stream: StreamInfo = _STREAM, container: str = "mov,mp4"
) -> list[tuple[int, int, int]]:
    scene = Scene(1280, 720, (25, 1), 100, (0, 0, 0, 1), elements)
    media = {"_in/a.mp4": MediaInfo(container, (stream,), 10.0)}
    found = find_clip_spans(scene, (0, 100), media)
    return [(span.first, span.last, span.element) for span in found]


def test_a_clip_alone_is_copied_as_far_as_it_goes() -> None:
    assert _spans(_element(10, 80)) == [(10, 80, 0)]
    assert find_clip_spans(Scene(1280, 720, (25, 1), 100, (0, 0, 0, 1), ()), (0, 100), {}) == ()


def test_only_what_is_above_a_clip_matters() -> None:
    image = ImageContent("_in/i.png")
    assert _spans(_element(0, 100), _element(40, 50, image)) == [(0, 40, 0), (50, 100, 0)]
    assert _spans(_element(40, 50, image), _element(0, 100)) == [(0, 100, 1)]


def test_transitions_are_rendered() -> None:
    fade = Transition("fade", 10)
    assert _spans(_element(0, 100, enter=fade, leave=fade)) == [(10, 90, 0)]
    both = (_element(0, 60), _element(50, 100, enter=fade, replaces=0))
    assert _spans(*both) == [(0, 50, 0), (60, 100, 1)]
    # The clip that enters lies below the one that it replaces.
    swapped = (_element(50, 100, enter=fade, replaces=1), _element(0, 70))
    assert _spans(*swapped) == [(0, 50, 1), (60, 70, 1), (70, 100, 0)]


def test_cuts_between_clips_are_kept_apart() -> None:
    assert _spans(_element(0, 40), _element(40, 100)) == [(0, 40, 0), (40, 100, 1)]


@pytest.mark.parametrize(
    "change",
    [
        {"x": 641.0},
        {"y": _MOVING},
        {"width": 1279.0},
        {"scale": 1.1},
        {"rotation": 90.0},
        {"opacity": 0.99},
        {"blur": 1.0},
        {"radius": 4.0},
        {"blend": "multiply"},
        {"crop": (0.0, 0.0, 1.0, 1.0)},
        {"width": None},
        {"content": replace(_CLIP, speed=2.0)},
        {"content": replace(_CLIP, loops=True)},
        {"content": replace(_CLIP, rotation=180)},
        {"content": replace(_CLIP, is_interlaced=True)},
        {"content": replace(_CLIP, is_multiplied=True)},
        {"content": replace(_CLIP, size=(1280, 718))},
        {"content": replace(_CLIP, chroma_key=ChromaKey((0, 1, 0, 1)))},
        {"content": replace(_CLIP, file="_in/other.mp4")},
    ],
)
def test_a_changed_clip_is_rendered(change: dict[str, Any]) -> None:
    assert _spans(replace(_element(0, 100), **change)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"codec": "hevc"},
        {"pix_fmt": "yuvj420p"},
        {"width": 1920},
        {"sample_aspect": Fraction(4, 3)},
        {"color": ("pc", "bt709", "bt709", "bt709")},
        {"color": ("tv", "smpte170m", "bt709", "bt709")},
        {"color": ("tv", "bt709", "smpte2084", "bt709")},
        {"color": ("tv", "bt709", "bt709", "bt2020")},
    ],
)
def test_a_stream_that_must_be_converted_is_rendered(change: dict[str, Any]) -> None:
    assert _spans(_element(0, 100), stream=replace(_STREAM, **change)) == []


def test_hd_streams_without_tags_are_bt709() -> None:
    assert _spans(_element(0, 100), stream=replace(_STREAM, color=(None, None, None, None))) == [(0, 100, 0)]
    small = Scene(640, 360, (25, 1), 9, (0, 0, 0, 1), (_element(0, 9, replace(_CLIP, size=(640, 360))),))
    small = replace(small, elements=(replace(small.elements[0], x=320.0, y=180.0, width=640.0, height=360.0),))
    for matrix, found in ((None, ()), ("bt709", (ClipSpan(0, 9, 0),))):
        stream = replace(_STREAM, width=640, height=360, color=(None, matrix, None, None))
        assert find_clip_spans(small, (0, 9), {"_in/a.mp4": MediaInfo("mov,mp4", (stream,), 1.0)}) == found


def test_other_containers_are_rendered() -> None:
    assert _spans(_element(0, 100), container="mpegts") == []
