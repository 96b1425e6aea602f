"""Every spelling of `chainCmds` means the same command."""

from __future__ import annotations

import re

import pytest

from ffmpeg_worker.command.parse_commands import parse_commands

COMMAND = ("-i", "a.mp4", "-crf", "23", "b.mp4")


@pytest.mark.parametrize(
    "spelling",
    [
        ["ffmpeg", "-i", "a.mp4", "-crf", "23", "b.mp4"],
        ["-i", "a.mp4", "-crf", "23", "b.mp4"],
        ["-i a.mp4", "-crf 23", "b.mp4"],
        ["ffmpeg", "-i a.mp4", "-crf 23", "b.mp4"],
        "ffmpeg -i a.mp4 -crf 23 b.mp4",
        "-i a.mp4 -crf 23 b.mp4",
        ["ffmpeg -i a.mp4 -crf 23 b.mp4"],
        [["ffmpeg", "-i", "a.mp4", "-crf", "23", "b.mp4"]],
        [["-i a.mp4", "-crf 23", "b.mp4"]],
        ["-i 'a.mp4'", '-crf "23"', "b.mp4"],
    ],
)
def test_one_command(spelling: object) -> None:
    assert parse_commands(spelling) == (COMMAND,)


@pytest.mark.parametrize(
    "spelling",
    [
        [["ffmpeg", "-i", "a", "b"], ["ffmpeg", "-i", "b", "c"]],
        ["ffmpeg", "-i", "a", "b", "&&", "ffmpeg", "-i", "b", "c"],
        ["-i a", "b", "&&", "-i b", "c"],
        "ffmpeg -i a b && ffmpeg -i b c",
    ],
)
def test_chain(spelling: object) -> None:
    assert parse_commands(spelling) == (("-i", "a", "b"), ("-i", "b", "c"))


@pytest.mark.parametrize(
    ("elements", "tokens"),
    [
        (["-vf drawtext=text='a b':x=1", "o.mp4"], ("-vf", "drawtext=text='a b':x=1", "o.mp4")),
        (["-y -i in.mp4", "o.mp4"], ("-y", "-i", "in.mp4", "o.mp4")),
        (["-an -y", "o.mp4"], ("-an", "-y", "o.mp4")),
        (["-i", "my film.mp4", "my other film.mp4"], ("-i", "my film.mp4", "my other film.mp4")),
        (["-metadata title=-5 degrees", "o.mp4"], ("-metadata", "title=-5 degrees", "o.mp4")),
        (["-i my film.mp4", "o.mp4"], ("-i", "my film.mp4", "o.mp4")),
    ],
)
def test_option_with_its_value_in_one_element(elements: list[str], tokens: tuple[str, ...]) -> None:
    assert parse_commands(elements) == (tokens,)


def test_a_string_is_split_as_a_shell_would() -> None:
    assert parse_commands("""-i "my film.mp4" -vf 'scale=1:2,format=gray' o\\ 1.mp4""") == (
        ("-i", "my film.mp4", "-vf", "scale=1:2,format=gray", "o 1.mp4"),
    )


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("-i 'a.mp4 b.mp4", "unclosed"),
        ("-i a.mp4 b.mp4 ; rm x", '";"'),
        ("-i a.mp4 - | cat", '"|"'),
        ("", "empty"),
        ([], "empty"),
        (["ffmpeg"], "empty"),
        (["-i", "a", "&&"], "command 1"),
        (5, "list of strings"),
        ([["a"], "b"], "list of strings"),
        ([1, 2], "list of strings"),
        (None, "list of strings"),
        (["a"] * 3000, "3000 arguments"),
        ([["a"]] * 40, "40 commands"),
    ],
)
def test_refused(value: object, word: str) -> None:
    with pytest.raises(ValueError, match=re.escape(word)):
        parse_commands(value)


def test_any_number_of_flags_in_one_element() -> None:
    assert parse_commands(["-y " * 2000 + "-i a.mp4", "o.mp4"]) == (("-y",) * 2000 + ("-i", "a.mp4", "o.mp4"),)
