"""Suggestions of a build's names for unknown ones."""

from __future__ import annotations

import pytest

from ffmpeg_worker.ffmpeg.diagnosis.near_names import is_known, suggest_name

KNOWN = {"encoders": {"libx264": "video"}, "filters": ["scale"], "muxers": ["mp4"], "demuxers": ["rawvideo"]}


@pytest.mark.parametrize(
    ("kind", "found", "name"),
    [
        ("encoders", {"encoder": "libx246"}, "libx264"),
        ("filters", {"filter": "scal"}, "scale"),
        ("formats", {"format": "mp44"}, "mp4"),
        ("formats", {"format": "rawvide"}, "rawvideo"),
        ("options", {"option": "preste:v"}, "-preset:v"),
        ("options", {"option": "preset"}, None),
        ("decoders", {"decoder": "h264"}, None),
        ("encoders", {"encoder": "zzz"}, None),
        ("encoders", {}, None),
    ],
)
def test_the_nearest_name_as_it_is_written(kind: str, found: dict[str, str], name: str | None) -> None:
    assert suggest_name(kind, found, KNOWN) == name


def test_a_name_of_the_build_is_known() -> None:
    assert is_known("filters", {"filter": "scale"}, KNOWN)
    assert not is_known("filters", {"filter": "scal"}, KNOWN)
    assert not is_known("decoders", {"decoder": "h264"}, KNOWN)
    assert not is_known(None, {"filter": "scale"}, KNOWN)
