"""Brief descriptions have the same facts as whole ones, also where no picture is decoded for them."""

from __future__ import annotations

import random
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import av
import pytest

from ffmpeg_worker.ffmpeg.probe.h264_parameters import read_plain_h264
from ffmpeg_worker.ffmpeg.probe.pyav_container import ProbeFailed
from ffmpeg_worker.ffmpeg.probe.pyav_probe import describe
from ffmpeg_worker.ffmpeg.probe.undecoded_times import FRAME_DURATION, may_be_certain
from ffmpeg_worker.job.media import MediaInfo, read_media
from support.media.media_kinds import run_ffmpeg

_VIDEO = "-f lavfi -i testsrc2=size=160x90:rate=25:duration=0.4"
_AUDIO = "-f lavfi -i sine=duration=0.4"
_LONG = "-f lavfi -i testsrc2=size=160x90:rate=25:duration=2 -f lavfi -i sine=duration=2"
_X264 = "-c:v libx264 -preset ultrafast"
_PLAIN: Mapping[str, str] = MappingProxyType(
    {
        "baseline.mp4": f"{_VIDEO} {_X264} -pix_fmt yuv420p",
        "high.mp4": f"{_VIDEO} -c:v libx264 -preset veryfast -pix_fmt yuv420p",
        "sound.mp4": f"{_VIDEO} {_AUDIO} {_X264} -bf 2 -pix_fmt yuv420p -c:a aac -ac 2",
        "cropped.mp4": f"{_VIDEO} -vf scale=150:86,setsar=1 {_X264} -pix_fmt yuv420p",
        "limited.mp4": f"{_VIDEO} -vf setparams=range=tv {_X264} -pix_fmt yuv420p -x264-params range=tv",
        "fragmented.mp4": f"{_VIDEO} {_X264} -pix_fmt yuv420p -movflags frag_keyframe+empty_moov",
        "turned.mp4": "-display_rotation 90 -i high.mp4 -c copy",
        "long.mkv": f"{_LONG} -c:v libx264 -preset veryfast -g 20 -pix_fmt yuv420p -c:a aac",
        "pictures.mkv": "-i long.mkv -an -c copy",
        "opus.mkv": "-i long.mkv -c:v copy -c:a libopus",
        "starts_late.mkv": "-i long.mkv -itsoffset 0.7 -i long.mkv -map 1:v -map 0:a -c copy",
        "sound_is_late.mkv": "-i long.mkv -itsoffset 0.7 -i long.mkv -map 0:v -map 1:a -c copy",
        "shifted.mkv": "-itsoffset 3 -i long.mkv -c copy -copyts",
        "part.mkv": "-ss 0.9 -i long.mkv -c copy",
        "open_groups.mkv": f"{_LONG} -c:v libx264 -preset veryfast -pix_fmt yuv420p -g 20 -x264-params open-gop=1",
        "part_of_open_groups.mkv": "-ss 0.9 -i open_groups.mkv -c copy",
        "unequal.mkv": f"{_LONG} {_X264} -pix_fmt yuv420p -vf setpts=N*N/TB/100 -fps_mode vfr",
        "turned.mkv": "-display_rotation 90 -i long.mkv -c copy",
        "unseekable.mkv": "-i long.mkv -c copy -live 1",
        "long.ts": "-i long.mkv -c copy",
        "starts_late.ts": "-i starts_late.mkv -c copy",
        "sound_is_late.ts": "-i sound_is_late.mkv -c copy",
        "part_of_open_groups.ts": "-i part_of_open_groups.mkv -an -c copy",
    }
)
_OTHER: Mapping[str, str] = MappingProxyType(
    {
        "full_range.mp4": f"{_VIDEO} -vf scale=out_range=pc {_X264} -pix_fmt yuvj420p",
        "colors.mp4": f"{_VIDEO} {_X264} -pix_fmt yuv420p -colorspace bt709 -color_primaries bt709",
        "wide_pixels.mp4": f"{_VIDEO} -vf setsar=4/3 {_X264} -pix_fmt yuv420p",
        "interlaced.mp4": f"{_VIDEO} -vf scale=160:96 {_X264} -flags +ilme+ildct -x264-params tff=1",
        "chroma422.mp4": f"{_VIDEO} {_X264} -pix_fmt yuv422p",
        "ten_bits.mp4": f"{_VIDEO} {_X264} -pix_fmt yuv420p10le",
        "gray.mp4": f"{_VIDEO} {_X264} -pix_fmt gray",
        "lossless.mp4": f"{_VIDEO} {_X264} -pix_fmt yuv444p -qp 0",
        "matrices.mp4": f"{_VIDEO} -c:v libx264 -preset veryfast -pix_fmt yuv420p -x264-params cqm=jvt",
        "hevc.mp4": f"{_VIDEO} -c:v libx265 -preset ultrafast -x265-params log-level=none -pix_fmt yuv420p",
        "mpeg4.mp4": f"{_VIDEO} {_AUDIO} -c:v mpeg4 -c:a aac",
        "cover.mp4": "-i high.mp4 -f lavfi -i color=red:size=32x32 -map 0 -map 1 -c:v:0 copy -c:v:1 png "
        "-frames:v:1 1 -disposition:v:1 attached_pic",
        "short.mkv": "-i high.mp4 -c copy",
        "wide_pixels.mkv": f"{_LONG} -vf setsar=4/3 {_X264} -pix_fmt yuv420p",
        "hevc.mkv": f"{_LONG} -c:v libx265 -preset ultrafast -x265-params log-level=none -pix_fmt yuv420p",
        "subtitles.mkv": "-i long.mkv -i late.srt -c copy",
        "attached.mkv": "-i long.mkv -c copy -attach late.srt -metadata:s:t mimetype=text/plain",
        "cover.mkv": "-i long.mkv -i cover.mp4 -map 0 -map 1:v:1 -c copy -disposition:v:1 attached_pic",
        "sound.mkv": "-i long.mkv -vn -c copy",
        "sound.ts": "-i long.mkv -vn -c copy",
        "unequal.ts": "-i unequal.mkv -c copy",
        "one_picture.ts": "-i long.mkv -an -frames:v 1 -c copy",
        "two_videos.ts": "-i long.mkv -i long.mkv -map 0 -map 1:v -c copy",
        "wide_pixels.ts": "-i wide_pixels.mkv -c copy",
        "hevc.ts": "-i hevc.mkv -c copy",
    }
)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    (folder / "late.srt").write_text("1\n00:00:01,000 --> 00:00:01,500\nlate\n")
    for name, recipe in {**_PLAIN, **_OTHER}.items():
        run_ffmpeg(folder, *shlex.split(recipe), name)
    return folder


