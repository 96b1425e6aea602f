"""Short programs whose output is captured."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import EngineFailed, EngineKilled, EngineTimedOut
from ffmpeg_worker.ffmpeg.run_captured import CapturedRun, run_captured
from support.programs.fake_spawner import FakeSpawner, Script


async def run(spawner: FakeSpawner, *argv: str, timeout_s: float | None = 5, max_bytes: int = 100) -> CapturedRun:
    return await run_captured(
        spawner.as_spawner(), argv, cwd=Path("/"), env={"A": "b"}, timeout_s=timeout_s, max_stdout_bytes=max_bytes
    )


async def test_output_log_and_exit_code_are_returned() -> None:
    spawner = FakeSpawner(lambda _: Script({1: b"out", 2: b"log\n"}, code=3))
    found = await run(spawner, "/usr/bin/ffprobe", "a.mp4")
    assert (found.stdout, found.log.text, found.exit.code) == (b"out", "log", 3)
    assert spawner.commands == [["/usr/bin/ffprobe", "a.mp4"]]
    assert spawner.environments == [{"A": "b"}]


async def test_without_arguments_the_preloaded_function_is_forked() -> None:
    spawner = FakeSpawner(lambda argv: Script({1: b"forked" if not argv else b"started"}))
    assert (await run(spawner)).stdout == b"forked"


async def test_a_program_that_takes_too_long_is_killed() -> None:
    spawner = FakeSpawner(lambda _: Script(hangs=True))
    with pytest.raises(EngineTimedOut, match=r"ffprobe was stopped after 0\.01 s"):
        await run(spawner, "/usr/bin/ffprobe", timeout_s=0.01)
    assert spawner.children[0].stopped


async def test_a_cancelled_program_is_killed() -> None:
    spawner = FakeSpawner(lambda _: Script(hangs=True))
    running = asyncio.ensure_future(run(spawner, "/usr/bin/ffprobe"))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert spawner.children[0].stopped


async def test_too_much_output_is_the_fault_of_the_source() -> None:
    spawner = FakeSpawner(lambda _: Script({1: b"x" * 101}, code=None, signal=9))
    with pytest.raises(EngineFailed) as caught:
        await run(spawner, "/usr/bin/ffprobe")
    assert (caught.value.code, caught.value.fault) == ("output_flood", Fault.SOURCE)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_program_that_is_killed_from_outside_is_run_again(number: int) -> None:
    scripts = [Script({1: b"half"}, code=None, signal=number), Script({1: b"whole"})]
    spawner = FakeSpawner(lambda _: scripts.pop(0))
    assert (await run(spawner, "/usr/bin/ffprobe")).stdout == b"whole"
    assert len(spawner.commands) == 2


async def test_a_program_that_is_killed_twice_is_an_error_of_the_worker() -> None:
    spawner = FakeSpawner(lambda _: Script(code=None, signal=signal.SIGKILL))
    with pytest.raises(EngineKilled, match="ffprobe was killed from outside") as caught:
        await run(spawner, "/usr/bin/ffprobe")
    assert caught.value.retryable
    assert len(spawner.commands) == 2


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGSYS, signal.SIGXCPU])
async def test_a_crash_is_not_repeated(number: int) -> None:
    spawner = FakeSpawner(lambda _: Script(code=None, signal=number))
    assert (await run(spawner, "/usr/bin/ffprobe")).exit.signal == number
    assert len(spawner.commands) == 1
