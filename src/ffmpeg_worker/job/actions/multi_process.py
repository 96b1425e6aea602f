"""Action `multi_process`: run many FFmpeg commands or chains in parallel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import Field

from ffmpeg_worker.budgets import MAX_PROCESSES
from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import AllProcessesFailed
from ffmpeg_worker.job.action_paths import ACTION_PATHS
from ffmpeg_worker.job.actions.action import Action
from ffmpeg_worker.job.actions.examples import JOB_ID, OUTPUT, STATS
from ffmpeg_worker.job.actions.process import EXAMPLE_COMMAND, Hardware, ProcessData
from ffmpeg_worker.job.job import Job, JobData
from ffmpeg_worker.job.problem import Problem
from ffmpeg_worker.job.result import FilesResult, LaneReport
from ffmpeg_worker.job.result_parts import CommandLog, OutputFile, ResultModel, Stats
from ffmpeg_worker.measurements.table import AnyMeasurement


class MultiProcessData(JobData):
    """Many commands or chains that run in parallel; each is reported on its own."""

    processes: tuple[ProcessData, ...] = Field(
        min_length=1,
        max_length=MAX_PROCESSES,
        strict=False,
        fail_fast=True,
        description=f"1 to {MAX_PROCESSES} commands or chains.",
        examples=[[{"chainCmds": EXAMPLE_COMMAND, "output": "small.mp4"}]],
    )
    fuse: bool = Field(
        True,
        description="Whether commands that read the same input in the same way may decode it together.",
        examples=[True],
    )
    hardware: Hardware | None = Field(
        None, description="`hardware` of the processes that do not set it.", examples=["auto"]
    )

    def secret_values(self) -> Sequence[str]:
        """See `JobData.secret_values`."""
        return [secret for process in self.processes for secret in process.secret_values()]

    def command_secrets(self) -> Iterator[str]:
        """See `JobData.command_secrets`."""
        for process in self.processes:
            yield from process.command_secrets()


class MultiProcessJob(Job):
    """A job with action `multi_process`."""

    action: Literal["multi_process"]
    data: MultiProcessData


_EXAMPLE_PROBLEM = {
    "error": "This FFmpeg has no encoder named 'libx2645'.",
    "code": "encoder_unknown",
    "fault": "caller",
    "retryable": False,
    "where": {"process": 1, "command": 0, "argument": "-c:v"},
    "hint": "Did you mean 'libx265'?",
}


class ProcessReport(ResultModel):
    """Result of one process of `multi_process`."""

    index: int = Field(description="Index in the request, from 0.", examples=[0])
    success: bool = Field(description="Whether the process succeeded.", examples=[True])
    fused: bool | None = Field(
        None, description="It ran in one FFmpeg with others that read the same input.", examples=[True]
    )
    outputs: tuple[OutputFile, ...] = Field((), description="Delivered files of the process.", examples=[[]])
    stats: Stats | None = Field(
        None,
        description="Cost of the process.",
        examples=[
            {
                "seconds": 1.2,
                "cpu_seconds": 2.0,
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
    measurements: tuple[AnyMeasurement, ...] | None = Field(
        None, description="What the filters of its commands measured, one entry for each filter.", examples=[[]]
    )
    logs: tuple[CommandLog, ...] | None = Field(
        None, description="Logs of commands that measure, or write no file.", examples=[[]]
    )
    error: Problem | None = Field(None, description="Why the process failed.", examples=[_EXAMPLE_PROBLEM])

    @classmethod
    def from_lane(cls, index: int, lane: LaneReport) -> Self:
        """Make the report of the process at `index`."""
        if lane.problem is not None:
            return cls(index=index, success=False, error=Problem.model_validate(lane.problem))
        return cls(
            index=index,
            success=True,
            fused=lane.is_fused or None,
            outputs=lane.outputs,
            stats=lane.stats,
            warnings=lane.warnings,
            measurements=lane.measurements,
            logs=lane.logs,
        )


def all_processes_failed(reports: Sequence[Mapping[str, Any]]) -> AllProcessesFailed:
    """The error of a job of which no process succeeded, from the reports of all, as JSON.

    It has the fault that all of them have, else that of the caller; it is retryable if all of them are.
    """
    problems = [report["error"] for report in reports]
    first, faults = problems[0], {problem["fault"] for problem in problems}
    count = len(problems)
    summary = "The only process failed" if count == 1 else f"All {count} processes failed; the first one"
    error = AllProcessesFailed(
        f"{summary}: {first['error']}",
        fault=Fault(faults.pop()) if len(faults) == 1 else Fault.CALLER,
        hint=first.get("hint"),
        where=first.get("where"),
        stderr=first.get("stderr"),
    )
    error.retryable = all(problem["retryable"] for problem in problems)
    error.reports = tuple(reports)
    return error


class MultiProcessResult(FilesResult):
    """Result of `multi_process`: one report for each process, in the order of the request."""

    results: tuple[ProcessReport, ...] = Field(description="One report for each process.", examples=[[]])
    succeeded: int = Field(description="Number of processes that succeeded.", examples=[3])
    failed: int = Field(description="Number of processes that failed.", examples=[0])
    outputs: tuple[OutputFile, ...] = Field(description="Delivered files of all processes.", examples=[[]])
    warns_of_weak_sandbox = True

    @classmethod
    def from_lanes(cls, common: Mapping[str, Any], lanes: Sequence[LaneReport], stats: Stats) -> Self:
        """Make the result from one lane for each process; see `JobResult.from_lanes`.

        Raises:
            AllProcessesFailed: none succeeded.
        """
        failed = sum(lane.problem is not None for lane in lanes)
        reports = tuple(ProcessReport.from_lane(index, lane) for index, lane in enumerate(lanes))
        if failed == len(lanes):
            raise all_processes_failed([report.as_json() for report in reports])
        return cls(
            **common,
            results=reports,
            succeeded=len(lanes) - failed,
            failed=failed,
            outputs=tuple(output for lane in lanes for output in lane.outputs),
            stats=stats,
        )


MULTI_PROCESS = Action(
    name="multi_process",
    path=ACTION_PATHS["multi_process"],
    job=MultiProcessJob,
    result=MultiProcessResult,
    summary="Run many FFmpeg commands in parallel",
    request={
        "processes": [
            {"chainCmds": "-i clips/intro.mp4 -vf scale=-2:720 720p.mp4", "output": "720p.mp4"},
            {"chainCmds": "-i clips/intro.mp4 -vn -c:a libopus sound.ogg", "output": "sound.ogg"},
        ]
    },
    response={
        "job_id": JOB_ID,
        "results": [
            {"index": 0, "success": True, "outputs": [OUTPUT], "stats": STATS, "warnings": []},
            {
                "index": 1,
                "success": False,
                "outputs": [],
                "warnings": [],
                "error": {
                    "error": 'There is no input "clips/intro.mp4".',
                    "code": "source_not_found",
                    "fault": "source",
                    "retryable": False,
                },
            },
        ],
        "succeeded": 1,
        "failed": 1,
        "outputs": [OUTPUT],
        "stats": STATS,
        "warnings": [],
    },
    result_keys=frozenset({"results"}),
    has_independent_lanes=True,
)
