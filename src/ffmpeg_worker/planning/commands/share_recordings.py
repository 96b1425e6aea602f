"""Divides what a result may hold of logs and measurements among the commands of a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ffmpeg_worker.budgets import KEPT_LOG_BYTES, KEPT_MEASURED_VALUES
from ffmpeg_worker.measurements.recording import Recording
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.steps import FfmpegStep, Step


def share_recordings(lanes: Sequence[Lane]) -> tuple[Lane, ...]:
    """The same lanes, whose commands together keep what one result may hold."""
    commands = sum(isinstance(step, FfmpegStep) and step.keeps_log for lane in lanes for step in lane.steps)
    return tuple(lanes) if commands < 2 else tuple(_limit_lane(lane, commands) for lane in lanes)


def _limit_lane(lane: Lane, commands: int) -> Lane:
    fallback = None if lane.cpu_fallback is None else _limit_lane(lane.cpu_fallback, commands)
    return replace(lane, steps=tuple(_limit(step, commands) for step in lane.steps), cpu_fallback=fallback)


def _limit(step: Step, commands: int) -> Step:
    if not isinstance(step, FfmpegStep) or not step.keeps_log:
        return step
    recording: Recording = replace(
        step.recording,
        max_log_bytes=KEPT_LOG_BYTES // commands,
        max_values=KEPT_MEASURED_VALUES // commands,
    )
    return replace(step, recording=recording)
