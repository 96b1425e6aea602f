"""Settings for recording a command for its result."""

from __future__ import annotations

from dataclasses import dataclass

from ffmpeg_worker.budgets import KEPT_LOG_BYTES, KEPT_MEASURED_VALUES
from ffmpeg_worker.measurements.measuring_filter import MeasuringFilter


@dataclass(frozen=True, slots=True)
class Recording:
    """Limits for recording the log and standard output of one FFmpeg.

    Attributes:
        filters: the filters of the command that measure.
        has_stdout: whether filters or outputs print to standard output.
        max_log_bytes: bytes of the log, and of standard output; of more, the beginning and the end are kept.
        max_values: values in the lists of all measurements.
    """

    filters: tuple[MeasuringFilter, ...] = ()
    has_stdout: bool = False
    max_log_bytes: int = KEPT_LOG_BYTES
    max_values: int = KEPT_MEASURED_VALUES
