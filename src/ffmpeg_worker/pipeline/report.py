"""The last step: what was delivered and found out becomes the answer of the action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_never

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.actions.canvas import CanvasJob, PreviewJob
from ffmpeg_worker.job.jobs import DownloadJob, Job, MultiProcessJob, ProbeJob, ProcessJob, UploadJob, VmafJob
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.result import (
    CanvasResult,
    CommandLog,
    DownloadResult,
    JobResult,
    MultiProcessResult,
    OutputFile,
    PreviewResult,
    ProbeResult,
    Problem,
    ProcessReport,
    ProcessResult,
    Stats,
    UploadResult,
    VmafResult,
)
from ffmpeg_worker.pipeline.deliver import Delivered
from ffmpeg_worker.pipeline.verify import warnings_of
from ffmpeg_worker.planning.plan import FfmpegStep, RenderStep, StepResult
from ffmpeg_worker.sandbox.level import Level

_MAX_LOG_CHARS = 8000


def make_result(
    job: Job, job_id: str, files: LocalFiles, lanes: Sequence[Delivered | WorkerError], seconds: float
) -> JobResult:
    """Make the answer of a job whose lanes have ended; `seconds` is its wall time.

    Raises:
        WorkerError: the job has one lane, and that failed.
    """
    common: dict[str, Any] = {"job_id": job_id, "metadata": job.metadata}
    if isinstance(job, MultiProcessJob):
        return _multi_process(lanes, files, seconds, common)
    lane = lanes[0]
    if isinstance(lane, WorkerError):
        raise lane
    found = lane.executed.lane.summarize(lane.executed.results)
    match job:
        case ProcessJob():
            return ProcessResult(**common, **_files_part(lane, files, seconds))
        case ProbeJob():
            return ProbeResult(**found, metadata=job.metadata)
        case VmafJob():
            part = _files_part(lane, files, seconds)
            part["warnings"] = (*found.pop("warnings", ()), *part["warnings"])
            part.pop("logs")
            return VmafResult(**common, **part, **found)
        case CanvasJob() | PreviewJob():
            part = _files_part(lane, files, seconds)
            part.pop("logs")
            drawn = CanvasResult if isinstance(job, CanvasJob) else PreviewResult
            return drawn(**common, **part, **found)
        case DownloadJob() | UploadJob():
            part = _files_part(lane, files, seconds)
            part.pop("logs")
            kind = DownloadResult if isinstance(job, DownloadJob) else UploadResult
            return kind(**common, **part)
        case _:
            assert_never(job)


_WEAKER = {
    Level.DEGRADED: "This worker confines jobs only in part: its operator has allowed that.",
    Level.OFF: "This worker does not confine jobs: its operator has switched that off.",
}


def mark_weakness(result: JobResult, level: Level) -> JobResult:
    """The same result, saying so where its job was not confined in full."""
    if level not in _WEAKER:
        return result
    update: dict[str, Any] = {"sandbox": level.value}
    if isinstance(result, ProcessResult | MultiProcessResult | VmafResult):
        update["warnings"] = (*result.warnings, _WEAKER[level])
    return result.model_copy(update=update)


def _files_part(lane: Delivered, files: LocalFiles, seconds: float) -> dict[str, Any]:
    executed = lane.executed
    told = dict.fromkeys(warning for result in executed.results for warning in result.warnings)
    return {
        "outputs": lane.outputs,
        "stats": _stats([lane], files, seconds),
        "warnings": (*executed.lane.warnings, *told, *warnings_of(executed.problems), *lane.warnings),
        "logs": _logs(lane),
    }


def _multi_process(
    lanes: Sequence[Delivered | WorkerError], files: LocalFiles, seconds: float, common: dict[str, Any]
) -> MultiProcessResult:
    reports = tuple(_report(index, lane, files) for index, lane in enumerate(lanes))
    ended_well = [lane for lane in lanes if isinstance(lane, Delivered)]
    return MultiProcessResult(
        **common,
        results=reports,
        succeeded=len(ended_well),
        failed=len(lanes) - len(ended_well),
        outputs=tuple(output for lane in ended_well for output in lane.outputs),
        stats=_stats(ended_well, files, seconds),
    )


def _report(index: int, lane: Delivered | WorkerError, files: LocalFiles) -> ProcessReport:
    if isinstance(lane, WorkerError):
        return ProcessReport(index=index, success=False, error=Problem(**lane.as_problem()))
    seconds = sum(result.seconds for result in lane.executed.results)
    fused = True if lane.executed.is_fused else None
    return ProcessReport(index=index, success=True, fused=fused, **_files_part(lane, files, seconds))


def _stats(lanes: Sequence[Delivered], files: LocalFiles, seconds: float) -> Stats:
    results = [result for lane in lanes for result in lane.executed.results]
    makers = [result for lane in lanes for result in _makers(lane)]
    made_s = sum(result.out_time_s or 0.0 for result in makers)
    frames = [result.frames for result in makers if result.frames is not None]
    outputs: list[OutputFile] = [output for lane in lanes for output in lane.outputs]
    return Stats(
        seconds=round(seconds, 3),
        speed=round(made_s / seconds, 2) if made_s and seconds else None,
        frames=sum(frames) if frames else None,
        cpu_seconds=round(sum(result.cpu_seconds for result in results), 3),
        input_bytes=sum(file.size for file in files.by_key.values()),
        output_bytes=sum(output.size for output in outputs),
    )


def _makers(lane: Delivered) -> Sequence[StepResult]:
    """What made frames; where they were drawn, whoever put them together counts the same ones again."""
    pairs = zip(lane.executed.lane.steps, lane.executed.results, strict=True)
    drawn = [result for step, result in pairs if isinstance(step, RenderStep)]
    return drawn or lane.executed.results


def _logs(lane: Delivered) -> tuple[CommandLog, ...] | None:
    steps = lane.executed.lane.steps
    logs = tuple(
        CommandLog(command=step.command, log=result.log[-_MAX_LOG_CHARS:])
        for step, result in zip(steps, lane.executed.results, strict=True)
        if isinstance(step, FfmpegStep) and step.show_log
    )
    return logs or None
