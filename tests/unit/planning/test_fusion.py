"""Processes that share a decode; golden_plans.json has whole fused command lines."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.planning.plan import Plan
from support.jobs.plans import plan_job


def plan(*commands: str, **data: Any) -> Plan:
    processes = [{"chainCmds": command} for command in commands]
    return plan_job({"action": "multi_process", "data": {"processes": processes, **data}})


def test_equal_inputs_are_read_once_and_every_output_is_written() -> None:
    (fusion,) = plan("-ss 1 -i a.mp4 -s 64x64 b.mp4", "-i a.mp4 c.mp4", "-y -ss 1 -i a.mp4 d.mp3").fusions
    assert fusion.members == (0, 2)
    arguments = fusion.step.invocation.arguments
    assert arguments.count("-i") == 1
    assert [one for one in arguments if one in {"file:b.mp4", "file:c.mp4", "file:d.mp3"}] == [
        "file:b.mp4",
        "file:d.mp3",
    ]


@pytest.mark.parametrize(
    "command",
    [
        "-i other.mp4 c.mp4",
        "-ss 1 -i a.mp4 c.mp4",  # another part of the input
        "-i a.mp4 x.ts && -i x.ts c.mp4",
        "-i a.mp4 -copyts c.mp4",  # would change the other output too
        "-i a.mp4 -filter_complex null c.mp4",
        "-i a.mp4 c.mp4 -an",  # options after the last output
    ],
)
def test_other_commands_run_apart(command: str) -> None:
    assert plan("-i a.mp4 b.mp4", command).fusions == ()


def test_jobs_can_turn_fusion_off() -> None:
    assert plan("-i a.mp4 b.mp4", "-i a.mp4 c.mp4", fuse=False).fusions == ()
