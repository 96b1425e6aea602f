"""Which packets are copied for the spans of a scene that show one clip."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from ffmpeg_worker.bitstreams.nal_units import PictureKind
from ffmpeg_worker.planning.composition.copied_ranges import CopiedRange, choose_copies, find_source_parts
from ffmpeg_worker.planning.composition.copyable_clips import ClipSpan
from ffmpeg_worker.planning.stream_copy.coded_frames import CodedFrames
from ffmpeg_worker.planning.stream_copy.copy_request import NotCopied, SourcePart
from ffmpeg_worker.scene.content import VideoContent
from ffmpeg_worker.scene.scene import Element, Scene

# As x264 writes them: Main with the ids 0, High with the ids 1.
_MAIN = bytes.fromhex("014d400cffe10019674d400ceca0a0cfcf80880000030008000003019078a14cb001000568ebe3cb20")
_HIGH = bytes.fromhex(
    "0164000cffe1001a6764000c4b36505067e7c044000003000400000300c83c50a658010005684af8fcb0fdf8f800"
)
_OTHER = _MAIN.replace(bytes.fromhex("68ebe3cb20"), bytes.fromhex("68ebe3cb30"))


def _coded(groups: int = 4, extradata: bytes = _MAIN, scale: int = 512) -> CodedFrames:
    """Frames at 25 a second in groups of 30, each an IDR picture and P pictures with a B picture before each."""
    order = [30 * group + place for group in range(groups) for place in (0, *_pairs())]
    kinds = [PictureKind.RESTART if number % 30 == 0 else PictureKind.ORDINARY for number in range(len(order))]
    pts = tuple(number * scale for number in order)
    return CodedFrames(time_base=Fraction(1, 25 * scale), pts=pts, kinds=tuple(kinds), extradata=extradata)


def _pairs() -> list[int]:
    shown = [place for later in range(2, 30, 2) for place in (later, later - 1)]
    return [*shown, 29]


def _scene(*clips: tuple[str, int, int, float]) -> Scene:
    elements = [
        Element("layers[0]", first, last, VideoContent(f"_in/{name}", (64, 36), begin_s, 9.0), x=0.0, y=0.0)
        for name, first, last, begin_s in clips
    ]
    return Scene(64, 36, (25, 1), elements[-1].last, (0, 0, 0, 1), tuple(elements))


def _spans(scene: Scene) -> list[ClipSpan]:
    return [ClipSpan(element.first, element.last, index) for index, element in enumerate(scene.elements)]


def test_copying_begins_at_the_next_key_frame_and_ends_between_b_frames() -> None:
    scene = _scene(("a", 0, 88, 0.4))
    found = choose_copies(scene, _spans(scene), {"_in/a": _coded()})
    # Frame 0 is frame 10 of the clip. Its frame 97 is a B picture, decoded after frame 98.
    packets = tuple(pts for pts in _coded().pts if 30 * 512 <= pts < 97 * 512)
    assert found.ranges == (CopiedRange(20, 87, "_in/a", packets),)
    assert found.encoder_options == ("-profile:v", "main", "-x264-params", "sps-id=1")


def test_clips_of_equal_parameters_are_all_copied() -> None:
    scene = _scene(("a", 0, 100, 0.0), ("b", 100, 200, 0.0))
    found = choose_copies(scene, _spans(scene), {"_in/a": _coded(), "_in/b": _coded(extradata=_HIGH)})
    assert [(one.first, one.file) for one in found.ranges] == [(0, "_in/a"), (100, "_in/b")]
    assert found.encoder_options == ("-profile:v", "high", "-x264-params", "sps-id=2")


def test_of_clips_with_conflicting_parameters_the_longer_one_is_copied() -> None:
    scene = _scene(("a", 0, 50, 0.0), ("b", 50, 150, 0.0))
    found = choose_copies(scene, _spans(scene), {"_in/a": _coded(), "_in/b": _coded(extradata=_OTHER)})
    assert {one.file for one in found.ranges} == {"_in/b"}


def test_held_frames_are_rendered() -> None:
    scene = _scene(("a", 0, 200, 0.0))
    (found,) = choose_copies(scene, _spans(scene), {"_in/a": _coded()}).ranges
    assert (found.first, found.last) == (0, 120)


def test_timestamps_in_milliseconds_are_those_of_the_rate() -> None:
    scene = replace(_scene(("a", 0, 90, 0.0)), fps=(30000, 1001))
    coded = _coded()
    rounded = tuple(round(Fraction(pts, 512) * 1001 / 30) for pts in coded.pts)
    found = choose_copies(
        scene, _spans(scene), {"_in/a": replace(coded, pts=rounded, time_base=Fraction(1, 1000))}
    )
    assert [(one.first, one.last) for one in found.ranges] == [(0, 90)]


@pytest.mark.parametrize(
    ("coded", "reason"),
    [
        (CodedFrames(problem="the source is damaged"), "the source is damaged"),
        (_coded(scale=500), "no key frame is followed by a second"),
        (_coded(extradata=b"\0\0\0\1\x67"), "parameter sets of a source cannot be read"),
        (replace(_coded(), kinds=(PictureKind.ORDINARY,) * 120), "no key frame is followed by a second"),
    ],
)
def test_other_sources_are_rendered(coded: CodedFrames, reason: str) -> None:
    if coded.pts and coded.pts[1] == 1000:
        coded = replace(coded, time_base=Fraction(1, 12800))  # a rate that is not the scene's
    scene = _scene(("a", 0, 100, 0.0))
    with pytest.raises(NotCopied, match=reason):
        choose_copies(scene, _spans(scene), {"_in/a": coded})


def test_the_parts_of_sources_that_are_shown_are_read() -> None:
    scene = _scene(("a", 0, 25, 3.0), ("a", 25, 75, 1.0), ("b", 75, 100, 0.0))
    assert find_source_parts(scene, _spans(scene)) == {
        "_in/a": SourcePart(1.0, 4.0),
        "_in/b": SourcePart(0.0, 1.0),
    }
