"""Outputs that are odd but valid are delivered: FFmpeg ends with exit code 0, and nothing proves them broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.worker import Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

_X = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"
_SECOND = "-i clip.mp4 -t 1"

COMMANDS = [
    f"{_SECOND} -f rawvideo -pix_fmt yuv420p o.yuv",
    f"{_SECOND} -vn -f s16le o.pcm",
    f"{_SECOND} -vn -f f32be o.dat",
    f"{_SECOND} o.y4m",
    "-i film.mkv -map 0:s o.srt",
    "-i film.mkv -map 0:s o.vtt",
    "-i film.mkv -map 0:s o.ass",
    "-i film.mkv -map 0:s -c copy -f srt o.txt",
    "-i clip.mp4 -f ffmetadata o.txt",
    "-i clip.mp4 -map 0:v -c copy -f data o.data",
    f"{_SECOND} o.gif",
    f"{_SECOND} o.apng",
    f"{_SECOND} o.webp",
    f"-i clip.mp4 -frames:v 1 {_X} o.mp4",
    f"-loop 1 -i cover.png -t 1 {_X} o.mp4",
    f"-i cover.png {_X} o.mp4",
    "-i clip.mp4 -t 0.01 -vn o.wav",
    "-i clip.mp4 -t 0.01 -vn o.m4a",
    "-i clip.mp4 -t 0.01 -vn o.mp3",
    "-i clip.mp4 -t 0.01 -vn -c:a libopus o.opus",
    f"-i slides.mp4 {_X} o.mp4",
    f"-i clip.mp4 -an -vf fps=1/2 {_X} o.mp4",
    f"{_SECOND} -an -c:v mjpeg -pix_fmt yuvj420p -f mjpeg o.mjpeg",
    f"{_SECOND} -an -c:v mjpeg -pix_fmt yuvj420p -f mpjpeg o.mjp",
    f"{_SECOND} -vn -f adts o.aac",
    f"{_SECOND} -an {_X} -f h264 o.h264",
    f"{_SECOND} -vn -ar 8000 -ac 1 -c:a pcm_mulaw o.au",
    f"{_SECOND} -vn o.w64",
    f"{_SECOND} -vn o.tta",
    "-i clip.mp4 -frames:v 1 o.ppm",
    "-i clip.mp4 -frames:v 1 o.dpx",
    "-i clip.mp4 -frames:v 1 -vf scale=32:32 o.ico",
    "-i clip.mp4 -frames:v 1 -f image2pipe -c:v png o.bin2",
    "-i clip.mp4 -c copy -f segment -segment_time 2 -reset_timestamps 1 o%d.mkv",
    "-i clip.mp4 -vn -f segment -segment_time 3 o%d.mp3",
    f"{_SECOND} -c copy -f framecrc o.crc",
    "-f lavfi -i anullsrc=d=0.01 o.wav",
    f"-f lavfi -i color=black:s=16x16:d=0.04 {_X} o.mp4",
    "-i clip.mp4 -c copy -movflags frag_keyframe+empty_moov o.mp4",
    f"-i clip.mp4 -an -vf setpts=0.25*PTS {_X} o.mp4",
    f"-i clip.mp4 -an -vf mpdecimate {_X} o.mp4",
    f"-i clip.mp4 -fs 100k {_X} o.mp4",
    "-i clip.mp4 -output_ts_offset 30 -c copy o.mp4",
    f"-sseof -2 -i clip.mp4 {_X} o.mp4",
    "-itsscale 0.5 -i clip.mp4 -c copy o.mp4",
    "-i cover.m4a -map 0:v -c copy o.png",
]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.sampled(3)
async def test_an_odd_output_is_delivered(odd: Worker, command: str) -> None:
    result = await odd.process(command)
    assert result["warnings"] == []
    assert all(output["size"] > 0 and Path(output["path"]).is_file() for output in result["outputs"])
    assert result["outputs"]


async def test_a_format_that_the_probe_cannot_read_is_delivered(odd: Worker) -> None:
    result = await odd.process(f"{_SECOND} -vn -ar 8000 -ac 1 -c:a g726 -f g726 o.g726")
    (warning,) = result["warnings"]
    assert "was not checked" in warning
    assert result["outputs"][0]["size"] > 0
