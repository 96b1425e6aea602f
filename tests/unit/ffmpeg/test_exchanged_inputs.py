"""Inputs that are read through tickets, and the log with their own names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from ffmpeg_worker.ffmpeg.exchanged_inputs import ExchangedInputs, WaitingInputs, tickets_for
from ffmpeg_worker.process.waiting_file import WaitingFile


@dataclass
class FakeFile:
    """A file that can be opened."""

    size: int

    def open_descriptor(self) -> int:
        return 7


A, B = cast(WaitingFile, FakeFile(1)), cast(WaitingFile, FakeFile(2))
INPUTS = WaitingInputs({"_in/a.mp4": A, "_in/b.mp4": B})
BLOCKS, LONG_BLOCKS = ("-blocksize", "262144"), ("-blocksize", "1048576")


def test_each_file_has_a_ticket() -> None:
    exchanged = ExchangedInputs(
        [
            "-ss",
            "1",
            "-i",
            "file:_in/a.mp4",
            "-i",
            "file:_in/c.mp4",
            "-i",
            "file:_in/b.mp4",
            "-i",
            "file:_in/a.mp4",
        ],
        INPUTS,
    )
    assert exchanged.arguments == [
        *("-ss", "1", "-fd", "336", *BLOCKS, "-i", "fd:"),
        *("-i", "file:_in/c.mp4"),
        *("-fd", "337", *BLOCKS, "-i", "fd:"),
        *("-fd", "336", *BLOCKS, "-i", "fd:"),
    ]
    assert [file.size for file in exchanged.files] == [1, 2]


def test_only_an_input_is_exchanged() -> None:
    arguments = ["-i", "file:_in/c.mp4", "-vf", "file:_in/a.mp4", "file:_in/b.mp4"]
    assert ExchangedInputs(arguments, INPUTS).arguments == arguments


def test_protocols_of_the_input_itself_are_limited_to_descriptors() -> None:
    protocols = ("-protocol_whitelist", "file,crypto,data")
    exchanged = ExchangedInputs(
        [*protocols, "-i", "x", *protocols, "-i", "file:_in/a.mp4", "-i", "file:_in/b.mp4"], INPUTS
    )
    assert exchanged.arguments == [
        *(*protocols, "-i", "x"),
        *("-protocol_whitelist", "fd", "-fd", "336", *LONG_BLOCKS, "-i", "fd:"),
        *("-fd", "337", *LONG_BLOCKS, "-i", "fd:"),
    ]


def test_the_log_has_the_names_of_the_inputs() -> None:
    exchanged = ExchangedInputs(["-i", "file:_in/a.mp4", "-i", "x", "-i", "file:_in/b.mp4"], INPUTS)
    lines = {
        "[info] Input #0, mov,mp4, from 'fd:':": "[info] Input #0, mov,mp4, from 'file:_in/a.mp4':",
        "[info] Input #2, mov,mp4, from 'fd:':": "[info] Input #2, mov,mp4, from 'file:_in/b.mp4':",
        "[in#2 @ 0x55] [error] Error opening input: no": "[in#2 @ 0x55] [error] Error opening input: no",
        "[error] Error opening input file fd:.": "[error] Error opening input file file:_in/b.mp4.",
        "[info] title: afd:x": "[info] title: afd:x",
    }
    assert {line: exchanged.restore_names(line) for line in lines} == lines


def test_a_list_may_read_descriptors() -> None:
    inputs = replace(INPUTS, lists=frozenset({"_in/l.txt"}))
    given = ("-f", "concat", "-protocol_whitelist", "file", "-safe", "0", "-i", "file:_in/l.txt")
    arguments = ExchangedInputs([*given, "-f", "concat", "-i", "_in/l.txt", "-i", "x"], inputs).arguments
    assert arguments == [
        *("-f", "concat", "-protocol_whitelist", "file,fd", "-safe", "0", "-i", "file:_in/l.txt"),
        *("-f", "concat", "-protocol_whitelist", "file,crypto,data,fd", "-i", "_in/l.txt", "-i", "x"),
    ]


def test_filters_open_tickets() -> None:
    arguments = [
        "-f",
        "lavfi",
        "-i",
        "movie=_in/b.mp4",
        "-vf",
        "movie=_in/a.mp4[m]",
        "-metadata",
        "x=movie=_in/a.mp4",
    ]
    movie = r"movie=filename=fd\\::format_opts=fd=%d\\:blocksize=1048576"
    exchanged = ExchangedInputs(arguments, INPUTS).arguments
    assert exchanged == [*arguments[:3], movie % 337, "-vf", f"{movie % 336}[m]", *arguments[6:]]


def test_the_log_has_the_name_of_the_entry_that_was_opened_last() -> None:
    exchanged = ExchangedInputs(["-i", "file:_in/a.mp4", "-i", "x"], INPUTS)
    for number, name in enumerate(("_in/a.mp4", "_in/b.mp4")):
        exchanged.files[number].open_descriptor()
        line = "[concat @ 0x5] [error] Impossible to open '%s'"
        assert exchanged.restore_names(line % "fd:") == line % name
    line = "[Parsed_movie_0 @ 0x5] [error] Failed to avformat_open_input '%s'"
    assert exchanged.restore_names(line % "fd:") == line % "_in/b.mp4"
    assert tickets_for(["a", "b"]) == {"a": 336, "b": 337}
