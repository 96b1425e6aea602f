"""Failures for lack of disk, memory or libraries, and by signals."""

from __future__ import annotations

from ffmpeg_worker.ffmpeg.diagnosis.failures.failure import Failure, sign
from ffmpeg_worker.ffmpeg.diagnosis.failures.signals import BY_SIGNAL

RESOURCES: tuple[Failure, ...] = (
    Failure(
        "disk_full",
        "Try again later. If it happens again, the worker needs more disk space.",
        (sign(r"\bNo space left on device|\bDisk quota exceeded", "The worker's disk was full."),),
    ),
    *BY_SIGNAL,
    Failure(
        "out_of_memory",
        "Use a smaller frame, fewer buffered frames (reverse, tile, loop) or fewer threads.",
        (
            sign(
                # ENOMEM is also what FFmpeg says of a device type that its build does not have.
                r"\A(?![\s\S]*Device creation failed: -12\b)"
                r"[\s\S]*?(?:\bCannot allocate memory\b|\bmalloc of size \d+ failed)",
                "The run needed more memory than it may use.",
            ),
        ),
    ),
    Failure(
        "engine_not_startable",
        "The worker's installation is broken: its operator must repair it.",
        (
            sign(
                r"error while loading shared libraries: (?P<library>[^:\n]+)",
                "FFmpeg could not start: {library} failed to load.",
            ),
        ),
    ),
)
