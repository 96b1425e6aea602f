"""The quick probe describes plain MP4 files exactly as PyAV does, and leaves all others to it."""

from __future__ import annotations

import os
import random
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from ffmpeg_worker.ffmpeg.probe.mp4_boxes import UnusualFile
from ffmpeg_worker.ffmpeg.probe.mp4_brief import describe_mp4
from ffmpeg_worker.ffmpeg.probe.pyav_probe import describe
from ffmpeg_worker.ffmpeg.probe.sample_mp4 import make_sample_mp4
from ffmpeg_worker.job.media import MediaInfo, read_media
from support.extent import examples
from support.media.media_kinds import run_ffmpeg

_VIDEO = "-f lavfi -i testsrc2=size=160x90:rate=25:duration=0.4"
_AUDIO = "-f lavfi -i sine=duration=0.4"
_X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"
_PLAIN: Mapping[str, str] = MappingProxyType(
    {
        "baseline.mp4": f"{_VIDEO} {_X264}",
        "b_frames.mp4": f"{_VIDEO} -c:v libx264 -preset veryfast -bf 3 -pix_fmt yuv420p",
        "sound.mp4": f"{_VIDEO} {_AUDIO} {_X264} -bf 2 -c:a aac -ac 2",
        "faststart.mp4": f"{_VIDEO} {_AUDIO} {_X264} -c:a aac -movflags +faststart",
        "rate_of_film.mp4": f"{_VIDEO} -r 24000/1001 {_X264}",
        "own_clock.mp4": f"{_VIDEO} {_AUDIO} {_X264} -bf 2 -c:a aac -video_track_timescale 600",
        "one_frame.mp4": f"{_VIDEO} {_X264} -frames:v 1",
        "sound_only.m4a": f"{_AUDIO} -c:a aac",
        "surround.m4a": f"{_AUDIO} -af pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0 -c:a aac -ar 48000",
        "two_sounds.mp4": f"{_VIDEO} {_AUDIO} {_AUDIO} -map 0 -map 1 -map 2 {_X264} -c:a aac",
        "limited.mp4": f"{_VIDEO} -vf setparams=range=tv {_X264} -x264-params range=tv",
        "cropped.mp4": f"{_VIDEO} -vf scale=150:86,setsar=1 {_X264}",
        "tagged.mp4": f"{_VIDEO} {_X264} -metadata title=One -metadata:s:v language=deu",
        "copied.mp4": "-i sound.mp4 -c copy",
    }
)
_UNUSUAL: Mapping[str, str] = MappingProxyType(
    {
        "begins_inside.mp4": "-ss 0.2 -i sound.mp4 -c copy",
        "late_sound.mp4": "-i baseline.mp4 -itsoffset 0.1 -i sound_only.m4a -map 0 -map 1 -c copy",
        "uneven.mp4": f"{_VIDEO} -vf select='not(mod(n\\,3))' -fps_mode vfr {_X264}",
        "fragmented.mp4": f"{_VIDEO} {_X264} -movflags frag_keyframe+empty_moov",
        "turned.mp4": "-display_rotation 90 -i baseline.mp4 -c copy",
        "full_range.mp4": f"{_VIDEO} -vf scale=out_range=pc -c:v libx264 -preset ultrafast -pix_fmt yuvj420p",
        "colors.mp4": f"{_VIDEO} {_X264} -colorspace bt709 -color_primaries bt709",
        "wide_pixels.mp4": f"{_VIDEO} -vf setsar=4/3 {_X264}",
        "ten_bits.mp4": f"{_VIDEO} -c:v libx264 -preset ultrafast -pix_fmt yuv420p10le",
        "mpeg4.mp4": f"{_VIDEO} {_AUDIO} -c:v mpeg4 -c:a aac",
        "alac.m4a": f"{_AUDIO} -c:a alac",
        "cover.mp4": "-i baseline.mp4 -f lavfi -i color=red:size=32x32 -map 0 -map 1 -c:v:0 copy -c:v:1 png "
        "-frames:v:1 1 -disposition:v:1 attached_pic",
        "chapters.mp4": "-i baseline.mp4 -i chapters.txt -map_metadata 1 -c copy",
        "subtitles.mp4": "-i baseline.mp4 -i text.srt -c:v copy -c:s mov_text",
        "quicktime.mov": "-i sound.mp4 -c copy",
        "in_matroska.mkv": "-i sound.mp4 -c copy",
    }
)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    (folder / "text.srt").write_text("1\n00:00:00,000 --> 00:00:00,300\nText\n")
    (folder / "chapters.txt").write_text(";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/10\nSTART=0\nEND=2\ntitle=A\n")
    for name, recipe in {**_PLAIN, **_UNUSUAL}.items():
        run_ffmpeg(folder, *shlex.split(recipe), name)
    return folder


