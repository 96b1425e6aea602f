"""Which commands are smart cuts, and which part they take."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.commands.read_chain import Chain, read_chain
from ffmpeg_worker.planning.smart_cut.read_cut import check_cut, read_cut_request
from ffmpeg_worker.planning.smart_cut.whole_encode import encode_whole

TIMES = range(0, 1000, 4)
"""Of frames, in hundredths of a second: 25 frames a second."""


def read(command: str) -> Chain:
    return read_chain([tuple(command.split())], (), {}, option_policy=True)


PARTS = {
    "-ss 1 -t 2 -i a.mp4 -c copy b.mp4": (100, 300),
    "-ss 1 -to 2 -i a.mp4 -c copy b.mp4": (100, 200),
    "-i a.mp4 -ss 1 -to 2 -c copy b.mp4": (100, 200),
    "-ss 00:00:01.01 -i a.mp4 -t 2 -c copy b.mp4": (104, 304),
    "-ss 1 -i a.mp4 -ss 1 -t 1000ms b.mp4": (200, 300),
    "-ss 1 -t 2 -i a.mp4 -ss 1.5 -t 4 b.mp4": (252, 300),
    "-t 2 -i a.mp4 -c:v libx264 -crf 30 b.mkv": (0, 200),
    "-ss 3 -i a.mp4 b.ts": (300, None),
}


@pytest.mark.parametrize("command", PARTS)
def test_times_select_the_frames_that_ffmpeg_keeps(command: str) -> None:
    cut = read_cut_request(read(command), "off").cut
    assert cut is not None
    assert cut.times.select(TIMES, Fraction(1, 100), Fraction(0)) == PARTS[command]


REASONS = {
    "-sseof -3 -i a.mp4 b.mp4": '"-sseof" counts from the end',
    "-ss -1 -i a.mp4 b.mp4": 'the time of "-ss -1" cannot be used',
    "-ss 2 -to 1 -i a.mp4 b.mp4": '"-to" is not after "-ss"',
    "-ss 1 -i a.mp4 b.webm": "neither H.264 nor HEVC",
    "-ss 1 -i a.mp4 b.avi": "its output is not an MP4",
    "-ss 1 -i a.mp4 -vf hflip b.mp4": "the command has a video filter",
    "-ss 1 -i a.mp4 -r 10 b.mp4": '"-r" changes the video',
    "-ss 1 -i a.mp4 -c:v libvpx-vp9 b.mp4": 'the command encodes with "libvpx-vp9"',
    "-ss 1 -i a.mp4 -frames:v 10 b.mp4": '"-frames:v" cuts its output',
    "-ss 1 -r 10 -i a.mp4 b.mp4": 'the option "-r"',
}


@pytest.mark.parametrize("command", REASONS)
def test_a_command_encodes_the_whole_part_for_a_reason(command: str) -> None:
    chain = read(command)
    check_cut(chain)
    request = read_cut_request(chain, "off")
    if command.endswith("webm"):  # what the source has decides
        assert request.cut is not None
        return
    assert request.cut is None
    assert REASONS[command] in request.reason


def test_an_encoder_of_the_gpu_encodes_the_whole_part() -> None:
    assert "asks for an encoder of the GPU" in read_cut_request(read("-ss 1 -i a.mp4 b.mp4"), "auto").reason


@pytest.mark.parametrize(
    "command",
    ["-i a.mp4 b.mp4", "-ss 1 -i a.mp4 -i b.mp4 c.mp4", "-ss 1 -i a.mp4 b.mp4 c.mp4", "-ss 1 -i a.mp4 b.m3u8"],
)
def test_other_commands_are_refused(command: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        check_cut(read(command))
    assert caught.value.code == "no_smart_cut"


WHOLE = {
    "-ss 1 -i a.mp4 -c copy b.mp4": ("h264", "-c copy -c:v libx264 -crf 16"),
    "-ss 1 -i a.mp4 -c:v copy -c:a aac b.mp4": ("hevc", "-c:a aac -c:v libx265 -crf 18"),
    "-ss 1 -i a.mp4 -c copy -crf 20 b.mp4": ("mpeg4", "-c copy -crf 20 -c:v libx264"),
    "-ss 1 -i a.mp4 -c copy -c:v libx265 b.mp4": ("h264", "-c copy -c:v libx265"),
    "-ss 1 -i a.mp4 -c:a copy b.mp4": ("h264", "-c:a copy"),
}


@pytest.mark.parametrize("command", WHOLE)
def test_a_copied_video_is_encoded_in_the_whole_part(command: str) -> None:
    codec, options = WHOLE[command]
    chain = encode_whole(read(command), MediaInfo("mov", (StreamInfo(kind="video", codec=codec),)))
    output = chain.commands[0].line.outputs[0]
    assert " ".join(token for option in output.options for token in option.tokens()) == options
