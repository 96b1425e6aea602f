"""Runs of the real ffmpeg: reports, errors, timeouts and cancellation."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.errors import EngineError, EngineFailed, EngineKilled, EngineTimedOut, EngineUnavailable
from ffmpeg_worker.ffmpeg.capabilities import Capabilities
from ffmpeg_worker.ffmpeg.log_tail import strip_log_tags
from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.ffmpeg.run_ffmpeg import RunReport, run_ffmpeg
from ffmpeg_worker.ffmpeg.tools import Tools
from support.ffmpeg import embedded_capabilities, embedded_tools
from support.processes import alive, children_of, spawners
from support.wait_until import until_async

SHORT = ("-f", "lavfi", "-i", "testsrc=duration=2:size=64x64:rate=25")
# Runs in real time until it is stopped.
ENDLESS = ("-re", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=25", "-c:v", "mpeg4", "out.mkv")


@pytest.fixture(scope="module")
def capabilities() -> Capabilities:
    return embedded_capabilities()


@pytest.fixture
async def tools(capabilities: Capabilities) -> AsyncIterator[Tools]:
    async with embedded_tools(capabilities) as opened:
        yield opened


def replace_ffmpeg(tools: Tools, tmp_path: Path, code: str) -> Tools:
    """The tools with a Python program in place of ffmpeg."""
    program = tmp_path / "fake-ffmpeg"
    program.write_text(f"#!{sys.executable} -IS\n{code}")
    program.chmod(0o755)
    return replace(tools, ffmpeg=program)


async def run(
    tools: Tools, cwd: Path, *arguments: str, timeout_s: float | None = 60, capture_stdout: bool = False
) -> RunReport:
    return await run_ffmpeg(
        tools, Invocation(arguments), cwd=cwd, timeout_s=timeout_s, capture_stdout=capture_stdout
    )


def engines() -> list[int]:
    """Pids of all children of the spawner program."""
    return [pid for program in spawners() for pid in children_of(program)]


async def test_a_run(tools: Tools, tmp_path: Path) -> None:
    seen: list[Progress] = []
    invocation = Invocation((*SHORT, "-c:v", "mpeg4", "out.mkv"))
    report = await run_ffmpeg(tools, invocation, cwd=tmp_path, timeout_s=60, on_progress=seen.append)
    assert report.exit.code == 0
    assert 0 < report.exit.cpu_seconds < 5
    assert 0 < report.seconds < 30
    assert report.last_progress == seen[-1]
    assert report.last_progress is not None
    assert (report.last_progress.frame, report.last_progress.out_time_s) == (50, 2.0)
    assert report.last_progress.ended
    assert "Output #0, matroska" in strip_log_tags(report.log.text)
    assert report.stdout == b""


async def test_standard_output_is_separate_from_progress(tools: Tools, tmp_path: Path) -> None:
    arguments = (*SHORT, "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1")
    report = await run(tools, tmp_path, *arguments, capture_stdout=True)
    assert len(report.stdout) == 50 * 64 * 64
    assert report.last_progress is not None
    assert report.last_progress.ended
    assert (await run(tools, tmp_path, *arguments)).stdout == b""


async def test_reports_of_several_lines_stay_complete(tools: Tools, tmp_path: Path) -> None:
    sound = ("-f", "lavfi", "-i", "sine=duration=1", "-af", "loudnorm=print_format=json", "-f", "null", "-")
    text = strip_log_tags((await run(tools, tmp_path, *sound)).log.text)
    assert '{\n\t"input_i" : "-' in text
    assert text.index('"target_offset"') < text.index("\n}")


async def test_a_failure_is_explained(tools: Tools, tmp_path: Path) -> None:
    with pytest.raises(EngineFailed) as caught:
        await run(tools, tmp_path, "-i", "nothing.mp4", "out.mp4")
    assert "nothing.mp4" in caught.value.message
    assert caught.value.stderr is not None
    assert "No such file or directory" in caught.value.stderr
    assert "[error]" not in caught.value.stderr
    assert "0x" not in caught.value.stderr


async def test_unknown_names_are_compared_with_the_build(tools: Tools, tmp_path: Path) -> None:
    with pytest.raises(EngineFailed) as caught:
        await run(tools, tmp_path, *SHORT, "-c:v", "libx246", "out.mp4")
    assert "libx264" in f"{caught.value.hint} {caught.value.message}"


@pytest.mark.parametrize("option", [("-init_hw_device", "vaapi=v"), ("-hwaccel", "vaapi"), ("-hwaccel", "qsv")])
async def test_hardware_that_is_missing(tools: Tools, tmp_path: Path, option: tuple[str, str]) -> None:
    await run(tools, tmp_path, *SHORT, "-c:v", "libx264", "clip.mp4")
    with pytest.raises(EngineFailed) as caught:
        await run(tools, tmp_path, *option, "-i", "clip.mp4", "out.mp4")
    assert (caught.value.code, caught.value.where["argument"]) == ("hardware_unavailable", option[0])


async def test_hardware_that_is_optional(tools: Tools, tmp_path: Path) -> None:
    await run(tools, tmp_path, *SHORT, "-c:v", "libx264", "clip.mp4")
    report = await run(tools, tmp_path, "-hwaccel", "auto", "-i", "clip.mp4", "-f", "null", "-")
    assert report.last_progress is not None
    assert report.last_progress.frame == 50


async def test_out_of_time(tools: Tools, tmp_path: Path) -> None:
    async with asyncio.timeout(30):
        with pytest.raises(EngineTimedOut, match="time for the job") as caught:
            await run(tools, tmp_path, *ENDLESS, timeout_s=0.5)
    assert caught.value.hint
    assert engines() == []


async def test_a_timeout_of_the_caller_is_raised_as_it_is(tools: Tools, tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await run(tools, tmp_path, *ENDLESS)
    assert engines() == []


async def test_a_stopped_ffmpeg_is_not_a_success(tools: Tools, tmp_path: Path) -> None:
    seen: list[Progress] = []
    running = asyncio.create_task(
        run_ffmpeg(tools, Invocation(ENDLESS), cwd=tmp_path, timeout_s=60, on_progress=seen.append)
    )
    await until_async(lambda: any(report.frame for report in seen))
    os.kill(engines()[0], signal.SIGTERM)
    with pytest.raises(EngineKilled) as caught:
        await running
    # Its output looks complete; only the exit code differs.
    assert seen[-1].ended
    assert (tmp_path / "out.mkv").stat().st_size > 0
    assert caught.value.retryable


async def test_killed_from_outside(tools: Tools, tmp_path: Path) -> None:
    running = asyncio.create_task(run(tools, tmp_path, *ENDLESS))
    await until_async(lambda: len(engines()) == 1)
    os.kill(engines()[0], signal.SIGKILL)
    with pytest.raises(EngineKilled):
        await running


async def test_a_dead_spawner_is_replaced(tools: Tools, tmp_path: Path) -> None:
    seen: list[Progress] = []
    running = asyncio.create_task(
        run_ffmpeg(tools, Invocation(ENDLESS), cwd=tmp_path, timeout_s=60, on_progress=seen.append)
    )
    # A child that dies before the worker knows of its start is started again.
    await until_async(lambda: any(report.frame for report in seen))
    [engine], [program] = engines(), spawners()
    os.kill(program, signal.SIGKILL)
    with pytest.raises(EngineKilled):
        await running
    await until_async(lambda: not alive(engine))
    assert (await run(tools, tmp_path, *SHORT, "-f", "null", "-")).exit.code == 0


async def test_cancelled_at_random_moments(tools: Tools, tmp_path: Path) -> None:
    chance = random.Random(6)
    for delay in [0, 0, *(chance.uniform(0, 0.3) for _ in range(10))]:
        running = asyncio.create_task(run(tools, tmp_path, *ENDLESS))
        asyncio.get_running_loop().call_later(delay, running.cancel)
        with pytest.raises(asyncio.CancelledError):
            await running
        assert engines() == []


async def test_a_cancelled_run_leaves_a_playable_file(tools: Tools, tmp_path: Path) -> None:
    seen: list[Progress] = []
    running = asyncio.create_task(
        run_ffmpeg(tools, Invocation(ENDLESS), cwd=tmp_path, timeout_s=60, on_progress=seen.append)
    )
    await until_async(lambda: any(report.frame and report.frame > 5 for report in seen))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    report = await run(tools, tmp_path, "-i", "out.mkv", "-f", "null", "-")
    assert report.last_progress is not None
    assert (report.last_progress.frame or 0) > 5


async def test_too_much_log_stops_the_run_in_bounded_memory(tools: Tools, tmp_path: Path) -> None:
    flood = f"import os\nwhile True: os.write(2, b'[error] {'the same again ' * 20}\\n' * 200)"
    with pytest.raises(EngineFailed) as caught:
        await run(replace_ffmpeg(tools, tmp_path, flood), tmp_path)
    assert caught.value.code == "output_flood"
    assert "64 MiB" in caught.value.message
    assert len(caught.value.stderr or "") < 10_000
    assert engines() == []


async def test_many_concurrent_runs(tools: Tools, tmp_path: Path) -> None:
    command = ("-f", "lavfi", "-i", "color=size=16x16:duration=0.1", "-f", "null", "-")
    reports = await asyncio.gather(*(run(tools, tmp_path, *command) for _ in range(20)))
    assert all(report.last_progress and report.last_progress.ended for report in reports)


async def test_a_missing_ffmpeg(tools: Tools, tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable) as caught:
        await run(replace(tools, ffmpeg=tmp_path / "gone"), tmp_path, "-version")
    assert isinstance(caught.value, EngineError)
