"""The last step: what was delivered and found out becomes the answer of the action."""

from __future__ import annotations

from collections.abc import Sequence

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.lane_report import LaneReport
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.problem import record_error
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.job.result_parts import CommandLog, OutputFile, Stats
from ffmpeg_worker.pipeline.deliver import Delivered
from ffmpeg_worker.pipeline.verify import warnings_of
from ffmpeg_worker.planning.plan import FfmpegStep, RenderStep, StepResult

_MAX_LOG_CHARS = 8000


def make_result(
    job: Job, job_id: str, files: LocalFiles, lanes: Sequence[Delivered | WorkerError], seconds: float
) -> JobResult:
    """Make the result of a job whose lanes have ended; `seconds` is its wall time.

    Raises:
        WorkerError: the job has one lane, and that failed.
    """
    delivered = [lane for lane in lanes if isinstance(lane, Delivered)]
    return ACTIONS[job.action].result.from_lanes(
        {"job_id": job_id, "metadata": job.metadata},
        [_report(lane, files) for lane in lanes],
        _stats(delivered, files, seconds),
    )


def _report(lane: Delivered | WorkerError, files: LocalFiles) -> LaneReport:
    if isinstance(lane, WorkerError):
        return LaneReport(problem=record_error(lane))
    executed = lane.executed
    told = dict.fromkeys(warning for result in executed.results for warning in result.warnings)
    return LaneReport(
        outputs=lane.outputs,
        stats=_stats([lane], files, sum(result.seconds for result in executed.results)),
        warnings=(*executed.lane.warnings, *told, *warnings_of(executed.problems), *lane.warnings),
        logs=_logs(lane),
        summary=executed.lane.summarize(executed.results),
        is_fused=executed.is_fused,
    )


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