@pytest.mark.parametrize("name", [*_PLAIN, *_OTHER])
@pytest.mark.sampled(3)
def test_a_brief_description_has_the_facts_of_a_whole_one(clips: Path, name: str) -> None:
    whole, brief = describe(str(clips / name)), describe(str(clips / name), is_brief=True)
    assert read_media(brief) == read_media(whole)
    without_pixels = read_media(describe(str(clips / name), is_brief=True, skips_pixels=True))
    assert _without_pixels(without_pixels) == _without_pixels(read_media(whole))


@pytest.mark.parametrize(
    "name", ["long", "starts_late", "sound_is_late", "open_groups", "unequal", "hevc", "sound"]
)
@pytest.mark.parametrize("kind", ["mpegts", "fmp4"])
@pytest.mark.sampled(3)
def test_playlists(clips: Path, name: str, kind: str) -> None:
    options = f"-i {name}.mkv -c copy -f hls -hls_time 1 -hls_segment_type {kind}"
    run_ffmpeg(clips, *options.split(), "-hls_fmp4_init_filename", f"{name}.init", f"{name}.{kind}.m3u8")
    path = str(clips / f"{name}.{kind}.m3u8")
    whole, brief = (read_media(describe(path, is_own_playlist=True, is_brief=each)) for each in (False, True))
    assert brief == whole


@pytest.mark.parametrize("name", _PLAIN)
def test_plain_pictures_are_not_decoded(clips: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Mapping[str, str]] = []
    open_container = av.open

    def note(*arguments: object, container_options: Mapping[str, str], **others: object) -> object:
        opened.append(container_options)
        return open_container(*arguments, container_options=container_options, **others)  # type: ignore[call-overload]

    monkeypatch.setattr(av, "open", note)
    describe(str(clips / name), is_brief=True)
    assert ["codec_whitelist" in options for options in opened] == [True]
    assert "h264" not in opened[0]["codec_whitelist"].split(",")
    assert "aac" in opened[0]["codec_whitelist"].split(",")


