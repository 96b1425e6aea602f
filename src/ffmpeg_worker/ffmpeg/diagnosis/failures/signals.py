"""Failures that follow from the signal that ended ffmpeg."""

from __future__ import annotations

import signal

from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import Failure, sign

_KILLED = Failure(
    "engine_killed",
    "Try again. If it happens again, use a smaller frame, fewer inputs or fewer threads.",
    (
        sign(
            r"\bReceived > 3 system signals", "FFmpeg was killed from outside, most likely because memory ran out."
        ),
    ),
)
_TERMINATED = Failure(
    "engine_terminated",
    "Try again: the worker was shut down, or its operator stopped the run.",
    (sign(r"received signal (?:2|3|15)\b", "FFmpeg was told to stop before it was done."),),
)
_CRASHED = Failure(
    "engine_crashed",
    "The same command will probably crash again: simplify the filters or change the encoder, and report it.",
    (sign(r"received signal (?:4|6|7|8|11)\b", "FFmpeg itself crashed while running this command."),),
)
_CPU_TIME = Failure(
    "cpu_time_exceeded",
    "Ask for less work: a faster preset, a smaller frame or a shorter part.",
    (sign(r"received signal 24\b", "The run used up the processor time it may use."),),
)
_TOO_LARGE = Failure(
    "output_too_large",
    "Lower the bitrate, the frame size or the duration, or limit the file with -fs.",
    (
        sign(
            r"(?:: |\] )File too large$",
            "The output grew beyond the size that a file may have.",
        ),
    ),
)

SIGNALS: dict[int, Failure] = {
    signal.SIGKILL: _KILLED,
    signal.SIGTERM: _TERMINATED,
    signal.SIGINT: _TERMINATED,
    signal.SIGSEGV: _CRASHED,
    signal.SIGABRT: _CRASHED,
    signal.SIGBUS: _CRASHED,
    signal.SIGFPE: _CRASHED,
    signal.SIGILL: _CRASHED,
    signal.SIGXCPU: _CPU_TIME,
    signal.SIGXFSZ: _TOO_LARGE,
}
"""By signal number. Each also has a pattern, as ffmpeg catches some signals and exits with 255."""

BY_SIGNAL = (_KILLED, _TERMINATED, _CRASHED, _CPU_TIME, _TOO_LARGE)
