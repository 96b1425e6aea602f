"""Suggestions for misspelled names."""

from __future__ import annotations

from pathlib import Path

import pytest

import ffmpeg_worker
from ffmpeg_worker.suggestions import did_you_mean, find_nearest


@pytest.mark.parametrize(
    ("name", "known", "nearest"),
    [
        ("outptu", ["output", "input"], "output"),
        ("PROCES", ["process", "probe"], "process"),
        ("fooBar", ["FOOBAZ", "other"], "FOOBAZ"),
        ("libx2645", ["libx265", "libx264"], "libx264"),
        ("x", ["output", "input"], None),
        ("", ["output"], None),
        ("output", [], None),
    ],
)
def test_the_nearest_name(name: str, known: list[str], nearest: str | None) -> None:
    assert find_nearest(name, known) == nearest


def test_the_longest_common_beginning_decides_between_equally_similar_names() -> None:
    assert find_nearest("libx26", ["xlibx2", "libx27"]) == "libx27"
    assert find_nearest("ab", ["cab", "abc"]) == "abc"


def test_a_lower_cutoff_accepts_less_similar_names() -> None:
    assert find_nearest("clip", ["video clip"], cutoff=0.9) is None
    assert find_nearest("clip", ["video clip"], cutoff=0.4) == "video clip"


def test_the_question_is_asked_only_when_there_is_a_name() -> None:
    assert did_you_mean("hwidth", ["width", "height"]) == 'Did you mean "width"?'
    assert did_you_mean("q", ["width", "height"]) is None


def test_names_are_compared_in_this_module_only() -> None:
    source = Path(ffmpeg_worker.__file__).parent
    files = source.rglob("*.py")
    assert [path.name for path in files if "difflib" in path.read_text(encoding="utf-8")] == ["suggestions.py"]
