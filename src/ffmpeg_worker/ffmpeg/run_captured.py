"""Runs a short program and captures its output, such as ffprobe or the lists of ffmpeg."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import EngineFailed, EngineKilled, EngineTimedOut
from ffmpeg_worker.ffmpeg.log_tail import MAX_LOG_BYTES, LogTail
from ffmpeg_worker.ffmpeg.run_again import run_again_if_killed
from ffmpeg_worker.process.child import Child, Exit, Output
from ffmpeg_worker.process.read_supervisor import work_within
from ffmpeg_worker.process.spawner import Spawner
from ffmpeg_worker.process.waiting_file import WaitingFile
from ffmpeg_worker.sandbox.confinement import Confinement


@dataclass(frozen=True)
class CapturedRun:
    """The exit, standard output and log of a program."""

    exit: Exit
    stdout: bytes
    log: LogTail


async def run_captured(
    spawner: Spawner,
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout_s: float | None,
    max_stdout_bytes: int = 16 * 1024 * 1024,
    confinement: Confinement | None = None,
    files: Sequence[WaitingFile] = (),
) -> CapturedRun:
    """Run a program to its end and return its output, whatever its exit code; for `files` see `Spawner.start`.

    An empty `argv` runs the function that the spawner has preloaded. A cancellation kills the program at once. A
    program that is killed from outside is run again, once.

    Raises:
        EngineUnavailable: the program cannot be started.
        EngineTimedOut: it did not end in time.
        EngineFailed: it printed more than `max_stdout_bytes`.
        EngineKilled: it was killed from outside, twice.
    """
    program = Path(argv[0]).name if argv else "The program"

    async def run() -> CapturedRun:
        stdout, log = bytearray(), LogTail()
        outputs = {1: Output(stdout.extend, max_stdout_bytes), 2: Output(log.feed, MAX_LOG_BYTES)}
        started = await spawner.start(
            argv, cwd=cwd, env=env, outputs=outputs, confinement=confinement, files=files
        )
        result = await _wait(started, program, timeout_s)
        return CapturedRun(result, bytes(stdout), log)

    return await run_again_if_killed(run)


async def _wait(started: Child, program: str, timeout_s: float | None) -> Exit:
    async with started as child:
        try:
            result = await work_within(timeout_s, child.reads, child.wait)
        except TimeoutError:
            child.kill()
            raise EngineTimedOut(f"{program} was stopped after {timeout_s:g} s.") from None
        except BaseException:
            child.kill()
            raise
    if child.overflowed is not None:
        raise EngineFailed(
            f"{program} printed more than the worker keeps.", code="output_flood", fault=Fault.SOURCE
        )
    if result.is_stop:
        raise EngineKilled(
            f"{program} was killed from outside, usually because memory ran out.",
            hint="Try again; if it happens again, use a larger machine or fewer jobs at once.",
        )
    return result
