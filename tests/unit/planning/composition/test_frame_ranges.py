"""Scenes are split into ranges for parallel renderers and joined again."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffmpeg_worker.planning.composition.encoding import choose_encoding
from ffmpeg_worker.planning.composition.frame_ranges import (
    MIN_RANGE_S,
    encode_range,
    join_ranges,
    reduce_palette,
    split_frames,
)
from ffmpeg_worker.planning.plan import TextFile


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
    step = join_ranges([("a.mp4", Fraction(5)), ("b.mp4", Fraction(10, 3))], "sound.m4a", "out.mp4", "_0.ffconcat")
    (placed,) = step.setup
    assert isinstance(placed, TextFile)
    assert placed.text.splitlines() == [
        "ffconcat version 1.0",
        "file 'a.mp4'",
        "duration 5.000000",
        "file 'b.mp4'",
        "duration 3.333333",
    ]
    assert step.invocation.printable() == (
        "ffmpeg -f concat -i file:_0.ffconcat -i file:sound.m4a -map 0:v:0 -map 1:a:0 "
        "-c copy -movflags +faststart file:out.mp4"
    )
    assert step.expected_s == pytest.approx(25 / 3)


def test_one_range_needs_no_list() -> None:
    step = join_ranges([("a.webm", Fraction(5))], None, "out.webm", "_0.ffconcat")
    assert not step.setup
    assert step.invocation.printable() == "ffmpeg -i file:a.webm -map 0:v:0 -c copy file:out.webm"


def test_frames_come_raw_and_are_tagged() -> None:
    encoding = choose_encoding("out.mp4", "h264", quality="low", threads=1)
    assert encode_range(encoding, (1280, 720), Fraction(30000, 1001), ("part.mp4",)).printable() == (
        "ffmpeg -f rawvideo -pixel_format yuv420p -video_size 1280x720 -framerate 30000/1001 -i pipe:0 "
        "-vf setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709,format=yuv420p "
        "-c:v libx264 -preset veryfast -crf 26 -threads 1 -fps_mode passthrough part.mp4"
    )


def test_a_gif_gets_colours_of_all_its_frames() -> None:
    find, use = reduce_palette([("a.mkv", Fraction(2)), ("b.mkv", Fraction(2))], "out.gif", "_0", loops=True)
    assert find.invocation.arguments[:4] == use.invocation.arguments[:4]
    assert find.setup
    assert not use.setup, "the list is there already"
    assert use.invocation.arguments[-3:] == ("-loop", "0", "file:out.gif")
