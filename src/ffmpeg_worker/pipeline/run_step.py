"""Runs one step of a lane, of whatever kind it is."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import assert_never

from ffmpeg_worker.ffmpeg.progress import Progress
from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.pipeline.join_packets import join
from ffmpeg_worker.pipeline.lane_log import LaneLog
from ffmpeg_worker.pipeline.progress import FractionReport, Pace, step_fraction
from ffmpeg_worker.pipeline.quota import size_of
from ffmpeg_worker.pipeline.render import render
from ffmpeg_worker.pipeline.render_answer import measure_scene, render_still
from ffmpeg_worker.pipeline.run_command import CommandRunner
from ffmpeg_worker.pipeline.step_files import build_apart
from ffmpeg_worker.planning.expectations import Expectations
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.step_result import StepResult
from ffmpeg_worker.planning.steps import (
    ComputeStep,
    CopyStep,
    FfmpegStep,
    JoinStep,
    MeasureStep,
    ProbeStep,
    RenderStep,
    RunnableStep,
    StillStep,
)


class StepRunner:
    """Runs steps of a lane in its `folder`; `expect` tells what is known by now of the lengths of its outputs."""

    def __init__(
        self, context: JobContext, lane: Lane, folder: Path, expect: Callable[[], Expectations], log: LaneLog
    ) -> None:
        self._context = context
        self._folder = folder
        self._expect = expect
        verified = [artifact.work_name for artifact in lane.artifacts if artifact.is_media]
        self._command = CommandRunner(context, folder, lane.display_names, log, verified)
        self._is_alone = lane.side_by_side is None

    async def run(self, step: RunnableStep, name: str, share: FractionReport) -> StepResult:
        """Run a step, and mark it as done under its name; `share` receives its progress.

        Raises:
            WorkerError: why it failed.
        """
        self._context.workspace.hand_over(self._folder)
        result = await self._run(step, share)
        self._context.workspace.mark_done(name)
        return result

    async def _run(  # noqa: PLR0911 - one line for each kind of step
        self, step: RunnableStep, share: FractionReport
    ) -> StepResult:
        match step:
            case FfmpegStep():
                return await self._command.run(step, partial(self._report, step, share), is_alone=self._is_alone)
            case RenderStep():
                return await render(step, self._command, share)
            case JoinStep():
                return await join(step, self._command, self._context.probes, share)
            case StillStep():
                return await render_still(step, self._command)
            case MeasureStep():
                return await measure_scene(step, self._command)
            case ProbeStep():
                return await self._probe(step)
            case CopyStep():
                return await self._copy(step)
            case ComputeStep():
                return await self._compute(step)
            case _:
                assert_never(step)

    def _report(self, step: FfmpegStep, share: FractionReport, report: Progress) -> None:
        if not self._context.progress.is_watched:
            return
        expected_s = step.expected_s or self._expect().estimate(step.command)
        share(step_fraction(report, expected_s), Pace(report.speed, report.fps, is_open_ended=not expected_s))

    async def _probe(self, step: ProbeStep) -> StepResult:
        path = self._folder / STAGING_FOLDER / step.staged
        by_range, probes = self._context.by_range, self._context.probes
        if probes.needs_whole_file(step.options):
            await by_range.complete(step.staged)
            by_range.show_complete(self._folder)
        document = await by_range.read(step.staged, lambda file: probes.probe(path, step.options, file))
        if isinstance(document.get("format"), Mapping):
            document["format"] = {**document["format"], "filename": step.display_name}
        await self._command.write(step.result_file, json.dumps(document).encode())
        return StepResult()

    async def _compute(self, step: ComputeStep) -> StepResult:
        began = time.monotonic()
        answer = await build_apart(self._context, step.build, (), step.reads, self._folder)
        await self._command.write(step.result_file, json.dumps(answer).encode())
        return StepResult(seconds=time.monotonic() - began)

    async def _copy(self, step: CopyStep) -> StepResult:
        """Copy the file, since the staged one may be the caller's own, which stays in its place."""
        began = time.monotonic()
        await self._context.by_range.complete(step.staged)
        self._context.by_range.show_complete(self._folder)
        source, target = self._folder / STAGING_FOLDER / step.staged, self._folder / step.work_name
        with suppress(FileNotFoundError):  # copying fails, too
            size = size_of(source.stat())
            self._context.resources.quota.check_copy(size)
            self._context.workspace.usage.add_copy(size)
        await asyncio.to_thread(shutil.copyfile, source, target)
        self._context.workspace.jail.hand_over_file(target)
        return StepResult(seconds=time.monotonic() - began)
