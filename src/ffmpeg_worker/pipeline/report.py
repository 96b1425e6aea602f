"""The last stage: makes the result of a job from what its lanes delivered and measured."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.problem import record_error
from ffmpeg_worker.job.result import JobResult, LaneReport
from ffmpeg_worker.job.result_parts import CommandLog, Stats
from ffmpeg_worker.pipeline.inputs_by_range import InputsByRange
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.pipeline.run_lanes import Delivered, Outcome
from ffmpeg_worker.planning.step_result import StepResult
from ffmpeg_worker.planning.steps import FfmpegStep, JoinStep, RenderStep

_MAX_REPORTED_PROBLEMS = 5


def make_result(context: JobContext, files: LocalFiles, outcomes: Sequence[Outcome]) -> JobResult:
    """Make the result of a job whose lanes have ended.

    Raises:
        WorkerError: the action reports no failed lanes, and one failed.
    """
    job = context.read.job
    seconds = time.monotonic() - context.began
    reports = [_report(outcome, files, context.by_range) for outcome in outcomes]
    delivered = [outcome for outcome in outcomes if isinstance(outcome, Delivered)]
    common = {"job_id": context.runtime.job_id, "metadata": job.metadata}
    result = ACTIONS[job.action].result.from_lanes(
        common, reports, _stats(delivered, files, seconds, context.by_range)
    )
    context.progress.finish()
    return result.with_warnings(job.notes).with_sandbox_note(context.resources.tools.sandbox.level.value)


def _report(outcome: Outcome, files: LocalFiles, by_range: InputsByRange) -> LaneReport:
    if isinstance(outcome, WorkerError):
        return LaneReport(problem=record_error(outcome))
    executed = outcome.executed
    warnings = (
        *executed.lane.warnings,
        *dict.fromkeys(warning for result in executed.results for warning in result.warnings),
        *(f"FFmpeg reported: {problem}" for problem in executed.problems[:_MAX_REPORTED_PROBLEMS]),
        *outcome.files.warnings,
    )
    return LaneReport(
        outputs=outcome.files.outputs,
        stats=_stats([outcome], files, sum(result.seconds for result in executed.results), by_range),
        warnings=warnings,
        logs=_logs(outcome),
        measurements=tuple(one for result in executed.results for one in result.measurements) or None,
        summary=outcome.summary,
        is_fused=executed.is_fused,
    )


def _stats(lanes: Sequence[Delivered], files: LocalFiles, seconds: float, by_range: InputsByRange) -> Stats:
    inputs = files.by_key.values()
    results = [result for lane in lanes for result in lane.executed.results]
    counted = [result for lane in lanes for result in _counted_results(lane)]
    media_s = sum(result.out_time_s or 0.0 for result in counted)
    frames = [result.frames for result in counted if result.frames is not None]
    copied = [result.copied_frames for result in counted if result.copied_frames is not None]
    encoded = [result.encoded_frames for result in counted if result.encoded_frames is not None]
    return Stats(
        seconds=round(seconds, 3),
        speed=round(media_s / seconds, 2) if media_s and seconds else None,
        frames=sum(frames) if frames else None,
        copied_frames=sum(copied) if copied else None,
        encoded_frames=sum(encoded) if encoded else None,
        cpu_seconds=round(sum(result.cpu_seconds for result in results), 3),
        input_bytes=by_range.fetched_bytes + sum(file.size for file in inputs if not file.by_range),
        source_bytes=by_range.size_beside({file.staged for file in inputs}) + sum(file.size for file in inputs),
        inputs_by_range=len(by_range),
        output_bytes=sum(output.size for lane in lanes for output in lane.files.outputs),
    )


def _counted_results(lane: Delivered) -> Sequence[StepResult]:
    """Results whose frames count; where frames were rendered or joined, other steps only store the same ones."""
    pairs = zip(lane.executed.lane.steps, lane.executed.results, strict=True)
    rendered = [result for step, result in pairs if isinstance(step, RenderStep | JoinStep)]
    return rendered or lane.executed.results


def _logs(lane: Delivered) -> tuple[CommandLog, ...] | None:
    logs = tuple(
        CommandLog(command=step.command, log=result.log, stdout=result.stdout, truncated=result.is_log_cut)
        for step, result in zip(lane.executed.lane.steps, lane.executed.results, strict=True)
        if isinstance(step, FfmpegStep) and step.keeps_log
    )
    return logs or None
