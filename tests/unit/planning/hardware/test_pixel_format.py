"""The pixel format that reaches the encoder of an output."""

from __future__ import annotations

import pytest

from ffmpeg_worker.command.command_line import read_command_line
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.hardware.not_mapped import NotMapped
from ffmpeg_worker.planning.hardware.pixel_format import find_pixel_format

CLIP = MediaInfo("mov", (StreamInfo("video", pix_fmt="yuv420p"), StreamInfo("audio")), 9.0)
DEEP = MediaInfo("mov", (StreamInfo("video", pix_fmt="yuv420p10le"),), 9.0)
COVERED = MediaInfo("mov", (*CLIP.streams, StreamInfo("video", pix_fmt="yuvj444p", is_cover=True)), 9.0)


def find(command: str, *media: MediaInfo | None, option: str | None = None) -> str:
    line = read_command_line(command.split())
    return find_pixel_format(line, line.outputs[0], media, option)


def test_the_option_wins() -> None:
    assert find("-i a.mp4 -vf format=rgb24 b.mp4", CLIP, option="nv12") == "nv12"


@pytest.mark.parametrize(
    ("command", "media", "expected"),
    [
        ("-i a.mp4 b.mp4", CLIP, "yuv420p"),
        ("-i a.mp4 -vf crop=64:64,scale=32:32 b.mp4", DEEP, "yuv420p10le"),
        ("-i a.mp4 -vf geq=lum=0,format=yuv420p b.mp4", None, "yuv420p"),
        ("-i a.mp4 -vf format=pix_fmts=nv12 b.mp4", CLIP, "nv12"),
        ("-i a.mp4 b.mp4", COVERED, "yuv420p"),
    ],
)
def test_the_last_filter_or_the_inputs_decide(command: str, media: MediaInfo | None, expected: str) -> None:
    assert find(command, media) == expected


@pytest.mark.parametrize(
    ("command", "media"),
    [
        ("-i a.mp4 b.mp4", (None,)),
        ("-i a.mp4 -vf geq=lum=0 b.mp4", (CLIP,)),
        ("-i a.mp4 -vf geq=lum=0,format=yuv420p|nv12 b.mp4", (CLIP,)),
        ("-i a.mp4 -i c.mp4 b.mp4", (CLIP, DEEP)),
        ("-i a.mp4 -map 0 b.mp4", (COVERED,)),
        ("-i a.mp4 -filter_complex null b.mp4", (CLIP,)),
        ("-i a.mp4 -vf null[ b.mp4", (CLIP,)),
        ("-i a.mp4 -vf null -filter:v null b.mp4", (CLIP,)),
    ],
)
def test_doubtful_formats_are_not_mapped(command: str, media: tuple[MediaInfo | None, ...]) -> None:
    with pytest.raises(NotMapped):
        find(command, *media)
