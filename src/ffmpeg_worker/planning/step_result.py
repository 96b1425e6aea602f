"""The result of a step, and the files that it leaves for later steps of its lane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ffmpeg_worker.job.written_outputs import WrittenOutput
from ffmpeg_worker.measurements.table import AnyMeasurement


@dataclass(frozen=True, slots=True)
class StepResult:
    """Facts about a finished step, small enough to be stored as JSON; what it wrote lies in its working directory.

    Attributes:
        seconds, cpu_seconds: wall time and CPU time.
        frames, out_time_s: frames and seconds of media that it wrote, where they count.
        log: the log in plain lines, where the step keeps it.
        stdout: what filters printed to standard output, likewise; `None` if none do.
        is_log_cut: whether lines of either were left out.
        measurements: what its filters measured.
        problems: errors that ffmpeg logged although it went on.
        damage: the first of them that an input or its decoder logged.
        outputs: what ffmpeg's log says about its outputs, in order.
        input_lengths: seconds of its inputs, likewise; `None` where the log does not say.
        warnings: remarks for the caller.
        copied_frames: how many of `frames` are packets of a source that were copied.
        encoded_frames: how many were encoded instead, where it may be none.
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    frames: int | None = None
    out_time_s: float | None = None
    log: str = ""
    stdout: str | None = None
    is_log_cut: bool = False
    measurements: tuple[AnyMeasurement, ...] = ()
    problems: tuple[str, ...] = ()
    damage: str | None = None
    outputs: tuple[WrittenOutput, ...] = ()
    input_lengths: tuple[float | None, ...] = ()
    warnings: tuple[str, ...] = ()
    copied_frames: int | None = None
    encoded_frames: int | None = None


StepFiles = Mapping[str, bytes]
"""Content of files that earlier steps of a lane wrote, by name."""
