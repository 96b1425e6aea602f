"""Splitting text that uses FFmpeg's quoting."""

from __future__ import annotations

import pytest

from ffmpeg_worker.command.escapes import split_escaped


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a,b , c", ["a", "b", "c"]),
        ("'a,b',c", ["a,b", "c"]),
        (r"a\,b,c", ["a,b", "c"]),
        (r"'a\',b", ["a\\", "b"]),
        ("a,,", ["a", "", ""]),
        ("'never closed,b", ["never closed,b"]),
        ("", [""]),
        ("a\\", ["a"]),
    ],
)
def test_split(text: str, parts: list[str]) -> None:
    assert list(split_escaped(text, ",")) == parts


def test_every_separator_splits() -> None:
    assert list(split_escaped("a|b:c", "|:")) == ["a", "b", "c"]
