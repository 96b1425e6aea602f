"""Runs the lanes of a job side by side: each is executed, verified and delivered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ffmpeg_worker.errors import EngineFailed, NothingSelected, WorkerError
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.secrets import redact_error
from ffmpeg_worker.logs import log, redact_var
from ffmpeg_worker.pipeline.deliver import DeliveredFiles, LaneDelivery, deliver, open_delivery
from ffmpeg_worker.pipeline.early_uploads import upload_early
from ffmpeg_worker.pipeline.execute import Executed, StepObserver, execute, ignore_step
from ffmpeg_worker.pipeline.fetch.font_folders import copy_font_folders
from ffmpeg_worker.pipeline.fetch.referenced_files import copy_key_files, copy_referenced_files
from ffmpeg_worker.pipeline.fused_run import FusedRun, RunApart
from ffmpeg_worker.pipeline.gpu_fallback import gpu_failed, is_gpu_failure, without_gpu
from ffmpeg_worker.pipeline.inspect_inputs import InspectedInputs
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.pipeline.lane_log import LaneLog
from ffmpeg_worker.pipeline.output_keys import OutputKeys
from ffmpeg_worker.pipeline.small_folders import work_on_folder
from ffmpeg_worker.pipeline.smart_cut import SmartCut
from ffmpeg_worker.pipeline.smart_render import CopiesDoNotFit, copy_frames, without_copies
from ffmpeg_worker.pipeline.split_encode import SplitEncode
from ffmpeg_worker.pipeline.step_files import summarize
from ffmpeg_worker.pipeline.verify import verify
from ffmpeg_worker.planning.plan import Fusion, Lane, Plan
from ffmpeg_worker.tasks import finish_shielded, run_all


@dataclass(frozen=True, slots=True)
class Delivered:
    """A lane whose files are at their target, with what its action adds to the result."""

    executed: Executed
    files: DeliveredFiles
    summary: dict[str, Any]


Outcome = Delivered | WorkerError
"""The end of a lane."""


async def run_lanes(context: JobContext, plan: Plan, inputs: InspectedInputs) -> list[Outcome]:
    """Run all lanes of a plan side by side, and share decoding where the plan says so.

    Where the lanes of an action are independent, the failure of one is its outcome and does not stop the others.

    Raises:
        WorkerError: the first failure of a lane, where lanes are not independent; nothing of it was delivered.
    """
    context.progress.start_lanes(len(plan.lanes))
    run = _LanesRun(context, plan, inputs)
    fused = {index for fusion in plan.fusions for index in fusion.members}
    runs = [run.run_fused(fusion) for fusion in plan.fusions]
    runs += [run.run_single(index) for index in range(len(plan.lanes)) if index not in fused]
    try:
        await run_all(runs)
    except BaseException:
        await finish_shielded(run.undo())
        raise
    return [run.outcomes[index] for index in range(len(plan.lanes))]


class _LanesRun:
    """The lanes of one job; `outcomes` has the end of each, by the number of the lane."""

    def __init__(self, context: JobContext, plan: Plan, inputs: InspectedInputs) -> None:
        self.outcomes: dict[int, Outcome] = {}
        self._context = context
        self._lanes = plan.lanes
        self._inputs = inputs
        self._keys = OutputKeys(context.upload, [artifact for lane in plan.lanes for artifact in lane.artifacts])
        self._delivered: list[LaneDelivery] = []
        self._is_independent = ACTIONS[context.read.job.action].has_independent_lanes

    async def undo(self) -> None:
        """Remove the outputs of lanes that have ended, unless another attempt at the job goes on with them."""
        if self._delivered and not await self._context.runtime.keeps_outputs():
            await asyncio.gather(*(delivery.undo() for delivery in self._delivered))

    async def run_single(self, index: int) -> None:
        await self._settle(index, self._run_lane(index))

    async def run_fused(self, fusion: Fusion) -> None:
        """Run once for all members; where that fails, each member on its own."""
        folder = await _make_folder(self._context, f"fused-{fusion.members[0]}")

        async def run(shared: Lane) -> Executed:
            for index in fusion.members:
                self._check_runnable(index)
            return await self._execute(fusion.members, shared, folder)

        async with FusedRun(self._lanes, fusion, folder, run) as fused:
            await run_all(self._settle(index, self._run_member(index, fused)) for index in fusion.members)

    async def _settle(self, index: int, run: Coroutine[Any, Any, Delivered]) -> None:
        """Await a lane; where lanes are independent, its failure becomes its outcome."""
        try:
            self.outcomes[index] = await run
        except WorkerError as error:
            if not self._is_independent:
                raise
            redact = redact_var.get()
            if redact is not None:
                redact_error(error, redact)
            log(logging.WARNING, "process failed", process=index, code=error.code, detail=error.detail)
            self._context.progress.failed(index)
            self.outcomes[index] = error.at(process=index)

    async def _run_lane(self, index: int) -> Delivered:
        """Run a lane, on the CPU where the GPU fails and the caller allows that."""
        lane = self._check_runnable(index)
        try:
            return await self._run_as_planned(index, lane, f"lane-{index}")
        except CopiesDoNotFit as error:
            log(logging.WARNING, "copied frames did not fit, rendering all", error=str(error))
            rendered = without_copies(lane, "the copied frames did not fit")
            return await self._run_as_planned(index, rendered, f"lane-{index}-rendered")
        except EngineFailed as error:
            if not lane.runs_on_gpu or not is_gpu_failure(error):
                raise
            if lane.cpu_fallback is None:
                raise gpu_failed(error) from None
            log(logging.WARNING, "the GPU failed, running on the CPU", code=error.code, detail=error.stderr)
            return await self._run_as_planned(index, without_gpu(lane.cpu_fallback, error), f"lane-{index}-cpu")

    async def _run_as_planned(self, index: int, lane: Lane, name: str) -> Delivered:
        context = self._context
        folder = await _make_folder(context, name)
        check_room = context.workspace.usage.check_room
        await copy_referenced_files(lane.referenced_files, folder, context.stores, check_room)
        await copy_font_folders(lane.font_folders, folder, context.stores, check_room)
        await copy_key_files(lane.key_info_files, folder, context.stores, check_room)
        async with open_delivery(context, self._keys, name) as delivery:
            async with upload_early(context, lane, folder, delivery) as begin_step:
                executed = await self._execute_alone(index, lane, folder, begin_step)
            return await self._finish(index, executed, delivery)

    async def _run_member(self, index: int, fused: FusedRun) -> Delivered:
        """Deliver the outputs of one member of a fused run; run it on its own where the shared run fails."""
        lane = self._lanes[index]
        try:
            async with open_delivery(self._context, self._keys, fused.name_of(index)) as delivery:
                async with upload_early(self._context, lane, fused.folder, delivery, fused.beside(index)):
                    executed = await fused.take(index)
                return await self._finish(index, executed, delivery)
        except RunApart:
            return await self._run_lane(index)

    async def _execute_alone(self, index: int, lane: Lane, folder: Path, begin_step: StepObserver) -> Executed:
        if lane.copies is not None:
            run = partial(self._execute, [index], folder=folder)
            copied = await copy_frames(self._context, lane, lane.copies, folder, run)
            if isinstance(copied, Executed):
                return copied
            lane = copied
        if lane.cut is not None:
            smart_cut = SmartCut(self._context, lane, lane.cut, folder)
            media = await self._inputs.media()
            progress = self._context.progress.of_lanes([index])
            executed = await smart_cut.execute(self._inputs.files, media, progress)
            if isinstance(executed, Executed):
                return executed
            lane = executed
        if lane.split is not None:
            progress = self._context.progress.of_lanes([index])
            split = SplitEncode(self._context, lane, lane.split, folder)
            executed = await split.execute(self._inputs.files, await self._inputs.media(), progress)
            if isinstance(executed, Executed):
                return executed
            lane = executed
        try:
            return await self._execute([index], lane, folder, begin_step)
        except NothingSelected as error:
            raise await self._inputs.explain(lane, error) from None

    async def _execute(
        self, indices: Sequence[int], lane: Lane, folder: Path, begin_step: StepObserver = ignore_step
    ) -> Executed:
        return await execute(
            self._context,
            lane,
            folder,
            expect=partial(self._inputs.expect_now, lane),
            progress=self._context.progress.of_lanes(indices),
            log=self._open_log(indices, lane),
            begin_step=begin_step,
        )

    def _open_log(self, indices: Sequence[int], lane: Lane) -> LaneLog:
        """The log of a run, which shows each of several fused lanes its own command."""
        is_fused = len(indices) > 1
        lanes = [(index, self._lanes[index] if is_fused else lane) for index in indices]
        return LaneLog(self._context.runtime.log_sink, lanes)

    async def _finish(self, index: int, executed: Executed, delivery: LaneDelivery) -> Delivered:
        """Verify and deliver a lane; its summary is built before, while all its files are in the folder."""
        self._context.progress.verifying(index)
        found = await summarize(self._context, executed.lane.summary, executed.results, executed.folder)
        lane, results = executed.lane, executed.results
        expected = await self._inputs.expect_enough(lane, results)
        expect_all = partial(self._inputs.expect, lane, [result.outputs for result in results])
        verified = await verify(self._context, executed, expected, linked=delivery.linked, expect_all=expect_all)
        self._context.progress.delivering(index)
        files = await deliver(self._context, executed, verified, delivery)
        self._delivered.append(delivery)
        return Delivered(executed, files, found)

    def _check_runnable(self, index: int) -> Lane:
        """A lane whose inputs are there, and whose outputs can be delivered as far as is known before it runs."""
        lane = self._lanes[index]
        if lane.failure is not None:
            raise lane.failure
        planned = [artifact.name for artifact in lane.artifacts if not artifact.is_optional]
        self._context.stores.target.check([self._keys.of(name) for name in planned])
        return lane


async def _make_folder(context: JobContext, name: str) -> Path:
    """Make the working directory of a lane, which has a link for every input."""
    workspace = context.workspace
    return await work_on_folder(workspace.staging, partial(workspace.lane, name))