@pytest.fixture(scope="module")
def unstated(clips: Path) -> Path:
    """Files of Matroska that do not state the duration of frames, which FFmpeg's muxer always does."""
    for name in ("long.mkv", "unequal.mkv"):
        data = (clips / name).read_bytes()
        at = data.index(FRAME_DURATION)
        void = b"\xec\x86" + bytes(6)
        (clips / f"unstated_{name}").write_bytes(data[:at] + void + data[at + len(void) :])
    return clips


@pytest.mark.parametrize("name", ["long.mkv", "unequal.mkv"])
def test_a_rate_that_is_not_stated(unstated: Path, name: str) -> None:
    path = str(unstated / f"unstated_{name}")
    assert read_media(describe(path, is_brief=True)) == read_media(describe(path))


@pytest.mark.parametrize("name", ["long.mkv", "starts_late.mkv", "long.ts"])
def test_damaged_files(clips: Path, tmp_path: Path, name: str) -> None:
    """A damaged file has the same facts, or the same reason why it has none, where its pictures can be decoded."""
    data, chance = (clips / name).read_bytes(), random.Random(name)
    for number in range(150):
        damaged = bytearray(data)
        at = chance.randrange(min(len(data), chance.choice([700, 6000, len(data)])))
        if number % 3:
            damaged[at] = chance.randrange(256)
        else:
            del damaged[at:]
        path = tmp_path / f"{number}{Path(name).suffix}"
        path.write_bytes(damaged)
        whole, brief = (_facts_or_reason(str(path), is_brief=is_brief) for is_brief in (False, True))
        if isinstance(whole, MediaInfo) and any(s.kind == "video" and s.pix_fmt is None for s in whole.streams):
            continue  # a picture that cannot be decoded
        assert brief == whole, (at, damaged[at : at + 1])
        path.unlink()


def _facts_or_reason(path: str, *, is_brief: bool) -> MediaInfo | str:
    try:
        return read_media(describe(path, is_brief=is_brief))
    except ProbeFailed as error:
        return error.reason


@pytest.mark.parametrize("name", ["cut.mp4", "empty.mp4", "text.mp4", "missing.mp4", "folder.mp4"])
def test_both_refuse_a_file_for_the_same_reason(clips: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "cut.mp4").write_bytes((clips / "high.mp4").read_bytes()[:2000])
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("no media")
    (tmp_path / "folder.mp4").mkdir()
    reasons = []
    for is_brief in (False, True):
        with pytest.raises(ProbeFailed) as caught:
            describe(str(tmp_path / name), is_brief=is_brief)
        reasons.append(caught.value.reason)
    assert reasons[0] == reasons[1]


def test_damaged_parameters_are_not_plain(clips: Path) -> None:
    with av.open(str(clips / "high.mp4")) as container:
        extradata = container.streams.video[0].codec_context.extradata or b""
    assert read_plain_h264(extradata) is not None
    length = int.from_bytes(extradata[6:8], "big")
    for kept in range(8 + length):
        assert read_plain_h264(extradata[:kept]) is None
    zeros = extradata[:12] + bytes(length - 4) + extradata[8 + length :]
    assert read_plain_h264(zeros) is None
    assert read_plain_h264(None) is None


def _without_pixels(info: MediaInfo) -> MediaInfo:
    streams = tuple(replace(stream, pix_fmt=None, color=(None,) * 4) for stream in info.streams)
    return replace(info, streams=streams)


@pytest.mark.parametrize(("name", "expected"), [("high.mp4", True), ("long.mkv", False), ("long.ts", False)])
def test_what_is_fetched_while_it_is_read_is_read_as_little_as_possible(
    clips: Path, name: str, expected: bool
) -> None:
    head = (clips / name).read_bytes()[:4096]
    assert may_be_certain(head, is_fetched=False)
    assert may_be_certain(head, is_fetched=True) == expected
