"""Where an encode is split, by what is known of its source."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from ffmpeg_worker.command.command_line import Option
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.chunks.choose_count import choose_count
from ffmpeg_worker.planning.chunks.decide_split import Split, decide_split
from ffmpeg_worker.planning.chunks.not_split import NotSplit
from ffmpeg_worker.planning.chunks.packet_index import PacketIndex
from ffmpeg_worker.planning.chunks.splittable import Container, Splittable

MP4 = Container(frozenset({"mp4"}), "mp4", "mp4", has_timecode=True)
TS = Container(frozenset({"mpegts"}), "mov", "mov", has_subtitles=False)
COMMAND = Splittable("a.mp4", "a.mp4", "libx264", MP4)
VIDEO = StreamInfo("video", frames=2500)
AUDIO, SUBTITLE, DATA = StreamInfo("audio"), StreamInfo("subtitle"), StreamInfo("data")
INDEX = PacketIndex(frames=2500, keys=tuple(range(0, 2500, 60)), rate=Fraction(25), titles=("", ""))


def media(*streams: StreamInfo, name: str = "mov,mp4") -> MediaInfo:
    return MediaInfo(name, streams or (VIDEO, AUDIO))


def decide(
    command: Splittable = COMMAND, info: MediaInfo | None = None, index: PacketIndex = INDEX, wanted: int = 4
) -> Split:
    return decide_split(command, info or media(), index, wanted)


def test_chunks_begin_at_key_frames_nearest_to_equal_parts() -> None:
    assert decide().cuts == (0, 600, 1260, 1860, 2500)
    assert decide(wanted=2).cuts == (0, 1260, 2500)


def test_chunks_begin_at_multiples_of_the_key_interval_that_the_caller_wants() -> None:
    assert decide(replace(COMMAND, key_interval=48)).cuts == (0, 624, 1248, 1872, 2500)
    assert decide(replace(COMMAND, key_interval=1)).cuts == decide().cuts


def test_chunks_have_a_least_length() -> None:
    cuts = decide(wanted=64).cuts
    assert len(cuts) - 1 == 5
    assert min(last - first for first, last in pairwise(cuts)) >= 19 * 25


@pytest.mark.parametrize(
    ("index", "reason"),
    [
        ({"frames": 1499}, "the video has 60 s, and splitting pays from 60 s on"),
        ({"keys": (0,)}, "the source has no key frames at which chunks could begin"),
        ({"keys": (0, 3, 9)}, "the source has no key frames at which chunks could begin"),
        ({"deviation": 0.2}, "the frame rate of the source is not constant"),
        (
            {"first_s": Fraction(1, 50)},
            "the first frame of the source is between two multiples of a frame's duration",
        ),
        ({"first_s": Fraction(-1, 25)}, "the video of the source begins before the file does"),
        ({"has_timecode": True}, "the source has a timecode, which the output keeps in a track of its own"),
        ({"problem": "the source has packets that are damaged"}, "the source has packets that are damaged"),
    ],
)
def test_reasons_of_the_packets(index: Any, reason: str) -> None:
    assert decide(index=replace(INDEX, **index)) == Split(reason=reason)


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        (media(AUDIO), "the source has no video streams"),
        (media(VIDEO, replace(VIDEO, is_cover=True)), "the source has 2 video streams, with cover art"),
        (media(name="mpegts"), "the source is not an MP4, MOV or Matroska file, whose index tells"),
        (media(replace(VIDEO, frames=None)), "the source is a fragmented file without an index of all frames"),
        (media(VIDEO, SUBTITLE), 'the source has subtitles; "-sn" leaves them out'),
    ],
)
def test_reasons_of_the_media(info: MediaInfo, reason: str) -> None:
    assert decide(info=info).reason[: len(reason)] == reason


@pytest.mark.parametrize("rate", ["25", "pal", "50/2"])
def test_a_rate_that_the_source_has_already(rate: str) -> None:
    assert decide(replace(COMMAND, rates=(rate,))).cuts


@pytest.mark.parametrize("rate", ["30", "ntsc", "source_fps", "0", "1/0"])
def test_a_rate_that_the_source_has_not(rate: str) -> None:
    assert decide(replace(COMMAND, rates=(rate,))).reason == "it changes the frame rate of the source, 25"


def test_a_constant_rate_needs_a_video_that_starts_with_the_file() -> None:
    late = replace(INDEX, first_s=Fraction(2, 25))
    assert decide(index=late).cuts
    assert decide(replace(COMMAND, is_constant_rate=True), index=late).reason.startswith("the video of the source")


MANY = (VIDEO, AUDIO, AUDIO, SUBTITLE)


@pytest.mark.parametrize(
    ("maps", "off", "others"),
    [
        ((), (), None),
        ((), ("-an", "-sn"), ()),
        (("0",), (), (1, 2, 3)),
        (("0",), ("-an",), (3,)),
        (("0:v",), (), ()),
        (("0:v:0", "0:a:1?", "0:s?", "0:a:7?"), (), (2, 3)),
        (("0:0", "0:2"), (), (2,)),
    ],
)
def test_other_streams(maps: tuple[str, ...], off: tuple[str, ...], others: tuple[int, ...] | None) -> None:
    command = replace(COMMAND, maps=maps, rest=tuple(map(Option, off)))
    found = decide(command, media(*MANY))
    assert (found.reason, found.others) == ("", others)


@pytest.mark.parametrize(
    ("maps", "reason"),
    [
        (("0:a", "0:v"), "the first stream of its output is not its only video stream"),
        (("0:v", "0:v"), "the first stream of its output is not its only video stream"),
        (("0:a",), "the first stream of its output is not its only video stream"),
        (("0:v", "-0:s"), '"-map -0:s" is none of the forms 0, 0:v, 0:a:1 and 0:2'),
        (("[out]",), '"-map [out]" is none of the forms 0, 0:v, 0:a:1 and 0:2'),
        (("0",), '"-map" takes streams that are no video, audio or subtitles'),
    ],
)
def test_reasons_of_maps(maps: tuple[str, ...], reason: str) -> None:
    assert decide(replace(COMMAND, maps=maps), media(*MANY, DATA)).reason == reason


def test_subtitles_in_mpeg_ts() -> None:
    assert decide(replace(COMMAND, container=TS), media(*MANY)).reason.startswith("the source has subtitles")
    mapped = replace(COMMAND, container=TS, maps=("0",))
    assert decide(mapped, media(*MANY)).reason.startswith("its output has subtitles")


def test_titles_of_streams() -> None:
    titled = replace(INDEX, titles=("Picture", "Sound"))
    assert decide(index=titled).titles == ("Picture", "Sound")
    assert decide(replace(COMMAND, drops_metadata=True), index=titled).titles == ()
    many = replace(INDEX, titles=("", "Sound", "", ""))
    assert decide(info=media(*MANY), index=many).reason.startswith("streams of the source have titles")
    assert decide(replace(COMMAND, maps=("0",)), media(*MANY), many).titles == ("", "Sound", "", "")


def test_count() -> None:
    assert choose_count("auto", slots=8, workers=None) == 1
    assert choose_count("auto", slots=1, workers=6) == 6
    assert choose_count(5, slots=2, workers=None) == 5
    for workers, slots in ((None, 1), (1, 8)):
        with pytest.raises(NotSplit, match="runs one process at a time"):
            choose_count(5, slots=slots, workers=workers)
