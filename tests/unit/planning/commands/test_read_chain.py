"""Chains as callers write them: names of outputs, and options that FFmpeg no longer has."""

# ruff: noqa: RUF001  (a typographic dash is part of a test)

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.command.parse_commands import parse_commands
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.planning.commands.read_chain import Chain, read_chain

INPUTS = {"in_1": object()}


def read(commands: Any, *outputs: str) -> Chain:
    return read_chain(parse_commands(commands), outputs, INPUTS, option_policy=True)


def files_of(chain: Chain) -> list[str]:
    return [group.url for command in chain.commands for group in command.line.groups]


@pytest.mark.parametrize(
    ("commands", "outputs", "files"),
    [
        ("-i a {{out_1}}.mp4", (), ["a", "out_1.mp4"]),
        ("-i a <<out_1>>.mp4", (), ["a", "out_1.mp4"]),
        ("-i a {{out_1}}", ("x.mp4",), ["a", "x.mp4"]),
        ("-i a {{out_1}} {{out_2}}", ("x.mp4", "y.mp3"), ["a", "x.mp4", "y.mp3"]),
        ("-i a {{out_1}}.mp4", ("x.mp4",), ["a", "x.mp4"]),
        ("-i a {{out_1}}.mp4", ("{{out_1}}.mp4",), ["a", "out_1.mp4"]),
        ("-i a {{result}}_small.mp4", (), ["a", "result_small.mp4"]),
        ("-i a -f mp4 {{out_1}}", (), ["a", "out_1"]),
        ("-i a {{out_1}}.ts && -i {{out_1}}.ts b.mp4", (), ["a", "out_1.ts", "out_1.ts", "b.mp4"]),
    ],
)
def test_placeholders_of_outputs(commands: str, outputs: tuple[str, ...], files: list[str]) -> None:
    chain = read(commands, *outputs)
    assert files_of(chain) == files


def test_a_placeholder_that_was_read_as_a_name_is_noted() -> None:
    assert "name outputs directly" in read("-i a {{out_1}}.mp4").warnings[0]


@pytest.mark.parametrize(
    ("command", "hint"),
    [("-i a {{out_1}}", '"output": ["out_1.mp4"]'), ("-i {{in_1}} {{in_1}}.mp4", '"in_1_new.mp4"')],
)
def test_an_output_without_a_name_is_refused(command: str, hint: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        read(command)
    assert caught.value.code == "invalid_name"
    assert hint in (caught.value.hint or "")


def test_an_unknown_input_stays_unknown() -> None:
    with pytest.raises(InvalidJob) as caught:
        read("-i {{in_2}} b.mp4")
    assert caught.value.code == "unknown_input"


@pytest.mark.parametrize(
    ("commands", "outputs"),
    [
        ("-i a b.mp4", ("c.mp4",)),
        ("-i a b.mp4", ("b.mp4", "c.mp4")),
        ("-i a b.mp4 && -i b.mp4 c.mp3", ("d.mp3",)),
        ("-i a out/b.mp4", ("b.mp4",)),
        ("-i a -f null -", ("b.mp4",)),
    ],
)
def test_an_output_that_no_command_writes_is_refused(commands: str, outputs: tuple[str, ...]) -> None:
    with pytest.raises(InvalidJob) as caught:
        read(commands, *outputs)
    assert caught.value.code == "output_not_written"
    assert caught.value.where["output"] == outputs[-1]


@pytest.mark.parametrize(
    ("commands", "outputs", "files"),
    [
        ("-i a -crf 20", ("b.mp4",), ["a", "b.mp4"]),
        ("-i a b.mp4 -vn", ("b.mp4", "c.mp3"), ["a", "b.mp4", "c.mp3"]),
        ("-i a ./b.mp4", ("b.mp4",), ["a", "./b.mp4"]),
        ("-i a b.mp4 && -i b.mp4 c.mp3", ("b.mp4", "c.mp3"), ["a", "b.mp4", "b.mp4", "c.mp3"]),
        ("-i a -f segment p%d.ts", ("p0.ts",), ["a", "p%d.ts"]),
        ("-i a -f hls l.m3u8", ("l.m3u8", "l0.ts"), ["a", "l.m3u8"]),
    ],
)
def test_outputs_that_are_written_or_appended(commands: str, outputs: tuple[str, ...], files: list[str]) -> None:
    assert files_of(read(commands, *outputs)) == files


def test_a_removed_option_is_named_with_its_command() -> None:
    with pytest.raises(InvalidJob) as caught:
        read("-i a b.mp4 && -i b.mp4 -deinterlace c.mp4")
    assert caught.value.where == {"argument": "-deinterlace", "command": 1}


def test_replaced_options_and_repairs_are_warnings() -> None:
    assert read("sudo ffmpeg -i a –vsync vfr b.mp4").warnings == (
        "Typographic quotation marks, dashes or blanks of the command were read as plain ones.",
        "The words before ffmpeg were left out: ffmpeg itself runs, and no shell.",
        'FFmpeg no longer has the option "-vsync"; "-fps_mode" was used instead.',
    )
