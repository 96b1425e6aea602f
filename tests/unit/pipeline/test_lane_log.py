"""What commands log, on its way to the job's sink: bounded, in time, and in the caller's words."""

from __future__ import annotations

import asyncio

import pytest

from ffmpeg_worker.budgets import LOG_CHUNK_BYTES
from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.job.command_log import LogChunk, ignore_log
from ffmpeg_worker.logs import redact_var
from ffmpeg_worker.pipeline import lane_log as module
from ffmpeg_worker.pipeline.lane_log import LaneLog
from ffmpeg_worker.planning.option_policy.command_limits import media_input_options
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.steps import FfmpegStep
from support.jobs.plans import MACHINE, plan_job
from support.wait_until import until_async

LIMITS = media_input_options(MACHINE)
STEP = FfmpegStep(Invocation((*LIMITS, "-i", "file:_in/0.bin", "o.mp4")), command=1)


def reword(text: str) -> str:
    redact = redact_var.get()
    plain = text.replace("_in/0.bin", "holiday.mp4")
    return plain if redact is None else redact(plain)


async def test_the_command_line_comes_first_and_the_rest_at_the_end() -> None:
    chunks: list[LogChunk] = []
    with LaneLog(chunks.append, [(3, Lane(()))]).open_run(STEP, reword) as add:
        assert add is not None
        assert chunks == [LogChunk(3, 1, "$ ffmpeg -i file:holiday.mp4 o.mp4\n")]
        add("[info] Input #0, mov, from 'file:_in/0.bin':")
        add("[info] frame=   25 fps=0.0 q=-1.0 Lsize=      10KiB time=00:00:00.92 bitrate=  97.0kbits/s speed=11x")
        add("[info] size=      10KiB time=00:00:00.92 bitrate=  97.0kbits/s speed=11x")
        add("[mp4 @ 0x55d0c8] [warning] late https://u:p@example.org/?token=abc")
    assert chunks[1:] == [
        LogChunk(
            3,
            1,
            "Input #0, mov, from 'file:holiday.mp4':\n[mp4] late https://REDACTED@example.org/?token=REDACTED\n",
        )
    ]


async def test_a_run_can_be_followed_and_secrets_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE_S", 0.01)
    chunks: list[LogChunk] = []
    token = redact_var.set(lambda text: text.replace("canary", "REDACTED"))
    with LaneLog(chunks.append, [(0, Lane(()))]).open_run(STEP, reword) as add:
        assert add is not None
        redact_var.reset(token)  # lines come from the reader of a pipe, which knows no job
        add("[info] one canary")
        add("[info] two")
        await until_async(lambda: len(chunks) == 2)
        assert chunks[1].text == "one REDACTED\ntwo\n"
        add("[info] three")
        await until_async(lambda: len(chunks) == 3)
    assert [chunk.text for chunk in chunks[2:]] == ["three\n"]


async def test_a_flood_is_cut_in_its_middle() -> None:
    chunks: list[LogChunk] = []
    with LaneLog(chunks.append, [(0, Lane(()))]).open_run(STEP, reword) as add:
        assert add is not None
        for number in range(20_000):
            add(f"[info] line {number}")
        add("[info] " + "x" * 4089)
    _, flood = chunks
    lines = flood.text.splitlines()
    assert len(flood.text) <= LOG_CHUNK_BYTES + 100
    assert lines[0] == "line 0"
    assert lines[-1] == "x" * 4089 + "…"
    assert [line for line in lines if "lines left out" in line] == [
        f"[… {20_001 - len(lines) + 1} lines left out …]"
    ]


async def test_fused_lanes_see_their_own_commands_as_they_were_written() -> None:
    commands = ["-i 'my clip.mp4' -vf scale=64:-2 a.mp4", "-i 'my clip.mp4' b.mp4"]
    plan = plan_job({"action": "multi_process", "data": {"processes": [{"chainCmds": one} for one in commands]}})
    step = FfmpegStep(Invocation(("-i", "file:_in/0.bin", "a.mp4", "b.mp4")))
    chunks: list[LogChunk] = []
    with LaneLog(chunks.append, [*enumerate(plan.lanes)]).open_run(step, reword) as add:
        assert add is not None
        add("[info] Output #0")
    assert chunks == [
        LogChunk(0, 0, "$ ffmpeg -i 'my clip.mp4' -vf scale=64:-2 a.mp4\n"),
        LogChunk(1, 0, "$ ffmpeg -i 'my clip.mp4' b.mp4\n"),
        LogChunk(0, 0, "Output #0\n"),
        LogChunk(1, 0, "Output #0\n"),
    ]


async def test_long_commands_are_cut_after_secrets_were_removed() -> None:
    token = redact_var.set(lambda text: text.replace("s" * 100, "REDACTED"))
    chunks: list[LogChunk] = []
    arguments = ("-vf", "x" * 8140 + "s" * 100 + "y" * 100_000)
    try:
        with LaneLog(chunks.append, [(0, Lane(()))]).open_run(FfmpegStep(Invocation(arguments)), reword):
            pass
    finally:
        redact_var.reset(token)
    (chunk,) = chunks
    assert len(chunk.text) < 8200
    assert "xREDACTEDy" in chunk.text
    assert chunk.text.endswith("y…\n")


async def test_a_sink_that_fails_does_not_fail_the_run() -> None:
    def fail(_chunk: LogChunk) -> None:
        raise OSError

    with LaneLog(fail, [(0, Lane(()))]).open_run(STEP, reword) as add:
        assert add is not None
        add("[info] line")
    await asyncio.sleep(0)


async def test_without_a_sink_nothing_is_collected() -> None:
    with LaneLog(ignore_log, [(0, Lane(()))]).open_run(STEP, reword) as add:
        assert add is None
