"""Which commands read their inputs to the end."""

from __future__ import annotations

import pytest

from ffmpeg_worker.command.file_arguments import reads_to_the_end


@pytest.mark.parametrize(
    "command",
    [
        "-i a -c copy out.mkv",
        "-i a -vf scale=-2:720 -c:v libx264 -an out.mp4",
        "-i a -i b -filter_complex [0][1]overlay out.mp4",
        "-i a -metadata title=trim out.mp4",
        "-itsoffset 1 -i a -c copy out.mkv",
    ],
)
def test_a_command_that_names_no_part(command: str) -> None:
    assert reads_to_the_end(command.split())


@pytest.mark.parametrize(
    "command",
    [
        "-ss 1 -i a out.mp4",
        "-sseof -1 -i a out.mp4",
        "-i a -t 1 out.mp4",
        "-i a -to 1 out.mp4",
        "-i a -frames:v 1 out.jpg",
        "-i a -vframes 1 out.jpg",
        "-i a -fs 1000 out.mp4",
        "-i a -i b -shortest out.mp4",
        "-i a -vf trim=0:1,scale=10:10 out.mp4",
        "-i a -af atrim=end=1 out.mp3",
        "-i a -filter_complex [0]select=gt(scene\\,0.4) out.mp4",
        "-f lavfi -i movie=a,trim=0:1 out.mp4",
    ],
)
def test_a_command_that_may_read_a_part(command: str) -> None:
    assert not reads_to_the_end(command.split())
