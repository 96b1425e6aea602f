"""The embedded probe tells what FFmpeg 9 tells about pictures and streams that PyAV has no decoder for."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.ffmpeg.probe.pyav_probe import describe
from ffmpeg_worker.job.media import read_media
from support.media.sources import FFMPEG, make, make_clip
from support.worker import open_worker

PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=5:d=2")
STILL = (*PICTURE, "-frames:v", "1")
TONE = ("-f", "lavfi", "-i", "sine=d=2")
Write = Callable[[Path], object]

STILLS = {
    **{f"x.{suffix}": STILL for suffix in "avif jxl jp2 tiff bmp gif dpx exr ppm pgm pbm pam".split()},
    **{f"x.{suffix}": STILL for suffix in "qoi tga sgi pcx xbm jpg png webp jls j2k".split()},
    "lossless.webp": (*STILL, "-lossless", "1"),
    "alpha.webp": (*STILL, "-vf", "format=yuva420p"),
    "lossless.jxl": (*STILL, "-c:v", "libjxl", "-distance", "0"),
}  # fmt: skip
MOVING = {
    "lossy.webp": (*PICTURE, "-c:v", "libwebp"),
    "lossless.webp": (*PICTURE, "-c:v", "libwebp_anim", "-lossless", "1"),
    "alpha.webp": (*PICTURE, "-vf", "format=rgba,colorchannelmixer=aa=0.5", "-c:v", "libwebp_anim", "-loop", "0"),
    "x.apng": PICTURE,
    "x.gif": PICTURE,
    **{f"x.{suffix}": PICTURE for suffix in "mkv mov mp4 ts avi flv asf nut ogv webm".split()},
}
SOUNDS = {
    f"x.{suffix}": TONE
    for suffix in "mp3 mp2 aac m4a caf aiff au w64 wav tta wv ac3 eac3 opus ogg flac mka voc wma".split()
}


def facts_of_ffmpeg(path: Path) -> str:
    """What FFmpeg prints about the first stream."""
    log = subprocess.run(
        [FFMPEG, "-hide_banner", "-i", str(path)], capture_output=True, text=True, check=False
    ).stderr
    return next(line for line in log.splitlines() if line.startswith("  Stream #0:0"))


@pytest.mark.parametrize("name", STILLS)
@pytest.mark.sampled(3)
def test_stills_have_a_size(tmp_path: Path, name: str) -> None:
    make(tmp_path / name, *STILLS[name])
    stream = describe(str(tmp_path / name))["streams"][0]
    assert f", {stream['width']}x{stream['height']}" in facts_of_ffmpeg(tmp_path / name)
    assert (stream["width"], stream["height"]) == (160, 90)


@pytest.mark.parametrize("name", MOVING)
@pytest.mark.sampled(3)
def test_moving_pictures_have_size_and_rate(tmp_path: Path, name: str) -> None:
    make(tmp_path / name, *MOVING[name])
    document = describe(str(tmp_path / name))
    media = read_media(document)
    assert media.video is not None
    assert f", {media.video.width}x{media.video.height}" in facts_of_ffmpeg(tmp_path / name)
    assert media.video.fps == 5
    assert re.search(r", 5 (?:fps|tbr)", facts_of_ffmpeg(tmp_path / name))
    if name.endswith(".webp"):
        assert media.video.frames == 10
        assert media.duration_s == 2.0
        assert not media.has_duration  # FFmpeg reads the frames as they come: nothing is promised


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.sampled(3)
def test_sounds_have_rate_and_channels(tmp_path: Path, name: str) -> None:
    make(tmp_path / name, *TONE)
    stream = describe(str(tmp_path / name))["streams"][0]
    printed = re.search(r", (\d+) Hz, (\w+)", facts_of_ffmpeg(tmp_path / name))
    assert printed is not None
    assert (stream["sample_rate"], stream["channels"]) == (printed[1], {"mono": 1, "stereo": 2}[printed[2]])


def test_sound_of_an_unknown_codec_keeps_what_the_container_knows(tmp_path: Path) -> None:
    make_clip(tmp_path / "a.mov", seconds=0.5, extra=("-ac", "2", "-ar", "32000"))
    film = bytearray((tmp_path / "a.mov").read_bytes())
    entry = film.rfind(b"stsd", 0, film.rfind(b"wave")) + 16
    for old, new in ((b"mp4a", b"apac"), (b"wave", b"free")):
        at = film.find(old, entry)
        film[at : at + 4] = new
    (tmp_path / "a.mov").write_bytes(film)
    sound = describe(str(tmp_path / "a.mov"))["streams"][1]
    assert (sound["codec_type"], sound["sample_rate"], sound["channels"]) == ("audio", "32000", 2)


def test_the_rate_of_raw_dv_is_that_of_its_frames(tmp_path: Path) -> None:
    make(tmp_path / "x.dv", "-f", "lavfi", "-i", "testsrc2=s=720x576:r=25:d=0.4")
    video = read_media(describe(str(tmp_path / "x.dv"))).video
    assert video is not None
    assert video.fps == 25


@pytest.mark.asyncio
async def test_an_animation_is_described_in_results(tmp_path: Path) -> None:
    make(tmp_path / "data/in.webp", *MOVING["lossy.webp"])
    async with open_worker(tmp_path) as worker:
        result = await worker.process("-i in.webp -c:v libwebp -loop 0 out.webp")
        probed = await worker.run({"action": "probe", "data": {"input": "out.webp"}})
    media: dict[str, Any] = result["outputs"][0]["media"]
    assert (media["width"], media["height"], media["fps"], media["duration"]) == (160, 90, 5.0, 2.0)
    assert probed["streams"][0]["codec_type"] == "video"
