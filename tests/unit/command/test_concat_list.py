"""File names in lists for FFmpeg's concat demuxer."""

from __future__ import annotations

import pytest

from ffmpeg_worker.command.concat_list import describe_problem, read_entries, rename_entries

LIST = """ffconcat version 1.0
file 'my clip.mp4'
duration 2
  file plain.mp4  # a comment
file a\\ b.mp4
# file ignored.mp4
file 'open
"""


def names(text: str) -> list[str]:
    return [entry.name for entry in read_entries(text)]


def test_names_are_read_without_quotation_marks() -> None:
    assert names(LIST) == ["my clip.mp4", "plain.mp4", "a b.mp4", "'open"]


def test_an_entry_knows_its_line() -> None:
    assert [entry.line for entry in read_entries(LIST)] == [2, 4, 5, 7]


def test_only_known_names_are_replaced() -> None:
    renamed = rename_entries(LIST, {"my clip.mp4": "0.mp4", "a b.mp4": "it's.mp4"})
    assert names(renamed) == ["0.mp4", "plain.mp4", "it's.mp4", "'open"]
    assert "duration 2\n" in renamed
    assert "# file ignored.mp4\n" in renamed


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("a.mp4", None),
        ("../clips/ä 1.mp4", None),
        ("https://host/" + "q" * 1000, None),
        ("", "names no file"),
        ("clips/", "names no file"),
        ("a\udcff.mp4", "is not UTF-8"),
        ("a\0.mp4", "contains a control character"),
        ("x" * 256, "has a name longer than a file may have"),
        ("ä" * 200, "has a name longer than a file may have"),
        ("https://host/" + "q" * 5000, "has a name longer than a file may have"),
    ],
)
def test_names_that_no_file_can_have(name: str, problem: str | None) -> None:
    assert describe_problem(name) == problem
