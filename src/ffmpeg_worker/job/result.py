"""Results of jobs, made from reports of their lanes: the fields that all actions share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

from pydantic import Field

from ffmpeg_worker.job.problem import error_from_problem
from ffmpeg_worker.job.result_parts import CommandLog, OutputFile, ResultModel, Stats
from ffmpeg_worker.measurements.table import AnyMeasurement

_SANDBOX_WARNINGS: Mapping[str, str] = {
    "degraded": "This worker confines jobs only in part: its operator has allowed that.",
    "off": "This worker does not confine jobs: its operator has switched that off.",
}


@dataclass(frozen=True, slots=True)
class LaneReport:
    """Outputs and measurements of one lane, or its failure.

    Attributes:
        stats: cost of this lane alone.
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
    measurements: tuple[AnyMeasurement, ...] | None = None


def get_only_lane(lanes: Sequence[LaneReport]) -> LaneReport:
    """Return the report of a job that has one lane.

    Raises:
        WorkerError: the lane failed.
    """
    (lane,) = lanes
    if lane.problem is not None:
        raise error_from_problem(lane.problem)
    return lane


class JobResult(ResultModel):
    """Fields that every result may have."""

    job_id: str | None = Field(None, description="Id of the job, also in the worker's log.", examples=["0b6f…"])
    metadata: Mapping[str, Any] | None = Field(
        None, description="`metadata` of the request, unchanged.", examples=[{"order": "A-17"}]
    )
    sandbox: Literal["degraded", "off"] | None = Field(
        None,
        description="How weakly the job was confined; absent when it was confined in full.",
        examples=["degraded"],
    )
    warnings: tuple[str, ...] | None = Field(
        None, description="Sentences about what succeeded but deserves a look.", examples=[[]]
    )

    @classmethod
    def from_lanes(cls, common: Mapping[str, Any], lanes: Sequence[LaneReport], stats: Stats) -> Self:
        """Make the result of a job from the reports of its lanes; this default takes one lane.

        `common` has `job_id` and `metadata`; `stats` is the cost of the whole job. The lanes are in the order of
        the request.

        Raises:
            WorkerError: the only lane failed.
        """
        lane = get_only_lane(lanes)
        warnings = (*(lane.summary.get("warnings") or ()), *lane.warnings)
        parts = {
            "outputs": lane.outputs,
            "stats": stats,
            "warnings": warnings,
            "measurements": lane.measurements,
            "logs": lane.logs,
        }
        declared = {name: value for name, value in parts.items() if name in cls.model_fields}
        return cls(**{**lane.summary, **common, **declared})

    def with_warnings(self, warnings: Sequence[str]) -> Self:
        """Return the same result with more warnings before its own."""
        return self.model_copy(update={"warnings": (*warnings, *(self.warnings or ()))}) if warnings else self

    def with_sandbox_note(self, level: str) -> Self:
        """Return the same result, with a note where `level` says that its job was not confined in full."""
        return self.model_copy(update={"sandbox": level}) if level in _SANDBOX_WARNINGS else self

    def as_png(self) -> bytes | None:
        """Return the image that the result holds; `None` where it holds none."""
        return None


class FilesResult(JobResult):
    """Fields of results with files."""

    outputs: tuple[OutputFile, ...] = Field(description="Delivered files.", examples=[[]])
    stats: Stats = Field(
        description="Cost of the job.",
        examples=[
            {
                "seconds": 3.2,
                "cpu_seconds": 5.9,
                "input_bytes": 3071976,
                "source_bytes": 3071976,
                "inputs_by_range": 0,
                "output_bytes": 183422,
            }
        ],
    )
    warnings: tuple[str, ...] = Field(
        (), description="Sentences about what succeeded but deserves a look.", examples=[[]]
    )
    warns_of_weak_sandbox: ClassVar[bool] = False
    """Whether `warnings` too say that the job was not confined in full."""

    def with_sandbox_note(self, level: str) -> Self:
        """See `JobResult.with_sandbox_note`."""
        noted = super().with_sandbox_note(level)
        if noted is self or not self.warns_of_weak_sandbox:
            return noted
        return noted.model_copy(update={"warnings": (*self.warnings, _SANDBOX_WARNINGS[level])})
