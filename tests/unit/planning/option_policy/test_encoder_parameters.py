"""Parameters of encoder libraries."""

from __future__ import annotations

import pytest

from ffmpeg_worker.planning.option_policy.encoder_parameters import find_refused_keys


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("x264-params", "keyint=30:no-cabac=1:min_keyint=2:"),
        ("x264opts", "cqm=flat"),
        ("x265-params", "scaling-list=default:no-sao=1"),
        ("svtav1-params", "tune=0:film-grain=8"),
        ("kvazaar-params", "bitrate=5,amp=1"),
        ("x264-params", ""),
    ],
)
def test_accepted(option: str, value: str) -> None:
    assert list(find_refused_keys(option, value)) == []


@pytest.mark.parametrize(
    ("option", "value", "refused"),
    [
        ("x264-params", "keyint=30:stats=x:dump-yuv=y", ["stats", "dump-yuv"]),
        ("x264-params", "cqm=/etc/passwd", ["cqm"]),
        ("x264-params", r"st\ats=x", ["a quotation mark or backslash"]),
        ("x264-params", "'stats'=x", ["a quotation mark or backslash"]),
        ("x265-params", "scaling-list=a.txt", ["scaling-list"]),
        # Only x264 and x265 treat underscores as dashes and know the prefix "no-" for all keys.
        ("svtav1-params", "film_grain=8", ["film_grain"]),
        ("kvazaar-params", "bitrate=5:amp=1,cqmfile=x", ["cqmfile"]),
    ],
)
def test_refused(option: str, value: str, refused: list[str]) -> None:
    assert list(find_refused_keys(option, value)) == refused
