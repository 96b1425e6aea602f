"""Estimates and promises of length."""

from __future__ import annotations

import pytest

from ffmpeg_worker.command.command_line import read_command_line
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.commands.durations import estimate_duration, promise_durations, read_time

TEN = MediaInfo("mov,mp4", (StreamInfo("video", duration_s=10.0), StreamInfo("audio", duration_s=9.8)), 10.0)
FOUR = MediaInfo("flac", (StreamInfo("audio", duration_s=4.0),), 4.0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90.0),
        ("1.5", 1.5),
        ("200ms", 0.2),
        ("3000000us", 3.0),
        ("12s", 12.0),
        ("01:30", 90.0),
        ("01:02:03.5", 3723.5),
        ("-5", -5.0),
        ("-00:05", -5.0),
        ("abc", None),
        ("", None),
        ("1:2:3:4", None),
        ("9" * 5000, None),
        ("9" * 5000 + ":00:00", None),
    ],
)
def test_times(text: str, seconds: float | None) -> None:
    assert read_time(text) == seconds


@pytest.mark.parametrize(
    ("command", "promise"),
    [
        ("-i a o.mp4", 9.8),
        ("-i a -an o.mp4", 9.8),
        ("-i a -c copy o.mp4", 9.8),
        ("-ss 2 -i a o.mp4", 7.8),
        ("-ss 2 -i a -t 3 o.mp4", 3.0),
        ("-i a -ss 1 -to 4 o.mp4", 3.0),
        ("-t 6 -i a o.mp4", 6.0),
        ("-i a -t 60 o.mp4", 9.8),
        ("-i a -vf scale=320:-2,format=yuv420p o.mp4", 9.8),
        ("-i a -filter:v scale=320:-2 -af loudnorm=I=-16 o.mp4", 9.8),
        ("-i a -vf drawtext=text='trim, select' o.mp4", 9.8),
        ("-i a -vf setpts=0.5*PTS o.mp4", None),
        ("-i a -vf scale=320:-2,trim=0:2 o.mp4", None),
        ("-i a -af atempo=2 o.mp4", None),
        ("-i a -filter_complex [0:v]scale=2:2 o.mp4", None),
        ("-i a -shortest o.mp4", None),
        ("-i a -frames:v 1 o.jpg", None),
        ("-ss 3 -i a -c copy o.mp4", None),
        ("-ss 20 -i a o.mp4", None),
        ("-f lavfi -i testsrc2 o.mp4", None),
    ],
)
def test_promises(command: str, promise: float | None) -> None:
    line = read_command_line(command.split())
    media = [None if "lavfi" in command else TEN]
    found = promise_durations(line, media)[0]
    assert found == (None if promise is None else pytest.approx(promise))


def test_the_shortest_of_several_inputs_bounds_the_promise() -> None:
    line = read_command_line("-i a -i b o.mp4".split())
    assert promise_durations(line, [TEN, FOUR]) == pytest.approx([4.0])
    assert promise_durations(line, [TEN, None]) == [None]


@pytest.mark.parametrize(
    ("command", "seconds"),
    [
        ("-i a o.mp4", 10.0),
        ("-i a -t 3 o.mp4", 3.0),
        ("-i a -t 3 o.mp4 -t 5 p.mp4", 5.0),
        ("-ss 4 -i a o.mp4", 6.0),
        ("-i a -vf setpts=2*PTS o.mp4", 10.0),
    ],
)
def test_estimates(command: str, seconds: float) -> None:
    assert estimate_duration(read_command_line(command.split()), [TEN]) == pytest.approx(seconds)


def test_filter_sources_tell_their_length() -> None:
    line = read_command_line(["-f", "lavfi", "-i", "testsrc2=size=64x64:duration=7", "o.mp4"])
    assert estimate_duration(line, [None]) == pytest.approx(7.0)


def test_streams_of_unknown_length_promise_nothing() -> None:
    unknown = MediaInfo("matroska", (StreamInfo("video"), StreamInfo("audio")), 10.0)
    line = read_command_line(["-i", "a", "o.mp4"])
    assert promise_durations(line, [unknown]) == [None]


def test_pictures_and_covers_promise_nothing() -> None:
    picture = MediaInfo("png_pipe", (StreamInfo("video", duration_s=0.04),), 0.04)
    covered = MediaInfo("flac", (StreamInfo("audio", duration_s=4.0), StreamInfo("video", is_cover=True)), 4.0)
    line = read_command_line(["-i", "a", "o.mp4"])
    guessed = MediaInfo("mp3", (StreamInfo("audio", duration_s=4.0),), 4.0)
    assert promise_durations(line, [picture]) == [None]
    assert promise_durations(line, [guessed]) == [None]
    assert promise_durations(line, [covered]) == pytest.approx([4.0])
