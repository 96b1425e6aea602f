"""Reading an argument list the way ffmpeg does."""

from __future__ import annotations

import pytest

from ffmpeg_worker.command.command_line import FileGroup, Option, read_command_line
from ffmpeg_worker.errors import InvalidJob


def test_options_belong_to_the_file_after_them() -> None:
    line = read_command_line(
        [
            "-y",
            "-ss",
            "5",
            "-i",
            "a.mp4",
            "-i",
            "b.mp3",
            "-map",
            "0:v",
            "-an",
            "x.mp4",
            "-vn",
            "y.mp3",
            "-shortest",
        ]
    )
    assert line.groups == (
        FileGroup(True, "a.mp4", (Option("-y"), Option("-ss", "5"))),
        FileGroup(True, "b.mp3"),
        FileGroup(False, "x.mp4", (Option("-map", "0:v"), Option("-an"))),
        FileGroup(False, "y.mp3", (Option("-vn"),)),
    )
    assert line.trailing == (Option("-shortest"),)


def test_stream_specifiers_and_the_last_one_wins() -> None:
    (output,) = read_command_line(["-c:v:0", "libx264", "-codec:a", "aac", "-c:v", "copy", "o.mp4"]).outputs
    assert output.value_of("c") == "copy"
    assert output.value_of("codec") == "aac"
    assert output.value_of("crf") is None


def test_standard_output_is_a_file_and_negative_values_are_values() -> None:
    line = read_command_line(["-itsoffset", "-0.5", "-i", "a", "-f", "null", "-"])
    assert line.inputs[0].value_of("itsoffset") == "-0.5"
    assert line.outputs[0].url == "-"


@pytest.mark.parametrize("tokens", [["-i"], ["-i", "a", "-crf"]])
def test_a_value_that_is_missing(tokens: list[str]) -> None:
    with pytest.raises(InvalidJob) as caught:
        read_command_line(tokens)
    assert caught.value.code == "option_value_missing"
    assert caught.value.where == {"argument": tokens[-1]}


def test_trailing_options_belong_to_an_output_that_is_appended() -> None:
    line = read_command_line(["-i", "a", "-crf", "23"]).with_outputs(["b.mp4"])
    assert line.outputs == (FileGroup(False, "b.mp4", (Option("-crf", "23"),)),)
    assert line.trailing == ()
