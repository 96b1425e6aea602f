"""What to expect of a chain, from the media of its inputs and from what FFmpeg wrote."""

from __future__ import annotations

import pytest

from ffmpeg_worker.errors import NothingSelected
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.job.written_outputs import WrittenOutput, WrittenStream
from ffmpeg_worker.planning.expectations import (
    Expectations,
    expect,
    expect_without_media,
    explain_nothing_selected,
    find_empty_input,
)
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.step_result import StepResult
from support.jobs.plans import plan_job

VIDEO = WrittenOutput((WrittenStream("video", (0, 0)),))
EMPTY = WrittenOutput((WrittenStream("video", (0, 0)),), is_empty=True)


def media(seconds: float) -> MediaInfo:
    return MediaInfo("mov,mp4", (StreamInfo("video", duration_s=seconds, frames=99),), seconds)


def lane_of(command: str) -> Lane:
    (lane,) = plan_job({"action": "process", "data": {"chainCmds": command}}).lanes
    return lane


@pytest.mark.parametrize(
    ("command", "command_s", "promised_s"),
    [
        ("-i a.mp4 b.mp4", (10.0,), {"b.mp4": 10.0}),
        ("-ss 2 -i a.mp4 -t 3 b.mp4", (3.0,), {"b.mp4": 3.0}),
        ("-i a.mp4 b.mp4 && -i b.mp4 -t 4 c.mp4", (10.0, 4.0), {"b.mp4": 10.0, "c.mp4": 4.0}),
        ("-i a.mp4 -vf setpts=2*PTS b.mp4", (10.0,), {}),
        ("-i a.mp4 f%d.png", (10.0,), {}),
        ("-i a.mp4 -hls_list_size 0 x.m3u8", (10.0,), {"x.m3u8": 10.0}),
        ("-i a.mp4 x.m3u8", (10.0,), {}),
        ("-i a.mp4 -f null -", (10.0,), {}),
        ("-i unknown.mp4 b.mp4", (None,), {}),
    ],
)
def test_lengths_of_commands_and_outputs(
    command: str, command_s: tuple[float | None, ...], promised_s: dict[str, float]
) -> None:
    expected = expect(lane_of(command), {"a.mp4": media(10.0)}, [[VIDEO], [VIDEO]])
    assert expected.command_s == command_s
    assert {name: promise.length_s for name, promise in expected.promised.items()} == promised_s


def test_before_it_has_run_nothing_is_promised() -> None:
    assert expect(lane_of("-i a.mp4 b.mp4"), {"a.mp4": media(10.0)}) == Expectations((10.0,))


def test_without_facts_nothing_is_promised() -> None:
    expected = expect(lane_of("-i a.mp4 b.mp4"), {}, [[VIDEO]])
    assert (expected.command_s, expected.promised, expected.written) == ((None,), {}, {"b.mp4": VIDEO})


def test_the_log_bounds_what_can_be_promised() -> None:
    result = StepResult(outputs=(VIDEO,), input_lengths=(4.0, 10.0))
    found = expect_without_media(lane_of("-i a.mp4 -i c.mp4 b.mp4"), [result])
    assert found is not None
    assert found.at_most_s == pytest.approx(10.01)
    assert (found.promised, found.written) == ({}, {"b.mp4": VIDEO})


@pytest.mark.parametrize(
    ("command", "results"),
    [
        ("-i a.mp4 b.mp4", [StepResult(outputs=(VIDEO,), input_lengths=(None,))]),
        ("-i a.mp4 b.mp4", [StepResult(outputs=(VIDEO,))]),
        ("-i a.mp4 b.mp4", [StepResult(outputs=(WrittenOutput(is_empty=True),), input_lengths=(10.0,))]),
        ("-f lavfi -i testsrc b.mp4", [StepResult(outputs=(VIDEO,), input_lengths=(10.0,))]),
        ("-i a.mp4 b.mp4 && -i b.mp4 c.mp4", [StepResult(outputs=(VIDEO,), input_lengths=(10.0,))] * 2),
    ],
)
def test_where_the_log_is_not_enough_the_media_are_needed(command: str, results: list[StepResult]) -> None:
    assert expect_without_media(lane_of(command), results) is None


def test_a_lane_that_is_not_the_callers_expects_nothing_here() -> None:
    assert expect(Lane(()), {"a.mp4": media(10.0)}) == Expectations()


def test_commands_beyond_the_chain_have_no_estimate() -> None:
    assert Expectations((1.0,)).estimate(0) == 1.0
    assert Expectations((1.0,)).estimate(1) is None


def test_cover_art_that_became_a_video_beside_sound_is_noticed() -> None:
    covered = MediaInfo("mov", (StreamInfo("audio", duration_s=9.0), StreamInfo("video", is_cover=True)), 9.0)
    both = WrittenOutput((WrittenStream("video", (0, 1)), WrittenStream("audio", (0, 0))))
    alone = WrittenOutput((WrittenStream("video", (0, 1)),))
    lane = lane_of("-i a.m4a x.m3u8")
    assert expect(lane, {"a.m4a": covered}, [[both]]).covers == {"x.m3u8"}
    assert expect(lane, {"a.m4a": covered}, [[alone]]).covers == frozenset()


def test_empty_outputs_are_explained() -> None:
    lane = lane_of("-i a.mp4 b.mp4 && -ss 60 -i a.mp4 c.mp4")
    ((command, empty),) = expect(lane, {"a.mp4": media(10.0)}, [[VIDEO], [EMPTY]]).empty
    assert (command, empty.names, empty.argument) == (1, ("c.mp4",), "-ss")


def test_a_command_that_reads_an_empty_output_fails_because_of_it() -> None:
    chain = lane_of("-i a.mp4 b.mp4 && -ss 60 -i a.mp4 c.mp4 && -i c.mp4 d.mp4").chain
    assert chain is not None
    assert find_empty_input(chain, 2, [[VIDEO], [EMPTY]]) == (1, 0)
    assert find_empty_input(chain, 2, [[EMPTY], [VIDEO]]) is None


def test_an_error_gets_the_name_of_its_output_and_the_option() -> None:
    error = NothingSelected("x", where={"command": 0, "output": 0}, stderr="log")
    explained = explain_nothing_selected(lane_of("-ss 60 -i a.mp4 b.jpg"), {"a.mp4": media(10.0)}, error)
    assert explained.where == {"command": 0, "output": "b.jpg", "argument": "-ss"}
    assert explained.stderr == "log"
    assert "10.00 s" in (explained.hint or "")


@pytest.mark.parametrize("where", [{}, {"command": 5, "output": 0}, {"command": 0, "output": 9}])
def test_an_error_without_a_place_stays_as_it_is(where: dict[str, str | int]) -> None:
    error = NothingSelected("x", where=where)
    assert explain_nothing_selected(lane_of("-i a.mp4 b.jpg"), {}, error) is error
