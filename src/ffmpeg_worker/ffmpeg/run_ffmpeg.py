"""Runs one ffmpeg command: reports progress, enforces the time limit, and explains failures."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ffmpeg_worker.command.invocation import Invocation, redact
from ffmpeg_worker.errors import EngineError, EngineFailed, EngineKilled, EngineTimedOut
from ffmpeg_worker.ffmpeg.diagnosis.diagnose import diagnose
from ffmpeg_worker.ffmpeg.log_tail import MAX_LOG_BYTES, LogTail, strip_log_tags
from ffmpeg_worker.ffmpeg.progress import Progress, ProgressReader
from ffmpeg_worker.ffmpeg.tools import Tools
from ffmpeg_worker.process.child import Exit, Output
from ffmpeg_worker.process.child_environment import make_child_environment
from ffmpeg_worker.sandbox.confinement import Confinement

MAX_STDOUT_BYTES = 64 * 1024 * 1024

_PUBLIC_LOG_LINES = 30
_LOG_PAUSE_S = 0.01  # ffmpeg writes its log line by line, about forty lines for the smallest job
_STDOUT, _STDERR, _PROGRESS = 1, 2, 3
# Progress has its own pipe, as standard output may be an output of the command.
_GLOBAL_OPTIONS = (
    "-hide_banner",
    "-nostdin",
    "-y",
    "-loglevel",
    "level+info",
    "-nostats",
    "-progress",
    f"pipe:{_PROGRESS}",
    "-stats_period",
    "0.25",
)
_STOPPED_BY_SIGNAL = "Exiting normally, received signal"
_CODE_AFTER_SIGNAL = 255
_OUT_OF_CPU_TIME = f"received signal {signal.SIGXCPU:d}"


@dataclass(frozen=True)
class RunReport:
    """A run that ended with exit code 0. Its outputs are still to be verified."""

    exit: Exit
    seconds: float
    log: LogTail
    last_progress: Progress | None
    stdout: bytes


async def run_ffmpeg(
    tools: Tools,
    invocation: Invocation,
    *,
    cwd: Path,
    timeout_s: float | None,
    on_progress: Callable[[Progress], None] | None = None,
    capture_stdout: bool = False,
    confinement: Confinement | None = None,
    stdin: BinaryIO | None = None,
) -> RunReport:
    """Run ffmpeg in `cwd`; existing outputs are overwritten.

    When it is cancelled or out of time, ffmpeg gets SIGTERM and after 1 s SIGKILL before the error is raised: what
    it has written by then is playable but short. A command with `-hwaccel auto` is run again in software if FFmpeg
    aborts because a hardware library is missing.

    Args:
        timeout_s: time limit of both runs together.
        on_progress: called with at most four reports a second; what it raises is logged and ignored.
        capture_stdout: whether to keep standard output, up to 64 MiB.
        confinement: what ffmpeg may access; None: everything.
        stdin: an open file for standard input. It is closed here, so that its writer notices the end of ffmpeg.

    Raises:
        EngineFailed: with the diagnosis.
        EngineTimedOut: the time limit was reached.
        EngineKilled: ffmpeg was killed from outside.
        EngineUnavailable: ffmpeg cannot be started.
    """
    run = partial(
        _run_once,
        tools,
        cwd=cwd,
        on_progress=on_progress,
        capture_stdout=capture_stdout,
        confinement=confinement,
        stdin=stdin,
    )
    if stdin is not None:  # it can be read only once
        return await run(invocation.arguments, timeout_s=timeout_s)
    return await _run_with_fallback(run, invocation.arguments, timeout_s)


async def _run_with_fallback(
    run: Callable[..., Awaitable[RunReport]], arguments: tuple[str, ...], timeout_s: float | None
) -> RunReport:
    """Run a command, and run it again without `-hwaccel auto` if hardware turns out to be missing.

    `-hwaccel auto` should never fail, but builds that load libva at run time abort where libva is missing.
    """
    began = time.monotonic()
    try:
        return await run(arguments, timeout_s=timeout_s)
    except EngineFailed as error:
        in_software = _without_automatic_hwaccel(arguments)
        if error.code != "hardware_unavailable" or in_software == arguments:
            raise
    left_s = None if timeout_s is None else max(timeout_s - (time.monotonic() - began), 0)
    return await run(in_software, timeout_s=left_s)


def _without_automatic_hwaccel(arguments: tuple[str, ...]) -> tuple[str, ...]:
    kept: list[str] = []
    for argument in arguments:
        if argument == "auto" and kept and kept[-1].partition(":")[0] == "-hwaccel":
            kept.pop()
        else:
            kept.append(argument)
    return tuple(kept)


async def _run_once(
    tools: Tools,
    arguments: tuple[str, ...],
    *,
    cwd: Path,
    timeout_s: float | None,
    on_progress: Callable[[Progress], None] | None,
    capture_stdout: bool,
    confinement: Confinement | None,
    stdin: BinaryIO | None,
) -> RunReport:
    began = time.monotonic()
    collected = _Collected(on_progress)
    try:
        starting = await tools.spawner.start(
            [str(tools.ffmpeg), *_GLOBAL_OPTIONS, *arguments],
            cwd=cwd,
            env=make_child_environment(tools.environment),
            outputs=collected.outputs(capture_stdout=capture_stdout),
            stdin=None if stdin is None else stdin.fileno(),
            confinement=confinement,
        )
    finally:
        if stdin is not None:
            stdin.close()
    async with starting as child:
        try:
            async with asyncio.timeout(timeout_s):
                result = await child.wait()
        except TimeoutError:
            await child.stop()
            raise _timed_out(collected.log) from None
    if child.overflowed is not None:
        raise _flooded(child.overflowed, collected.log)
    if result.code != 0:
        result = _name_cpu_limit(result, confinement)
        raise _failed(result, collected.log, arguments, tools.capabilities.names)
    return RunReport(
        exit=result,
        seconds=time.monotonic() - began,
        log=collected.log,
        last_progress=collected.last_progress,
        stdout=bytes(collected.stdout),
    )


class _Collected:
    """Output of one run so far."""

    def __init__(self, on_progress: Callable[[Progress], None] | None) -> None:
        self.log = LogTail()
        self.stdout = bytearray()
        self.last_progress: Progress | None = None
        self._on_progress = on_progress
        self._reports = ProgressReader()

    def outputs(self, *, capture_stdout: bool) -> dict[int, Output | int]:
        """Return the readers of the log, of progress and, if it is captured, of standard output."""
        outputs: dict[int, Output | int] = {
            _STDERR: Output(self.log.feed, MAX_LOG_BYTES, _LOG_PAUSE_S),
            _PROGRESS: Output(self._feed_progress),
        }
        if capture_stdout:
            outputs[_STDOUT] = Output(self.stdout.extend, MAX_STDOUT_BYTES)
        return outputs

    def _feed_progress(self, chunk: bytes) -> None:
        for report in self._reports.feed(chunk):
            self.last_progress = report
            if self._on_progress is not None:
                self._on_progress(report)


def _timed_out(log: LogTail) -> EngineTimedOut:
    return EngineTimedOut(
        "The time for the job was used up, and ffmpeg was stopped.",
        hint="Allow more time, or ask for less work: a faster preset, a smaller size, a shorter range.",
        stderr=_last_lines(log),
    )


def _failed(
    result: Exit, log: LogTail, arguments: Sequence[str], known: Mapping[str, Collection[str]]
) -> EngineError:
    last = log.last(5)
    was_told_to_end = result.code == _CODE_AFTER_SIGNAL and _STOPPED_BY_SIGNAL in last
    if result.is_stop or (was_told_to_end and _OUT_OF_CPU_TIME not in last):
        return EngineKilled(
            "ffmpeg was killed from outside, usually because memory ran out.",
            hint="Try again; if it happens again, use a smaller size, fewer threads or a larger machine.",
            stderr=_last_lines(log),
        )
    code = result.code if result.code is not None else -(result.signal or 0)
    found = diagnose(log.text, exit_code=code, signal=result.signal, arguments=arguments, known=known)
    return EngineFailed(
        found.message, code=found.code, hint=found.hint, where=found.where, stderr=_last_lines(log)
    )


def _name_cpu_limit(result: Exit, confinement: Confinement | None) -> Exit:
    """Name the limit of processor time as the cause, if the kernel has enforced it with SIGKILL.

    It does so when ffmpeg goes on after the SIGXCPU that asks it to end.
    """
    limit = None if confinement is None else confinement.limits.cpu_s
    if result.signal == signal.SIGKILL and limit is not None and result.cpu_seconds >= limit:
        return replace(result, signal=signal.SIGXCPU)
    return result


def _flooded(number: int, log: LogTail) -> EngineFailed:
    name, limit = ("log", MAX_LOG_BYTES) if number == _STDERR else ("standard output", MAX_STDOUT_BYTES)
    return EngineFailed(
        f"ffmpeg was stopped: it wrote more than {limit // 1024**2} MiB to its {name}.",
        code="output_flood",
        hint="Remove options that print something for every frame or packet, or write to a file.",
        stderr=_last_lines(log),
    )


def _last_lines(log: LogTail) -> str:
    return redact(strip_log_tags(log.last(_PUBLIC_LOG_LINES)))