@pytest.mark.parametrize("name", _PLAIN)
def test_a_plain_file_is_described_as_by_libav(clips: Path, name: str) -> None:
    found = describe_plain(clips / name)
    assert read_media(found) == read_media(describe(str(clips / name)))


def test_the_sample_of_idle_children_is_plain(tmp_path: Path) -> None:
    (tmp_path / "sample.mp4").write_bytes(make_sample_mp4())
    found = read_media(describe_plain(tmp_path / "sample.mp4"))
    assert found.duration_s == 0.04
    assert found == read_media(describe(str(tmp_path / "sample.mp4"), is_brief=True))


@pytest.mark.parametrize("name", _UNUSUAL)
def test_other_files_are_left_to_libav(clips: Path, name: str) -> None:
    with pytest.raises(UnusualFile):
        describe_plain(clips / name)


@pytest.mark.parametrize("name", ["b_frames.mp4", "faststart.mp4", "sound_only.m4a"])
def test_what_it_says_about_a_damaged_index_is_what_libav_says(clips: Path, tmp_path: Path, name: str) -> None:
    damaged = tmp_path / "damaged.mp4"
    described = 0
    for content in _damage((clips / name).read_bytes(), examples(1000)):
        damaged.write_bytes(content)
        try:
            found = read_media(describe_plain(damaged))
        except UnusualFile:
            continue
        described += 1
        assert _without_order(found) == _without_order(read_media(describe(str(damaged), is_brief=True)))
    assert described > 20, "bytes that matter to neither, such as times of creation and names"


@pytest.mark.parametrize("name", ["b_frames.mp4", "faststart.mp4"])
def test_a_cut_file_is_left_to_libav(clips: Path, tmp_path: Path, name: str) -> None:
    whole, cut = (clips / name).read_bytes(), tmp_path / "cut.mp4"
    for length in [*range(0, len(whole), 97), len(whole) - 1]:
        cut.write_bytes(whole[:length])
        with pytest.raises(UnusualFile):
            describe_plain(cut)


def test_samples_outside_of_the_file_are_left_to_libav(clips: Path, tmp_path: Path) -> None:
    whole = (clips / "faststart.mp4").read_bytes()
    data = whole.index(b"mdat") - 4
    shorter = whole[:data] + (1000).to_bytes(4, "big") + whole[data + 4 : data + 1000]
    (tmp_path / "shorter.mp4").write_bytes(shorter)
    with pytest.raises(UnusualFile):
        describe_plain(tmp_path / "shorter.mp4")


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        describe_plain(tmp_path / "missing.mp4")
    (tmp_path / "text.mp4").write_text("no media, but long enough for a box")
    (tmp_path / "empty.mp4").touch()
    for name in ("text.mp4", "empty.mp4"):
        with pytest.raises(UnusualFile):
            describe_plain(tmp_path / name)
    with pytest.raises((OSError, UnusualFile)):
        describe_plain(tmp_path)


def describe_plain(path: Path) -> dict[str, Any]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return describe_mp4(descriptor, path.name)
    finally:
        os.close(descriptor)


def _damage(content: bytes, count: int) -> Iterator[bytes]:
    """Yield copies of a file with one byte of its index changed."""
    chance = random.Random(1)
    begin = content.index(b"moov")
    end = begin + int.from_bytes(content[begin - 4 : begin], "big") - 4
    for _ in range(count):
        at = chance.randrange(begin, end)
        changed = content[at] ^ (1 << chance.randrange(8))
        yield content[:at] + bytes([changed]) + content[at + 1 :]


def _without_order(info: MediaInfo) -> MediaInfo:
    """Leave out what libav reads from the first picture: damaged sizes of samples hide it."""
    return replace(info, streams=tuple(replace(stream, field_order=None) for stream in info.streams))
