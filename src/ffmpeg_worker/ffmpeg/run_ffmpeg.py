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

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.errors import EngineError, EngineFailed, EngineKilled, EngineTimedOut, NothingSelected
from ffmpeg_worker.ffmpeg.collected_output import PROGRESS, STDOUT, CollectedOutput, last_lines
from ffmpeg_worker.ffmpeg.diagnosis.diagnose import diagnose
from ffmpeg_worker.ffmpeg.exchanged_inputs import ExchangedInputs, WaitingInputs
from ffmpeg_worker.ffmpeg.log_tail import LogTail
from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.ffmpeg.recorder import Recorder
from ffmpeg_worker.ffmpeg.tools import Tools
from ffmpeg_worker.job.written_outputs import WrittenOutput
from ffmpeg_worker.measurements.recording import Recording
from ffmpeg_worker.process.child import Exit
from ffmpeg_worker.process.child_environment import make_child_environment
from ffmpeg_worker.sandbox.confinement import Confinement

# Progress has its own pipe, as standard output may be an output of the command.
_GLOBAL_OPTIONS = (
    "-hide_banner",
    "-nostdin",
    "-y",
    "-loglevel",
    "level+info",
    "-nostats",
    "-progress",
    f"pipe:{PROGRESS}",
    "-stats_period",
    "0.25",
)
_STOPPED_BY_SIGNAL = "Exiting normally, received signal"
_CODE_AFTER_SIGNAL = 255
_OUT_OF_CPU_TIME = f"received signal {signal.SIGXCPU:d}"


@dataclass(frozen=True)
class RunReport:
    """A run that ended with exit code 0. Its outputs are still to be verified.

    `outputs` and `damage` are what its log says about them, and the first error of an input.
    """

    exit: Exit
    seconds: float
    log: LogTail
    last_progress: Progress | None
    stdout: bytes
    recorder: Recorder | None = None
    outputs: tuple[WrittenOutput, ...] = ()
    damage: str | None = None


async def run_ffmpeg(  # noqa: PLR0913 - most are optional
    tools: Tools,
    invocation: Invocation,
    *,
    cwd: Path,
    timeout_s: float | None,
    on_progress: Callable[[Progress], None] | None = None,
    capture_stdout: bool = False,
    confinement: Confinement | None = None,
    stdin: BinaryIO | None = None,
    stdout: BinaryIO | None = None,
    recording: Recording | None = None,
    on_line: Callable[[str], None] | None = None,
    inputs: WaitingInputs | None = None,
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
        stdout: an open file for standard output, closed likewise.
        recording: what to record of the log and of standard output.
        on_line: called with each line of the log, with level tags.
        inputs: files whose bytes are fetched when they are read.

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
        collect=partial(CollectedOutput, on_progress, recording, captures_stdout=capture_stdout, on_line=on_line),
        confinement=confinement,
        pipes=(stdin, stdout),
        inputs=inputs or WaitingInputs(),
    )
    if stdin is not None or stdout is not None:  # they can be read and written only once
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
    collect: Callable[..., CollectedOutput],
    confinement: Confinement | None,
    pipes: tuple[BinaryIO | None, BinaryIO | None],
    inputs: WaitingInputs,
) -> RunReport:
    began = time.monotonic()
    exchanged = ExchangedInputs(arguments, inputs)
    collected = collect(change_line=exchanged.restore_names if exchanged.files else None)
    stdin, stdout = pipes
    outputs = collected.outputs()
    try:
        starting = await tools.spawner.start(
            [str(tools.ffmpeg), *_GLOBAL_OPTIONS, *exchanged.arguments],
            cwd=cwd,
            env=make_child_environment(tools.environment),
            outputs=outputs if stdout is None else {**outputs, STDOUT: stdout.fileno()},
            stdin=None if stdin is None else stdin.fileno(),
            confinement=confinement,
            files=exchanged.files,
        )
    finally:
        for pipe in filter(None, pipes):
            pipe.close()
    async with starting as child:
        try:
            async with asyncio.timeout(timeout_s):
                result = await child.wait()
        except TimeoutError:
            await child.stop()
            raise _timed_out(collected.log) from None
    if child.overflowed is not None:
        raise collected.flood_error(child.overflowed)
    collected.log.end()
    if result.code != 0:
        result = _name_cpu_limit(result, confinement)
        raise _failed(result, collected, arguments, tools.capabilities.names)
    return RunReport(
        exit=result,
        seconds=time.monotonic() - began,
        log=collected.log,
        last_progress=collected.last_progress,
        stdout=bytes(collected.stdout),
        recorder=collected.recorder,
        outputs=collected.report.outputs,
        damage=collected.report.damage,
    )


def _timed_out(log: LogTail) -> EngineTimedOut:
    return EngineTimedOut(
        "The time for the job was used up, and ffmpeg was stopped.",
        hint="Allow more time, or ask for less work: a faster preset, a smaller size, a shorter range.",
        stderr=last_lines(log),
    )


def _failed(
    result: Exit, collected: CollectedOutput, arguments: Sequence[str], known: Mapping[str, Collection[str]]
) -> EngineError:
    log = collected.log
    last = log.last(5)
    was_told_to_end = result.code == _CODE_AFTER_SIGNAL and _STOPPED_BY_SIGNAL in last
    if result.is_stop or (was_told_to_end and _OUT_OF_CPU_TIME not in last):
        return EngineKilled(
            "ffmpeg was killed from outside, usually because memory ran out.",
            hint="Try again; if it happens again, use a smaller size, fewer threads or a larger machine.",
            stderr=last_lines(log),
        )
    if result.signal is None and collected.report.nothing_selected:
        return _nothing_selected(collected)
    code = result.code if result.code is not None else -(result.signal or 0)
    found = diagnose(log.text, exit_code=code, signal=result.signal, arguments=arguments, known=known)
    return EngineFailed(found.message, code=found.code, hint=found.hint, where=found.where, stderr=last_lines(log))


def _nothing_selected(collected: CollectedOutput) -> NothingSelected:
    empty = [index for index, output in enumerate(collected.report.outputs) if output.is_empty]
    return NothingSelected(
        "No frame or packet was selected for an output.",
        hint="Check what the command selects: -ss and -t within the input, -map, -frames, filters.",
        where={"output": empty[0]},
        stderr=last_lines(collected.log),
    )


def _name_cpu_limit(result: Exit, confinement: Confinement | None) -> Exit:
    """Name the limit of processor time as the cause, if the kernel has enforced it with SIGKILL.

    It does so when ffmpeg goes on after the SIGXCPU that asks it to end.
    """
    limit = None if confinement is None else confinement.limits.cpu_s
    if result.signal == signal.SIGKILL and limit is not None and result.cpu_seconds >= limit:
        return replace(result, signal=signal.SIGXCPU)
    return result
