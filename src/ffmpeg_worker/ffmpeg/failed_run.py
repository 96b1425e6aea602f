"""Errors of ffmpeg runs that were killed, ran out of time or failed."""

from __future__ import annotations

import signal
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from ffmpeg_worker.errors import EngineError, EngineFailed, EngineKilled, EngineTimedOut, NothingSelected
from ffmpeg_worker.ffmpeg.collected_output import CollectedOutput, last_lines
from ffmpeg_worker.ffmpeg.diagnosis.diagnose import diagnose
from ffmpeg_worker.ffmpeg.log_tail import LogTail
from ffmpeg_worker.process.child import Exit
from ffmpeg_worker.sandbox.confinement import Confinement

_STOPPED_BY_SIGNAL = "Exiting normally, received signal"
_CODE_AFTER_SIGNAL = 255
_OUT_OF_CPU_TIME = f"received signal {signal.SIGXCPU:d}"


def out_of_time(log: LogTail) -> EngineTimedOut:
    """Return the error of a run that was stopped at its time limit."""
    return EngineTimedOut(
        "The time for the job was used up, and ffmpeg was stopped.",
        hint="Allow more time, or ask for less work: a faster preset, a smaller size, a shorter range.",
        stderr=last_lines(log),
    )


def explain_failure(
    result: Exit,
    collected: CollectedOutput,
    arguments: Sequence[str],
    known: Mapping[str, Collection[str]],
    confinement: Confinement | None,
) -> EngineError:
    """Return the error of a run that ended with another exit code than 0; `known` are names of this FFmpeg."""
    result = _name_cpu_limit(result, confinement)
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
