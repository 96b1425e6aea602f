"""The argument that a diagnosis is about."""

from __future__ import annotations

import pytest

from ffmpeg_worker.ffmpeg.diagnosis.locate_argument import locate_argument

COMMAND = (
    "-ss 1 -i file:a.mp4 -i b.mp4 -filter_complex [0:v]scale=2[v] -map [v] -map 1:a -c:v libx264 -b:a 1k o.mp4"
)
ARGUMENTS = COMMAND.split()


@pytest.mark.parametrize(
    ("found", "options", "argument"),
    [
        ({"filter": "scale"}, (), "-filter_complex"),
        ({"filter": "crop"}, (), "-filter_complex"),
        ({"option": "c"}, (), "-c:v"),
        ({"option": "crf"}, (), "-crf"),
        ({"index": "1"}, (), "-map"),
        ({"value": "libx264"}, (), "-c:v"),
        ({"stream": "v"}, (), "-map"),
        ({"file": "a.mp4"}, (), "-i"),
        ({}, ("-q", "-b"), "-b:a"),
        ({"encoder": "libx264"}, (), "-c:v"),
        ({"input": "elsewhere.mp4"}, (), "-i"),
        ({"value": "nothing"}, (), None),
        ({}, ("-q",), None),
    ],
)
def test_the_option_as_it_is_written(
    found: dict[str, str], options: tuple[str, ...], argument: str | None
) -> None:
    assert locate_argument(ARGUMENTS, found, options) == argument


def test_a_filter_in_an_input_is_found_there() -> None:
    assert locate_argument(["-f", "lavfi", "-i", "testsrc=x=1", "o.mp4"], {"filter": "testsrc"}) == "-i"


@pytest.mark.parametrize(("command", "argument"), [("-map 1", "-map"), ("-ss 1 -lavfi [a][1:v]null", "-lavfi")])
def test_the_index_of_an_input(command: str, argument: str) -> None:
    assert locate_argument(["-i", "a.mp4", *command.split()], {"index": "1"}) == argument


def test_without_a_command_there_is_nothing_to_point_to() -> None:
    assert locate_argument([], {"filter": "scale", "encoder": "x"}, ("-vf",)) is None
