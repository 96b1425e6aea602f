"""Times in commands, and estimates of length."""

from __future__ import annotations

import pytest

from ffmpeg_worker.command.command_line import read_command_line
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.commands.durations import estimate_duration, read_time

TEN = MediaInfo("mov,mp4", (StreamInfo("video", duration_s=10.0), StreamInfo("audio", duration_s=9.8)), 10.0)


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


@pytest.mark.parametrize("source", ["testsrc2=size=64x64:duration=7", "testsrc2=d=7:r=25"])
def test_filter_sources_tell_their_length(source: str) -> None:
    line = read_command_line(["-f", "lavfi", "-i", source, "o.mp4"])
    assert estimate_duration(line, [None]) == pytest.approx(7.0)
