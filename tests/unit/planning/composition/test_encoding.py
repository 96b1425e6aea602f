"""Encoders and options of each kind of output."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.actions.canvas_output import CODECS, Codec
from ffmpeg_worker.planning.composition.encoding import check_frame_size, choose_encoding, with_interpolated_frames


def option(arguments: tuple[str, ...], name: str) -> str:
    return arguments[arguments.index(name) + 1]


def test_the_codec_says_the_encoder_and_the_name_the_sound() -> None:
    assert option(choose_encoding("a.mp4", "h264").video, "-c:v") == "libx264"
    assert option(choose_encoding("a.MP4", "hevc").video, "-tag:v") == "hvc1"
    assert option(choose_encoding("a.mp4", "av1").video, "-c:v") == "libsvtav1"
    assert option(choose_encoding("a.webm", "vp9").sound, "-c:a") == "libopus"
    assert option(choose_encoding("a.mov", "prores").sound, "-c:a") == "pcm_s16le"


def test_quality_sets_the_rate_and_the_preset_the_speed() -> None:
    draft, high = (choose_encoding("a.mp4", "h264", quality=quality).video for quality in ("draft", "high"))
    assert int(option(draft, "-crf")) > int(option(high, "-crf"))
    said = choose_encoding("a.mp4", "h264", crf=18.5, preset="slow").video
    assert (option(said, "-crf"), option(said, "-preset")) == ("18.5", "slow")
    assert option(choose_encoding("a.mp4", "av1", preset="slow").video, "-preset") == "6"


@pytest.mark.parametrize(
    ("codec", "argument"),
    [("h264", "-qp"), ("vp9", "-lossless"), ("hevc", "pools=1:frame-threads=1:log-level=error:lossless=1")],
)
def test_lossless_is_asked_for_in_the_encoders_own_way(codec: Codec, argument: str) -> None:
    arguments = choose_encoding("a.mkv", codec, quality="lossless").video
    assert argument in arguments
    assert "-crf" not in arguments


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [("a.webm", "vp9", "yuva420p"), ("a.mov", "prores", "yuva444p10le"), ("frame-%03d.png", "png", "rgba")],
)
def test_opacity_is_kept_where_the_output_has_a_place_for_it(name: str, codec: Codec, pixels: str) -> None:
    encoding = choose_encoding(name, codec, is_transparent=True)
    assert encoding.form == "rgba"
    assert f"format={pixels}" in encoding.filters


def test_prores_becomes_4444_for_opacity_only() -> None:
    assert option(choose_encoding("a.mov", "prores").video, "-profile:v") == "standard"
    assert option(choose_encoding("a.mov", "prores", is_transparent=True).video, "-profile:v") == "4444"


@pytest.mark.parametrize(("suffix", "codec"), [(suffix, codec) for suffix in CODECS for codec in CODECS[suffix]])
def test_every_film_is_tagged(suffix: str, codec: Codec) -> None:
    encoding = choose_encoding(f"a{suffix}", codec)
    is_tagged = any(part.startswith("setparams=range=tv:colorspace=bt709") for part in encoding.filters)
    assert is_tagged == (encoding.kind == "video")


def test_one_png_is_a_picture_and_a_numbered_one_a_sequence() -> None:
    assert choose_encoding("a.png", "png").kind == "image"
    assert choose_encoding("a-%04d.png", "png").kind == "sequence"


def test_what_cannot_be_exact_is_refused() -> None:
    with pytest.raises(InvalidJob) as caught:
        choose_encoding("a.mp4", "av1", quality="lossless")
    assert (caught.value.code, caught.value.where) == ("lossless_not_possible", {"field": "quality"})


@pytest.mark.parametrize(
    ("codec", "size", "makes_up", "field"),
    [("av1", (15, 64), False, "codec"), ("av1", (64, 15), True, "codec"), ("h264", (64, 31), True, "vfi")],
)
def test_frames_that_are_too_small_are_refused(
    codec: Codec, size: tuple[int, int], makes_up: bool, field: str
) -> None:
    with pytest.raises(InvalidJob) as caught:
        check_frame_size(codec, *size, is_interpolated=makes_up)
    assert (caught.value.code, caught.value.where) == ("frame_size_unsupported", {"field": field})


def test_frames_that_are_large_enough_are_not() -> None:
    check_frame_size("h264", 2, 2, is_interpolated=False)
    check_frame_size("av1", 16, 16, is_interpolated=False)
    check_frame_size("hevc", 32, 32, is_interpolated=True)


@pytest.mark.parametrize(
    ("length", "count"), [(Fraction(2), 120), (Fraction(1001, 1000), 61), (Fraction(1, 25), 3)]
)
def test_as_many_frames_are_made_up_as_begin_before_the_end(length: Fraction, count: int) -> None:
    encoding = with_interpolated_frames(choose_encoding("a.mp4", "h264"), Fraction(60), length)
    assert encoding.filters[-1] == f"trim=end_frame={count}"
