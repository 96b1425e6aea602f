"""Reasons why an output is empty: the option that is responsible, and the length of the input."""

from __future__ import annotations

import pytest

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.job.written_outputs import WrittenOutput, WrittenStream
from ffmpeg_worker.planning.commands.nothing_selected import EmptyOutput, explain_empty_output
from support.jobs.plans import plan_job

STREAMS = (StreamInfo("video", duration_s=10.0), StreamInfo("audio", duration_s=2.0))
CLIP = MediaInfo("mov,mp4", STREAMS, 10.0)
BOTH = WrittenOutput((WrittenStream("video", (0, 0)), WrittenStream("audio", (0, 1))))
SOUND = WrittenOutput((WrittenStream("audio", (0, 1)),))


def explain(
    command: str, written: WrittenOutput | None = BOTH, media: MediaInfo | None = CLIP, number: int = 0
) -> EmptyOutput:
    (lane,) = plan_job({"action": "process", "data": {"chainCmds": command}}).lanes
    assert lane.chain is not None
    read = lane.chain.commands[0]
    return explain_empty_output(read, number, [media for _ in read.inputs], written)


@pytest.mark.parametrize(
    ("command", "argument", "words"),
    [
        ("-ss 60 -i a.mp4 o.jpg", "-ss", '"-ss 60" is past the end: "a.mp4" lasts 10.00 s.'),
        ("-i a.mp4 -ss 00:01:00 o.mp4", "-ss", '"-ss 00:01:00" is past the end: "a.mp4" lasts 10.00 s.'),
        ("-ss 6 -i a.mp4 -ss 6 o.mp4", "-ss", '"-ss 6" is past the end'),
        ("-ss 9.99 -i a.mp4 o.png", "-ss", "past the end"),
        ("-i a.mp4 -t 0 o.mp4", "-t", '"-t 0" selects nothing: raise it. "a.mp4" lasts 10.00 s.'),
        ("-i a.mp4 -frames:v 0 o.png", "-frames:v", '"-frames:v 0" selects nothing'),
        ("-i a.mp4 -vf fps=1/60 o%d.jpg", "-vf", 'The filter "fps" in -vf let no frame pass'),
        ("-i a.mp4 -filter:v select=0 o.mp4", "-filter:v", '"select"'),
        ("-i a.mp4 -vf scale=8:8,trim=20:30 o.mp4", "-vf", '"trim"'),
        ("-i a.mp4 -filter_complex [0:v]select=0[v] -map [v] o.mp4", "-filter_complex", '"select"'),
        ("-skip_frame nokey -i a.mp4 -t 3 o.mp4", "-skip_frame", '"-skip_frame nokey" left nothing over'),
        ("-i a.mp4 -ss 2 -t 1 -c copy o.mp4", "-ss", "put -ss before -i"),
        ("-copyts -ss 5 -i a.mp4 -t 2 o.mp4", "-copyts", "With -copyts"),
        ("-i a.mp4 -t 0.001 o.mp4", "-t", '"-t 0.001" selects no frame'),
        ("-i a.mp4 o.mp4", None, "Check what the command selects"),
    ],
)
def test_the_hint_names_the_option_and_the_length(command: str, argument: str | None, words: str) -> None:
    found = explain(command)
    assert found.argument == argument
    assert words in found.hint
    assert "10.00 s" in found.hint


def test_the_end_of_the_streams_that_are_used_counts() -> None:
    found = explain("-ss 5 -i a.mp4 -vn o.mp3", SOUND)
    assert found.hint == '"-ss 5" is past the end: the sound of "a.mp4" ends after 2.00 s.'
    assert explain("-ss 5 -i a.mp4 -vf select=0 o.mp4", BOTH).argument == "-vf"


def test_nothing_is_invented_about_unknown_inputs() -> None:
    found = explain("-ss 60 -i a.mp4 o.jpg", media=None)
    assert (found.argument, found.hint) == (
        "-ss",
        '"-ss 60" selects no frame: choose a longer or another range.',
    )


def test_an_address_is_shown_without_its_signature() -> None:
    command = "-ss 60 -i https://ada:canary@example.com/a.mp4?sig=canary o.jpg"
    assert "canary" not in explain(command).hint


def test_the_error_names_the_place_and_the_caller_must_act() -> None:
    error = explain("-ss 60 -i a.mp4 out/o.jpg").as_error(3)
    assert (error.code, error.fault) == ("nothing_selected", Fault.CALLER)
    assert error.where == {"command": 3, "output": "out/o.jpg", "argument": "-ss"}


@pytest.mark.parametrize(
    ("command", "is_choice"),
    [
        ("-i a.mp4 -vf select=eq(n\\\\,9) -f null -", True),
        ("-i a.mp4 -f null -", True),
        ("-ss 60 -i a.mp4 -vf select=0 -f null -", False),
        ("-i a.mp4 -t 0 -f null -", False),
    ],
)
def test_a_filter_may_pass_nothing_on_purpose(command: str, is_choice: bool) -> None:
    found = explain(command)
    assert (found.names, found.is_choice) == ((), is_choice)


def test_all_files_of_a_tee_are_named() -> None:
    found = explain("-ss 60 -i a.mp4 -map 0 -c copy -f tee [f=mp4]a1.mp4|b.ts")
    assert found.names == ("a1.mp4", "b.ts")
