"""Lengths to expect from a chain, from the media of its inputs."""

from __future__ import annotations

import pytest

from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.expectations import Expectations, expect
from ffmpeg_worker.planning.plan import Lane
from support.jobs.plans import plan_job


def media(seconds: float) -> MediaInfo:
    return MediaInfo("mov,mp4", (StreamInfo("video", duration_s=seconds),), seconds)


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
    assert expect(lane_of(command), {"a.mp4": media(10.0)}) == Expectations(command_s, promised_s)


def test_without_facts_nothing_is_promised() -> None:
    assert expect(lane_of("-i a.mp4 b.mp4"), {}) == Expectations((None,), {})


def test_a_lane_that_is_not_the_callers_expects_nothing_here() -> None:
    assert expect(Lane(()), {"a.mp4": media(10.0)}) == Expectations()


def test_commands_beyond_the_chain_have_no_estimate() -> None:
    assert Expectations((1.0,)).estimate(0) == 1.0
    assert Expectations((1.0,)).estimate(1) is None
