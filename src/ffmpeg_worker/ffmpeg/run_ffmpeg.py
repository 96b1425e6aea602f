"""Runs one ffmpeg command: reports progress, enforces the time limit, and explains failures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.errors import EngineFailed
from ffmpeg_worker.ffmpeg.collected_output import PROGRESS, STDOUT, CollectedOutput
from ffmpeg_worker.ffmpeg.exchanged_inputs import ExchangedInputs, WaitingInputs
from ffmpeg_worker.ffmpeg.failed_run import explain_failure, out_of_time
from ffmpeg_worker.ffmpeg.log_tail import LogTail
from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.ffmpeg.recorder import Recorder
from ffmpeg_worker.ffmpeg.tools import Tools
from ffmpeg_worker.job.written_outputs import WrittenOutput
from ffmpeg_worker.measurements.recording import Recording
from ffmpeg_worker.process.child import Child, Exit
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


@dataclass(frozen=True)
class RunReport:
    """A run that ended with exit code 0. Its outputs are still to be verified.

    `outputs`, `input_lengths` and `damage` are what its log says about them, the seconds of the inputs, and the
    first error of an input.
    """

    exit: Exit
    seconds: float
    log: LogTail
    last_progress: Progress | None
    stdout: bytes
    recorder: Recorder | None = None
    outputs: tuple[WrittenOutput, ...] = ()
    input_lengths: tuple[float | None, ...] = ()
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
    on_start: Callable[[], None] | None = None,
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
        on_start: called when ffmpeg has been started.

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
        on_start=on_start,
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


async def _run_once(  # noqa: PLR0913 - see `run_ffmpeg`
    tools: Tools,
    arguments: tuple[str, ...],
    *,
    cwd: Path,
    timeout_s: float | None,
    collect: Callable[..., CollectedOutput],
    confinement: Confinement | None,
    pipes: tuple[BinaryIO | None, BinaryIO | None],
    inputs: WaitingInputs,
    on_start: Callable[[], None] | None,
) -> RunReport:
    began = time.monotonic()
    exchanged = ExchangedInputs(arguments, inputs)
    collected = collect(change_line=exchanged.restore_names if exchanged.files else None)
    starting = await _start(tools, exchanged, collected, cwd, confinement, pipes)
    async with starting as child:
        if on_start is not None:
            on_start()
        try:
            async with asyncio.timeout(timeout_s):
                result = await child.wait()
        except TimeoutError:
            await child.stop()
            raise out_of_time(collected.log) from None
    if child.overflowed is not None:
        raise collected.flood_error(child.overflowed)
    collected.log.end()
    if result.code != 0:
        raise explain_failure(result, collected, arguments, tools.capabilities.names, confinement)
    return RunReport(
        exit=result,
        seconds=time.monotonic() - began,
        log=collected.log,
        last_progress=collected.last_progress,
        stdout=bytes(collected.stdout),
        recorder=collected.recorder,
        outputs=collected.report.outputs,
        input_lengths=collected.report.input_lengths,
        damage=collected.report.damage,
    )


async def _start(
    tools: Tools,
    exchanged: ExchangedInputs,
    collected: CollectedOutput,
    cwd: Path,
    confinement: Confinement | None,
    pipes: tuple[BinaryIO | None, BinaryIO | None],
) -> Child:
    """Start ffmpeg, and close its ends of the pipes here."""
    stdin, stdout = pipes
    outputs = collected.outputs()
    try:
        return await tools.spawner.start(
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
