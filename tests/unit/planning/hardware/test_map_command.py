"""Golden command lines: commands mapped onto a GPU, or the reason why they are not.

`UPDATE_GOLDEN=1 pytest tests/unit/planning/hardware` rewrites the file.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.command.command_line import read_command_line
from ffmpeg_worker.job.machine import Gpu
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.hardware.map_command import map_command
from ffmpeg_worker.planning.hardware.not_mapped import NotMapped

GOLDEN = Path(__file__).with_name("golden_commands.json")
ALL = frozenset({"h264_nvenc", "hevc_nvenc", "av1_nvenc"})
L4 = Gpu(1, "NVIDIA L4", ALL, frozenset({"h264", "hevc", "av1"}))
WITHOUT_DECODERS = Gpu(1, "NVIDIA L4", ALL)
T4 = Gpu(1, "Tesla T4", frozenset({"h264_nvenc", "hevc_nvenc"}))


def video(**facts: Any) -> MediaInfo:
    known: dict[str, Any] = {
        "codec": "h264",
        "width": 1920,
        "height": 1080,
        "pix_fmt": "yuv420p",
        "field_order": "progressive",
    }
    return MediaInfo("mov,mp4", (StreamInfo("video", **(known | facts)), StreamInfo("audio", codec="aac")), 10.0)


PLAIN = video()
WITH_COVER = MediaInfo("mov,mp4", (*PLAIN.streams, StreamInfo("video", pix_fmt="yuvj444p", is_cover=True)), 10.0)
# Mapped the same way whatever the GPU decodes: the CPU decodes and filters.
ENCODED: dict[str, str] = {
    "crf": "-i a.mp4 -c:v libx264 -crf 20 -preset slow -c:a aac -movflags +faststart b.mp4",
    "nothing said": "-i a.mp4 b.mp4",
    "copied sound": "-i a.mp4 -c copy -c:v libx264 -crf 21 b.mkv",
    "hevc": "-i a.mp4 -c:v libx265 -crf 26 -tag:v hvc1 -preset medium b.mp4",
    "hevc in 10 bit": "-i a.mp4 -c:v libx265 -pix_fmt yuv420p10le -profile:v main10 b.mp4",
    "av1 of svt": "-i a.mp4 -c:v libsvtav1 -preset 6 -crf 30 -g 240 b.mp4",
    "av1 of aom": "-i a.mp4 -c:v libaom-av1 -crf 30 -b:v 0 -cpu-used 4 b.mkv",
    "bitrate": "-i a.mp4 -c:v libx264 -b:v 3M -maxrate 4M -bufsize 8M -profile:v high -level 41 b.mp4",
    "capped quality": "-i a.mp4 -c:v libx264 -crf 22 -maxrate 5M -bufsize 10M b.mp4",
    "parameters": "-i a.mp4 -c:v libx264 -x264-params keyint=48:min-keyint=48:scenecut=0:vbv-maxrate=3000:"
    "vbv-bufsize=6000 b.mp4",
    "groups for segments": "-i a.mp4 -c:v libx264 -g 48 -keyint_min 48 -sc_threshold 0 -hls_time 2 "
    "-hls_playlist_type vod x.m3u8",
    "forced key frames": "-i a.mp4 -c:v libx264 -force_key_frames expr:gte(t,n_forced*2) b.mp4",
    "zero latency": "-i a.mp4 -c:v libx264 -tune zerolatency b.mp4",
    "baseline": "-i a.mp4 -c:v libx264 -profile:v baseline -level 3.0 b.mp4",
    "frames": "-i a.mp4 -c:v libx264 -bf 2 -refs 3 -rc-lookahead 60 -aq-mode 0 -flags +cgop b.mp4",
    "filters of the CPU": "-i a.mp4 -vf crop=640:360,hflip -c:v libx264 b.mp4",
    "overlay": "-i a.mp4 -i l.png -filter_complex [0][1]overlay[v] -map [v] -map 0:a -pix_fmt yuv420p b.mp4",
    "renditions": "-i a.mp4 -map 0:v -map 0:v -c:v libx264 -b:v:0 5M -maxrate:v:0 6M -bufsize:v:0 9M -b:v:1 1M "
    "-maxrate:v:1 2M -bufsize:v:1 3M -s:v:1 640x360 b.mp4",
    "beside a picture": "-i a.mp4 -c:v libx264 b.mp4 -frames:v 1 t.jpg",
    "beside sound": "-i a.mp4 -vn -c:a aac b.m4a -c:v libx264 b.mp4",
}
ON_GPU: dict[str, tuple[str, MediaInfo]] = {
    "crf": ("-ss 5 -i a.mp4 -c:v libx264 -crf 20 -c:a copy b.mp4", PLAIN),
    "scaled": ("-i a.mp4 -vf scale=-2:720 -c:v libx264 b.mp4", PLAIN),
    "scaled with an algorithm": ("-i a.mp4 -vf scale=w=1280:h=720:flags=lanczos,fps=30 b.mp4", PLAIN),
    "deinterlaced": ("-i a.mp4 -vf yadif=mode=1,format=yuv420p b.mp4", video(field_order="tt")),
    "10 bit": ("-i a.mp4 -c:v libx265 b.mp4", video(codec="hevc", pix_fmt="yuv420p10le")),
    "only a format": ("-i a.mp4 -vf format=yuv420p b.mp4", PLAIN),
    "ladder": ("-i a.mp4 -vf scale=1280:720 b.mp4 -vf scale=640:360 c.mp4 -vn d.m4a", PLAIN),
}
# The GPU encodes these, but the CPU must decode and filter them.
CPU_DECODED: dict[str, tuple[str, MediaInfo]] = {
    "turned by the file": ("-i a.mp4 b.mp4", video(rotation=-90)),
    "interlaced and left so": ("-i a.mp4 b.mp4", video(field_order="tt")),
    "codec not tried": ("-i a.mp4 b.mp4", video(codec="vp9")),
    "h264 in 10 bit": ("-i a.mp4 -c:v libx265 b.mp4", video(pix_fmt="yuv420p10le")),
    "fewer bits": ("-i a.mp4 -pix_fmt yuv420p b.mp4", video(codec="hevc", pix_fmt="yuv420p10le")),
    "small": ("-i a.mp4 b.mp4", video(width=160, height=90)),
    "odd": ("-i a.mp4 b.mp4", video(width=641)),
    "filter of the CPU": ("-i a.mp4 -vf hflip b.mp4", PLAIN),
    "two inputs": ("-i a.mp4 -i b.mp4 c.mp4", PLAIN),
    "decoder chosen": ("-c:v h264 -i a.mp4 b.mp4", PLAIN),
    "size": ("-i a.mp4 -s 640x360 b.mp4", PLAIN),
    "beside a picture": ("-i a.mp4 -c:v libx264 b.mp4 -frames:v 1 t.jpg", PLAIN),
    "beside a cover": ("-i a.mp4 b.mp4", WITH_COVER),
    "labels": ("-i a.mp4 -vf [in]scale=640:360[out] b.mp4", PLAIN),
}
UNMAPPED: dict[str, tuple[str, MediaInfo | None]] = {
    "lossless": ("-i a.mp4 -c:v libx264 -crf 0 b.mp4", PLAIN),
    "quantizer": ("-i a.mp4 -c:v libx264 -qp 20 b.mp4", PLAIN),
    "scale of quality": ("-i a.mp4 -c:v libx264 -q:v 3 b.mp4", PLAIN),
    "tune": ("-i a.mp4 -c:v libx264 -tune grain b.mp4", PLAIN),
    "parameter": ("-i a.mp4 -c:v libx264 -x264-params me=umh b.mp4", PLAIN),
    "key of another encoder": ("-i a.mp4 -c:v libx265 -x264-params keyint=5 b.mp4", PLAIN),
    "profile": ("-i a.mp4 -c:v libx264 -profile:v high10 b.mp4", PLAIN),
    "level of hevc": ("-i a.mp4 -c:v libx265 -level 4.1 b.mp4", PLAIN),
    "10 bit h264": ("-i a.mp4 -c:v libx264 -pix_fmt yuv420p10le b.mp4", PLAIN),
    "4:4:4": ("-i a.mp4 -c:v libx264 b.mp4", video(pix_fmt="yuv444p")),
    "format unknown": ("-i a.mp4 -c:v libx264 b.mp4", None),
    "format of a cover": ("-i a.mp4 -map 0 -c:v libx264 b.mp4", WITH_COVER),
    "format of a graph": ("-i a.mp4 -filter_complex [0]split[v] -map [v] b.mp4", PLAIN),
    "rate and quality": ("-i a.mp4 -c:v libx264 -crf 20 -b:v 3M b.mp4", PLAIN),
    "bound without a buffer": ("-i a.mp4 -c:v libx264 -crf 20 -maxrate 3M b.mp4", PLAIN),
    "scene cuts": ("-i a.mp4 -c:v libx264 -sc_threshold 20 b.mp4", PLAIN),
    "least group": ("-i a.mp4 -c:v libx264 -g 50 -keyint_min 10 b.mp4", PLAIN),
    "one pass of two": ("-i a.mp4 -c:v libx264 -b:v 3M -pass 2 b.mp4", PLAIN),
    "unknown option": ("-i a.mp4 -c:v libx264 -me_method umh b.mp4", PLAIN),
    "two encoders": ("-i a.mp4 -map 0:v -map 0:v -c:v:0 libx264 -c:v:1 libx265 b.mp4", PLAIN),
    "stream by number": ("-i a.mp4 -c:0 libx264 b.mp4", PLAIN),
    "encoder of the caller's": ("-i a.mp4 -c:v h264_nvenc b.mp4", PLAIN),
    "rate of one stream": ("-i a.mp4 -map 0:v -map 0:v -c:v libx264 -b:v:0 5M b.mp4", PLAIN),
    "hardware of the caller's": ("-hwaccel cuda -i a.mp4 -c:v libx264 b.mp4", PLAIN),
    "other flags": ("-i a.mp4 -c:v libx264 -flags +ildct b.mp4", PLAIN),
    "one of two outputs": ("-i a.mp4 b.mp4 -c:v libx264 -tune film c.mp4", PLAIN),
}
SECOND_PASS = "-i a.mp4 -c:v libx264 -b:v 3M -pass 2 -passlogfile x b.mp4"
NOTHING_TO_MAP = ("-i a.mp4 -c copy b.mp4", "-i a.mp4 b.mp3", "-i a.mp4 t.png")


def written(command: str, info: MediaInfo | None, gpu: Gpu, **how: Any) -> str:
    """The mapped command, or the reason in brackets."""
    line = read_command_line(command.split())
    try:
        mapped = map_command(line, [info] * len(line.inputs), gpu, **how)
    except NotMapped as reason:
        return f"<{reason}>"
    if mapped is None:
        return "<nothing>"
    tokens: list[str] = []
    for group in mapped.groups:
        tokens += [token for option in group.options for token in option.tokens()]
        tokens += ["-i", group.url] if group.is_input else [group.url]
    return " ".join(tokens)


def test_golden_command_lines() -> None:
    found = {
        "encoded on the GPU": {
            **{name: written(one, PLAIN, WITHOUT_DECODERS) for name, one in ENCODED.items()},
            "two passes": written(SECOND_PASS, PLAIN, WITHOUT_DECODERS, two_passes=True),
        },
        "all on the GPU": {name: written(*one, L4, may_scale=True) for name, one in ON_GPU.items()},
        "why not": {name: written(*one, L4) for name, one in UNMAPPED.items()},
    }
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ENCODED)
def test_frames_that_the_cpu_decodes_are_encoded_on_the_gpu(name: str) -> None:
    assert "_nvenc" in written(ENCODED[name], PLAIN, WITHOUT_DECODERS)
    assert "hwaccel" not in written(ENCODED[name], PLAIN, WITHOUT_DECODERS)


@pytest.mark.parametrize("name", CPU_DECODED)
def test_what_a_gpu_may_decode_differently_is_decoded_by_the_cpu(name: str) -> None:
    found = written(*CPU_DECODED[name], L4, may_scale=True)
    assert "_nvenc" in found
    assert "cuda" not in found


def test_the_cpu_scales_where_frames_must_be_identical() -> None:
    assert "cuda" not in written("-i a.mp4 -vf scale=-2:720 b.mp4", PLAIN, L4)


@pytest.mark.parametrize("name", UNMAPPED)
def test_commands_without_equivalent_have_a_reason(name: str) -> None:
    assert written(*UNMAPPED[name], L4).startswith("<")


@pytest.mark.parametrize("command", NOTHING_TO_MAP)
def test_nothing_to_map(command: str) -> None:
    assert written(command, PLAIN, L4) == "<nothing>"


def test_an_encoder_that_the_gpu_lacks() -> None:
    assert written("-i a.mp4 -c:v libsvtav1 b.mp4", PLAIN, T4) == "<The GPU has no av1_nvenc.>"
