"""The lists of ffmpeg, in the two formats since 5.1, and the trials of encoders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.ffmpeg.capabilities import (
    Capabilities,
    WorkerFfmpeg,
    find_usable_encoders,
    parse_capabilities,
    read_capabilities,
)
from support.programs.fake_spawner import FakeSpawner, Script

CODECS = """\
Encoders:
 V..... = Video
 .....D = Supports direct rendering method 1
 ------
 V....D libx264              libx264 H.264 / AVC / MPEG-4 AVC (codec h264)
 A....D aac                  AAC (Advanced Audio Coding)
 S..... mov_text             3GPP Timed Text subtitle
"""
NEW = {
    "formats": """\
Formats:
 D.. = Demuxing supported
 ..d = Is a device
 ---
  E  mp4             MP4 (MPEG-4 Part 14)
 D   mov,mp4,m4a,3gp,3g2,mj2 QuickTime / MOV
 DE  wav             WAV / WAVE (Waveform Audio)
 D d lavfi           Libavfilter virtual input device
 DEd video4linux2,v4l2 Video4Linux2 output device
""",
    "devices": """\
Devices:
 D. = Demuxing supported
 ---
 D  lavfi           Libavfilter virtual input device
 DE video4linux2,v4l2 Video4Linux2 output device
""",
    "filters": """\
Filters:
  T.. = Timeline support
  | = Source or sink filter
  ------
 TS scale             V->V       Scale the input video size.
 .. concat            N->N       Concatenate audio and video streams.
 .. color             |->V       Provide an uniformly colored input.
""",
}
OLD = {
    "formats": """\
File formats:
 D. = Demuxing supported
 .E = Muxing supported
 --
  E mp4             MP4 (MPEG-4 Part 14)
 D  mov,mp4,m4a,3gp,3g2,mj2 QuickTime / MOV
 DE wav             WAV / WAVE (Waveform Audio)
 D  lavfi           Libavfilter virtual input device
 DE video4linux2,v4l2 Video4Linux2 output device
""",
    "devices": NEW["devices"].replace(" ---", " --"),
    "filters": """\
Filters:
  T.. = Timeline support
  ..C = Command support
  | = Source or sink filter
 ..C scale             V->V       Scale the input video size.
 ... concat            N->N       Concatenate audio and video streams.
 ..C color             |->V       Provide an uniformly colored input.
""",
}
OTHERS = {
    "encoders": CODECS,
    "decoders": CODECS.replace("libx264", "h264"),
    "hwaccels": "Hardware acceleration methods:\ncuda\nvaapi\n\n",
}


def read(version: str, lists: dict[str, str]) -> Capabilities:
    banner = (
        f"ffmpeg version {version} Copyright (c) 2000\n  built with gcc\n  configuration: --enable-gpl --x\n  lib"
    )
    return parse_capabilities(banner, {**OTHERS, **lists})


def test_both_formats_give_the_same() -> None:
    assert read("n9.0.2", NEW) == read("n9.0.2", OLD)


def test_names_of_all_kinds() -> None:
    read_now = read("n9.0.2-17-g2a571b6068-20260930", NEW)
    assert read_now.version == "n9.0.2-17-g2a571b6068-20260930"
    assert read_now.encoders == {"libx264": "video", "aac": "audio", "mov_text": "subtitle"}
    assert "h264" in read_now.decoders
    assert read_now.filters == {"scale", "concat", "color"}
    assert read_now.muxers == {"mp4", "wav"}
    assert read_now.demuxers == {"mov", "mp4", "m4a", "3gp", "3g2", "mj2", "wav"}
    assert read_now.hwaccels == {"cuda", "vaapi"}


LISTS = {**OTHERS, **NEW}


def make_spawner(*working: str) -> FakeSpawner:
    """An ffmpeg that prints its lists, and encodes with the encoders that are `working`."""

    def script(argv: Sequence[str]) -> Script:
        option = argv[-1].removeprefix("-")
        if option in LISTS:
            return Script({1: LISTS[option].encode(), 2: b"ffmpeg version 9.0\n"})
        return Script(code=0 if set(argv) & {"mpeg4", *working} else 1)

    return FakeSpawner(script)


async def test_the_lists_of_ffmpeg_are_read() -> None:
    spawner = make_spawner()
    read_now = await read_capabilities(WorkerFfmpeg(spawner.as_spawner(), Path("/ffmpeg"), {"A": "b"}))
    assert read_now == parse_capabilities("ffmpeg version 9.0", LISTS)
    assert all(environment["A"] == "b" for environment in spawner.environments)


@pytest.mark.parametrize("script", [Script(code=1), Script(hangs=True)])
async def test_a_program_that_does_not_work_is_a_misconfiguration(script: Script) -> None:
    spawner = FakeSpawner(lambda _: script).as_spawner()
    with pytest.raises(Misconfigured, match="/ffmpeg does not"):
        await read_capabilities(WorkerFfmpeg(spawner, Path("/ffmpeg"), timeout_s=0.01))


async def test_encoders_are_tried_once() -> None:
    known = parse_capabilities("ffmpeg version 9.0", LISTS)
    names = list(known.encoders)[:2]
    spawner = make_spawner(names[0])

    async def find() -> frozenset[str]:
        asked = [*names, "not_listed"]
        return await find_usable_encoders(WorkerFfmpeg(spawner.as_spawner(), Path("/ffmpeg")), known, asked)

    assert await find() == {names[0]}
    assert await find() == {names[0]}
    assert len(spawner.commands) == 2
