"""Runs a short program and captures its output, such as ffprobe or the lists of ffmpeg."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import EngineFailed, EngineTimedOut
from ffmpeg_worker.ffmpeg.log_tail import MAX_LOG_BYTES, LogTail
from ffmpeg_worker.process.child import Exit, Output
from ffmpeg_worker.process.spawner import Spawner
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
) -> CapturedRun:
    """Run a program to its end and return its output, whatever its exit code.

    An empty `argv` runs the function that the spawner has preloaded. A cancellation kills the program at once.

    Raises:
        EngineUnavailable: the program cannot be started.
        EngineTimedOut: it did not end in time.
        EngineFailed: it printed more than `max_stdout_bytes`.
    """
    stdout = bytearray()
    log = LogTail()
    outputs = {1: Output(stdout.extend, max_stdout_bytes), 2: Output(log.feed, MAX_LOG_BYTES)}
    program = Path(argv[0]).name if argv else "The program"
    async with await spawner.start(argv, cwd=cwd, env=env, outputs=outputs, confinement=confinement) as child:
        try:
            async with asyncio.timeout(timeout_s):
                result = await child.wait()
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
    return CapturedRun(result, bytes(stdout), log)
