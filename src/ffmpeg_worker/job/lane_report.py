"""The end of one lane of a job, from which the job's result is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ffmpeg_worker.job.result_parts import CommandLog, OutputFile, Stats


@dataclass(frozen=True, slots=True)
class LaneReport:
    """What one lane delivered and measured, or why it failed.

    Attributes:
        outputs: delivered files.
        stats: cost of this lane alone.
        warnings: sentences for the caller.
        logs: logs of commands that only measure.
        summary: what the action adds to its result; its `warnings` come before the others.
        is_fused: whether the lane shared an FFmpeg process with lanes that read the same input.
        problem: the failure of the lane, as from `record_error`; then nothing else is set.
    """

    outputs: tuple[OutputFile, ...] = ()
    stats: Stats = field(default_factory=lambda: Stats(seconds=0.0))
    warnings: tuple[str, ...] = ()
    logs: tuple[CommandLog, ...] | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)
    is_fused: bool = False
    problem: Mapping[str, Any] | None = None
