"""Failures for lack of disk, memory or libraries, and by the signal that ended ffmpeg."""

from __future__ import annotations

import signal

from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import Failure, failure, sign

_KILLED = failure(
    "engine_killed",
    "Try again. If it happens again, use a smaller frame, fewer inputs or fewer threads.",
    sign(
        "FFmpeg was killed from outside, most likely because memory ran out.",
        r"\bReceived > 3 system signals",
    ),
)
_TERMINATED = failure(
    "engine_terminated",
    "Try again: the worker was shut down, or its operator stopped the run.",
    sign("FFmpeg was told to stop before it was done.", r"received signal (?:2|3|15)\b"),
)
_CRASHED = failure(
    "engine_crashed",
    "The same command will probably crash again: simplify the filters or change the encoder, and report it.",
    sign("FFmpeg itself crashed while running this command.", r"received signal (?:4|6|7|8|11)\b"),
)
_CPU_TIME = failure(
    "cpu_time_exceeded",
    "Ask for less work: a faster preset, a smaller frame or a shorter part.",
    sign("The run used up the processor time it may use.", r"received signal 24\b"),
)
_TOO_LARGE = failure(
    "output_too_large",
    "Lower the bitrate, the frame size or the duration, or limit the file with -fs.",
    sign("The output grew beyond the size that a file may have.", r"(?:: |\] )File too large$"),
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

RESOURCES: tuple[Failure, ...] = (
    failure(
        "disk_full",
        "Try again later. If it happens again, the worker needs more disk space.",
        sign("The worker's disk was full.", r"\bNo space left on device|\bDisk quota exceeded"),
    ),
    *dict.fromkeys(SIGNALS.values()),
    failure(
        "out_of_memory",
        "Use a smaller frame, fewer buffered frames (reverse, tile, loop) or fewer threads.",
        sign(
            "The run needed more memory than it may use.",
            # ENOMEM is also what FFmpeg says of a device type that its build does not have.
            r"\A(?![\s\S]*Device creation failed: -12\b)"
            r"[\s\S]*?(?:\bCannot allocate memory\b|\bmalloc of size \d+ failed)",
        ),
    ),
    failure(
        "too_many_threads",
        "Join many pictures or clips with a list (-f concat -safe 0 -i {{list}}) instead of one -i each, put "
        "-threads 1 before each -i, or split the work into a chain of commands.",
        sign(
            "The command needs more threads than it may have: every input, decoder and encoder takes some.",
            r"(?:pthread_create\(\) failed|Error while opening (?:de|en)coder): Resource temporarily unavailable",
        ),
    ),
    failure(
        "engine_not_startable",
        "The worker's installation is broken: its operator must repair it.",
        sign(
            "FFmpeg could not start: {library} failed to load.",
            r"error while loading shared libraries: (?P<library>[^:\n]+)",
        ),
    ),
)
