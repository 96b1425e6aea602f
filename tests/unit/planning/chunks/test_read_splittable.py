"""Which commands may be split, and the reasons of those that may not."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.planning.chunks.splittable import SplitRequest, Splittable
from support.jobs.plans import plan_job


def read(command: Any, **data: Any) -> SplitRequest:
    job = {"action": "process", "data": {"chainCmds": command, "parallel": "auto", **data}}
    (lane,) = plan_job(job).lanes
    assert lane.split is not None
    return lane.split


def split(command: str) -> Splittable:
    request = read(command)
    assert request.command is not None, request.reason
    return request.command


def tokens(options: Any) -> list[str]:
    return [token for option in options for token in option.tokens()]


def test_options_are_sorted_by_what_they_belong_to() -> None:
    found = split(
        "-hide_banner -threads 2 -i a.mp4 -map 0:v -map 0:a -vf scale=-2:720,format=yuv420p -vcodec libx264 "
        "-crf 20 -preset slow -profile:v high -acodec aac -ab 128k -ar 48000 -af loudnorm -strict -2 "
        "-movflags +faststart -metadata title=x -y b.mp4"
    )
    assert (found.source, found.encoder, found.filters) == ("a.mp4", "libx264", "scale=-2:720,format=yuv420p")
    assert tokens(found.input_options) == ["-threads", "2"]
    assert tokens(found.video) == "-vcodec libx264 -crf 20 -preset slow -profile:v high -strict -2".split()
    assert tokens(found.rest) == "-acodec aac -ab 128k -ar 48000 -af loudnorm -strict -2".split()
    assert tokens(found.muxer) == "-strict -2 -movflags +faststart -metadata title=x".split()
    assert found.maps == ("0:v", "0:a")


@pytest.mark.parametrize(
    ("options", "encoder", "muxer"),
    [
        ("b.mp4", "libx264", "mp4"),
        ("b.MOV", "libx264", "mov"),
        ("b.mkv", "libx264", "matroska"),
        ("-c copy -c:v libx265 b.mkv", "libx265", "matroska"),
        ("-crf 30 -b:v 0 b.webm", "libvpx-vp9", "webm"),
        ("-c:v libx264 -f mpegts b.bin", "libx264", "mpegts"),
        ("-c:v mpeg4 -q:v 4 b.mp4", "mpeg4", "mp4"),
        ("-c:v libsvtav1 -svtav1-params tune=0 b.mp4", "libsvtav1", "mp4"),
    ],
)
def test_encoder_and_container(options: str, encoder: str, muxer: str) -> None:
    found = split(f"-i a.mp4 {options}")
    assert (found.encoder, *found.container.muxers) == (encoder, muxer)


@pytest.mark.parametrize(
    ("options", "frames"),
    [
        ("", None),
        ("-g 48", 48),
        ("-g:v 48", 48),
        ("-x264-params keyint=60:min-keyint=60", 60),
        ("-g 48 -x264-params keyint=infinite", 48),
        ("-g 99999999999999", None),
    ],
)
def test_key_interval(options: str, frames: int | None) -> None:
    assert split(f"-i a.mp4 {options} b.mp4").key_interval == frames


def test_rates_are_collected_to_be_compared_with_the_source() -> None:
    found = split("-i a.mp4 -vf fps=30000/1001,hflip -r ntsc b.mp4")
    assert (found.rates, found.is_constant_rate) == (("30000/1001", "ntsc"), True)
    assert not split("-i a.mp4 -vf fps=25 -fps_mode vfr b.mp4").is_constant_rate
    assert split("-i a.mp4 -vsync cfr b.mp4").is_constant_rate


REFUSED = {
    "-i a.mp4 b.mp4 && -i b.mp4 c.mp4": "the job has more than one command",
    "-i a.mp4 -i b.mp4 c.mp4": "the command does not read exactly one file",
    "-f lavfi -i testsrc2 c.mp4": "the command does not read exactly one file",
    "-i a.mp4 b.mp4 c.mp4": "the command does not write exactly one file",
    "-i a.mp4 %03d.mp4": "the command does not write exactly one file",
    "-i a.mp4 b.m3u8": "the command does not write exactly one file",
    "-i a.mp4 b.avi": "its output is not an MP4, MOV, Matroska, WebM or MPEG-TS file",
    "-ss 5 -i a.mp4 b.mp4": '"-ss" cuts its input',
    "-i a.mp4 -t 5 b.mp4": '"-t" cuts its input',
    "-i a.mp4 -frames:v 5 b.mp4": '"-frames:v" cuts its output',
    "-i a.mp4 -shortest b.mp4": '"-shortest" cuts its output',
    "-r 10 -i a.mp4 b.mp4": 'the option "-r" is not known to mean the same for a part of the video',
    "-i a.mp4 -filter_complex [0:v]hflip b.mp4": '"-filter_complex" has a complex filter graph',
    "-i a.mp4 -force_key_frames expr:gte(t,n_forced*2) b.mp4": '"-force_key_frames" chooses key frames by time',
    "-i a.mp4 -vn b.mp4": 'the option "-vn" is not known to mean the same for a part of the video',
    "-i a.mp4 -c copy b.mp4": "it copies the video and does not encode it",
    "-i a.mp4 -c:v copy b.mp4": "it copies the video and does not encode it",
    "-i a.mp4 -c:v libaom-av1 b.mp4": 'the encoder "libaom-av1" is not known to give the same result in chunks',
    "-i a.mp4 -c:v h264_nvenc b.mp4": 'the encoder "h264_nvenc" is not known to give the same result',
    "-i a.mp4 -b:v 2M b.mp4": 'the rate control of "-b:v" depends on the whole video',
    "-i a.mp4 -b 2M b.mp4": 'the rate control of "-b" depends on the whole video',
    "-i a.mp4 -crf 20 -maxrate 4M -bufsize 8M b.mp4": 'the rate control of "-maxrate" depends on the whole video',
    "-i a.mp4 -x264-params vbv-maxrate=4000 b.mp4": 'the rate control of "vbv-maxrate" depends on the whole video',
    "-i a.mp4 -c:v libsvtav1 -svtav1-params rc=1:tbr=900 b.mp4": 'the rate control of "rc" depends on the whole',
    "-i a.mp4 b.ts": 'the encoder "mpeg2video" is not known to give the same result in chunks',
    "-i a.mp4 -c:v mpeg4 b.mp4": 'the encoder "mpeg4" distributes a bit rate over the whole video without -q or',
    "-i a.mp4 -c:v libvpx-vp9 -crf 30 b.webm": 'the encoder "libvpx-vp9" keeps a bit rate, too, without "-b:v 0"',
    "-i a.mp4 -vf fade=in:0:30 b.mp4": 'the filter "fade" is not known to work on each frame alone',
    "-i a.mp4 -vf yadif b.mp4": 'the filter "yadif" is not known to work on each frame alone',
    "-i a.mp4 -vf select=not(mod(n\\\\,2)) b.mp4": 'the filter "select" is not known to work on each frame alone',
    "-i a.mp4 -vf crop=x=n:w=10:h=10 b.mp4": 'an expression of the filter "crop" may depend on the number',
    "-i a.mp4 -vf rotate=random(1) b.mp4": 'an expression of the filter "rotate" may depend on the number',
    "-i a.mp4 -vf drawtext=text=%{n} b.mp4": 'the text of the filter "drawtext" changes from frame to frame',
    "-i a.mp4 -vf split[a][b];[a][b]hstack b.mp4": "its filter graph has more than one chain, or labels",
    "-i a.mp4 -vf fps=25:round=up b.mp4": 'the filter "fps" is only split with nothing but a frame rate',
    "-i a.mp4 -movflags frag_keyframe b.mp4": '"-movflags frag_keyframe" depends on how the file is written',
    "-i a.mp4 -map_metadata:s 0:s b.mp4": (
        'the option "-map_metadata:s" is not known to mean the same for a part of the video'
    ),
    "-i a.mp4 -c:0 libx264 b.mp4": 'the option "-c:0" must name its stream by v, a or s',
    "-i a.mp4 -q 3 b.mp4": 'the option "-q" is not known to mean the same for a part of the video',
    "-i a.mp4 -bsf:v null b.mp4": 'the option "-bsf:v" is not known to mean the same for a part of the video',
}


@pytest.mark.parametrize("command", REFUSED)
def test_reasons(command: str) -> None:
    request = read(command)
    assert request.command is None
    assert request.reason[: len(REFUSED[command])] == REFUSED[command]


def test_a_job_for_the_gpu_is_not_split() -> None:
    reason = read("-i a.mp4 b.mp4", hardware="auto").reason
    assert reason == 'with "hardware": "auto" its chunks might be encoded by different encoders'


@pytest.mark.parametrize("parallel", [None, False, ""])
def test_nothing_is_read_where_the_caller_does_not_ask(parallel: Any) -> None:
    data = {"chainCmds": "-i a.mp4 b.mp4", "parallel": parallel}
    (lane,) = plan_job({"action": "process", "data": data}).lanes
    assert lane.split is None
