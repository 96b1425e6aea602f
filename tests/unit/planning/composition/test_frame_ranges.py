"""Scenes are split into ranges for parallel renderers, which rows of variables share, and joined again."""

from __future__ import annotations

import shlex
from collections.abc import Hashable
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffmpeg_worker.planning.composition.encoding import choose_encoding
from ffmpeg_worker.planning.composition.frame_ranges import (
    MIN_RANGE_S,
    encode_range,
    find_shared_elements,
    join_ranges,
    number_elements,
    range_key,
    reduce_palette,
    split_at_unshared_elements,
    split_frames,
)
from ffmpeg_worker.planning.placed_files import TextFile
from ffmpeg_worker.scene.content import ShapeContent
from ffmpeg_worker.scene.scene import Element, Scene


def element(first: int, last: int, x: float = 0.0, replaces: int | None = None) -> Element:
    return Element("layers[0]", first, last, ShapeContent("rect", None), x, 0.0, replaces=replaces)


def scene(*elements: Element) -> Scene:
    return Scene(64, 36, (10, 1), 200, (0, 0, 0, 1), elements)


def key(row: Scene, part: tuple[int, int], known: dict[Element, int]) -> Hashable:
    return range_key(row, *part, number_elements(row.elements, known))


BACKGROUND = element(0, 200)


@given(first=st.integers(0, 1000), frames=st.integers(1, 5000), fps=st.integers(1, 120), most=st.integers(1, 64))
def test_every_frame_is_in_one_range(first: int, frames: int, fps: int, most: int) -> None:
    ranges = split_frames(first, first + frames, Fraction(fps), most)
    assert [number for begin, end in ranges for number in range(begin, end)] == list(range(first, first + frames))
    assert len(ranges) <= most
    lengths = [end - begin for begin, end in ranges]
    assert max(lengths) - min(lengths) <= 1
    if len(ranges) > 1:
        assert min(lengths) >= int(MIN_RANGE_S * fps)


def test_joining_names_every_range_with_its_length() -> None:
    step = join_ranges([("a.mp4", Fraction(5)), ("b.mp4", Fraction(10, 3))], "sound.m4a", "out.mp4", "_0")
    (placed,) = step.setup
    assert isinstance(placed, TextFile)
    assert placed.text.splitlines() == [
        "ffconcat version 1.0",
        "file 'a.mp4'",
        "duration 5.000000",
        "file 'b.mp4'",
        "duration 3.333333",
    ]
    assert shlex.join(step.invocation.arguments) == (
        "-f concat -i file:_0.ffconcat -i file:sound.m4a -map 0:v:0 -map 1:a:0 "
        "-c copy -movflags +faststart file:out.mp4"
    )
    assert step.expected_s == pytest.approx(25 / 3)


def test_one_range_needs_no_list() -> None:
    step = join_ranges([("a.webm", Fraction(5))], None, "out.webm", "_0")
    assert not step.setup
    assert shlex.join(step.invocation.arguments) == "-i file:a.webm -map 0:v:0 -c copy file:out.webm"


def test_frames_come_raw_and_are_tagged() -> None:
    encoding = choose_encoding("out.mp4", "h264", quality="low", threads=1)
    encode = encode_range(encoding, (1280, 720), Fraction(30000, 1001), ("part.mp4",))
    assert shlex.join(encode.arguments) == (
        "-f rawvideo -pixel_format yuv420p -video_size 1280x720 -framerate 30000/1001 -i pipe:0 "
        "-vf setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709,format=yuv420p "
        "-c:v libx264 -preset veryfast -crf 26 -threads 1 -fps_mode passthrough part.mp4"
    )


def test_a_gif_gets_colours_of_all_its_frames() -> None:
    find, use = reduce_palette([("a.mkv", Fraction(2)), ("b.mkv", Fraction(2))], "out.gif", "_0")
    assert find.invocation.arguments[:4] == use.invocation.arguments[:4]
    assert find.setup
    assert not use.setup, "the list is there already"
    assert use.invocation.arguments[-3:] == ("-loop", "0", "file:out.gif")


def test_only_where_rows_differ_they_are_drawn_apart() -> None:
    ada, bob = scene(BACKGROUND, element(50, 120, x=1)), scene(BACKGROUND, element(50, 120, x=2))
    common = find_shared_elements([ada, bob])
    assert common == {BACKGROUND}
    assert split_at_unshared_elements(ada, 0, 200, common) == ((0, 50), (50, 120), (120, 200))
    known: dict[Element, int] = {}
    alike = [
        key(ada, part, known) == key(bob, part, known) for part in split_at_unshared_elements(ada, 0, 200, common)
    ]
    assert alike == [True, False, True]


def test_one_row_alone_is_not_cut() -> None:
    only = scene(BACKGROUND, element(50, 120, x=1))
    assert split_at_unshared_elements(only, 0, 200, find_shared_elements([only])) == ((0, 200),)


def test_a_stretch_too_short_for_a_renderer_goes_with_its_neighbour() -> None:
    row = scene(BACKGROUND, element(50, 60, x=1), element(190, 199, x=1))
    assert split_at_unshared_elements(row, 0, 200, {BACKGROUND}) == ((0, 50), (50, 200))


def test_what_lies_outside_of_the_part_cuts_nothing() -> None:
    row = scene(BACKGROUND, element(50, 120, x=1))
    assert split_at_unshared_elements(row, 60, 110, {BACKGROUND}) == ((60, 110),)


def test_an_element_that_comes_from_another_one_is_another() -> None:
    pair = element(100, 200, x=5, replaces=0)
    one, other = scene(element(0, 120, x=1), pair), scene(element(0, 120, x=2), pair)
    assert pair in find_shared_elements([one, other])
    known: dict[Element, int] = {}
    assert key(one, (130, 200), known) != key(other, (130, 200), known)


def test_the_canvas_counts_too() -> None:
    white = replace(scene(BACKGROUND), background=(1, 1, 1, 1))
    assert key(scene(BACKGROUND), (0, 50), {}) != key(white, (0, 50), {})
