"""Which encoder an output gets, and what it is told."""

from __future__ import annotations

import pytest

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.planning.canvas.encoding import CODECS, choose_encoding


def option(arguments: tuple[str, ...], name: str) -> str:
    return arguments[arguments.index(name) + 1]


def test_the_name_says_the_container_and_that_the_codec() -> None:
    chosen = {name: option(choose_encoding(name).video, "-c:v") for name in ("a.mp4", "a.mov", "a.webm", "a.mkv")}
    assert chosen == {"a.mp4": "libx264", "a.mov": "libx264", "a.webm": "libvpx-vp9", "a.mkv": "libx264"}
    assert option(choose_encoding("a.MP4", codec="hevc").video, "-tag:v") == "hvc1"
    assert option(choose_encoding("a.mp4", codec="av1").video, "-c:v") == "libsvtav1"
    assert option(choose_encoding("a.webm").sound, "-c:a") == "libopus"


def test_quality_sets_rate_and_speed_and_both_may_be_said() -> None:
    draft, high = choose_encoding("a.mp4", quality="draft"), choose_encoding("a.mp4", quality="high")
    assert int(option(draft.video, "-crf")) > int(option(high.video, "-crf"))
    assert (option(draft.video, "-preset"), option(high.video, "-preset")) == ("ultrafast", "slow")
    said = choose_encoding("a.mp4", crf=18.5, speed="medium").video
    assert (option(said, "-crf"), option(said, "-preset")) == ("18.5", "medium")


@pytest.mark.parametrize(
    ("name", "pixels"), [("a.webm", "yuva420p"), ("a.mov", "yuva444p10le"), ("frame-%03d.png", "rgba")]
)
def test_opacity_is_kept_where_the_output_has_a_place_for_it(name: str, pixels: str) -> None:
    encoding = choose_encoding(name, is_transparent=True)
    assert encoding.form == "rgba"
    assert any(pixels in part for part in encoding.filters)


def test_prores_becomes_4444_for_opacity_only() -> None:
    assert option(choose_encoding("a.mov", codec="prores").video, "-profile:v") == "standard"
    assert option(choose_encoding("a.mov", is_transparent=True).video, "-profile:v") == "4444"


def test_every_yuv_output_is_tagged() -> None:
    for name, codec in (("a.mkv", codec) for codec in CODECS):
        filters = choose_encoding(name, codec=codec).filters
        assert filters[0].startswith("setparams=range=tv:colorspace=bt709")


@pytest.mark.parametrize(
    ("name", "codec", "is_transparent", "code"),
    [
        ("a.avi", None, False, "output_format_unknown"),
        ("a.webm", "h264", False, "codec_not_in_container"),
        ("a.mp4", None, True, "transparency_not_possible"),
        ("one.png", None, False, "output_not_numbered"),
    ],
)
def test_what_cannot_be_written_is_refused(name: str, codec: str | None, is_transparent: bool, code: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        choose_encoding(name, codec=codec, is_transparent=is_transparent)
    assert caught.value.code == code
    assert caught.value.hint
