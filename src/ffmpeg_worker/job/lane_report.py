"""Reports of the lanes of a job, from which its result is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ffmpeg_worker.job.problem import error_from_problem
from ffmpeg_worker.job.result_parts import CommandLog, OutputFile, Stats


@dataclass(frozen=True, slots=True)
class LaneReport:
    """Outputs and measurements of one lane, or its failure.

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


def get_only_lane(lanes: Sequence[LaneReport]) -> LaneReport:
    """Return the report of a job that has one lane.

    Raises:
        WorkerError: the lane failed.
    """
    (lane,) = lanes
    if lane.problem is not None:
        raise error_from_problem(lane.problem)
    return lane
