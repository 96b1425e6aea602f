"""Lanes of a job: one on its own, or all side by side, sharing a decode where the plan says so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ffmpeg_worker.errors import EngineFailed, SourceTooLarge, TargetError, WorkerError
from ffmpeg_worker.ffmpeg.gpu import GpuTrial
from ffmpeg_worker.ffmpeg.probe.prober import Prober, ProbeSession
from ffmpeg_worker.job.secrets import redact_error
from ffmpeg_worker.logs import log, redact_var
from ffmpeg_worker.pipeline.command_run import Engine
from ffmpeg_worker.pipeline.deliver import Delivered, LaneDelivery, check_targets, open_delivery
from ffmpeg_worker.pipeline.execute import Executed, execute
from ffmpeg_worker.pipeline.fetch import check_key_files, copy_referenced_files, find_key_files
from ffmpeg_worker.pipeline.gpu_fallback import gpu_failed, is_gpu_failure, without_gpu
from ffmpeg_worker.pipeline.informed_plan import InformedPlan
from ffmpeg_worker.pipeline.output_keys import OutputKeys
from ffmpeg_worker.pipeline.progress import JobProgress
from ffmpeg_worker.pipeline.upload_segments import upload_segments
from ffmpeg_worker.pipeline.verify import verify
from ffmpeg_worker.pipeline.workspace import Scratch, Workspace
from ffmpeg_worker.planning.plan import Fusion, Lane
from ffmpeg_worker.storage.resolve_stores import StoreResolver
from ffmpeg_worker.storage.stores import Stores

Outcome = Delivered | WorkerError


@dataclass(frozen=True, slots=True)
class WorkerResources:
    """What jobs run on; opened once, shared by all jobs.

    `cores` is what one step may use, `max_input_bytes` what all downloads of a job may be together;
    `gpu` knows the card, `option_policy` says whether the arguments of commands are judged.
    """

    engine: Engine
    prober: Prober
    scratch: Scratch
    depot: StoreResolver
    cores: int
    max_input_bytes: int
    gpu: GpuTrial
    option_policy: bool = True

    def check_input_bytes(self, count: int) -> None:
        """Refuse a job whose downloads are too large together.

        Raises:
            SourceTooLarge: they are.
        """
        if count > self.max_input_bytes:
            raise SourceTooLarge(
                f"The inputs of this job are larger together than the {self.max_input_bytes} bytes "
                "that this worker takes.",
                hint="Send fewer or smaller files; the operator's limit is FFMPEG_WORKER_MAX_JOB_INPUT_BYTES.",
            )


@dataclass(frozen=True, slots=True)
class Order:
    """One job on its way through the plant; `deadline` is of the monotonic clock."""

    plant: WorkerResources
    stores: Stores
    naming: OutputKeys
    workspace: Workspace
    probes: ProbeSession
    progress: JobProgress
    informed: InformedPlan
    deadline: float


async def run_only_lane(order: Order) -> list[Outcome]:
    """Run the one lane of a job.

    Raises:
        WorkerError: nothing of it was delivered.
    """
    return [await _run_lane(order, 0)]


async def _run_lane(order: Order, index: int) -> Delivered:
    lane = _runnable(order, index)
    try:
        return await _run_as_planned(order, index, lane, order.workspace.lane(f"lane-{index}"))
    except EngineFailed as error:
        if not lane.runs_on_gpu or not is_gpu_failure(error):
            raise
        if lane.instead is None:
            raise gpu_failed(error) from None
        log(logging.WARNING, "the card failed, running on the CPU", code=error.code, detail=error.stderr)
        instead = without_gpu(lane.instead, error)
        return await _run_as_planned(order, index, instead, order.workspace.lane(f"lane-{index}-cpu"))


async def _run_as_planned(order: Order, index: int, lane: Lane, folder: Path) -> Delivered:
    await copy_referenced_files(lane.mentions, folder, order.stores)
    check_key_files(lane.key_infos, folder)
    await copy_referenced_files(find_key_files(lane.key_infos, folder), folder, order.stores)
    order.workspace.jail.hand_over(folder)
    async with _delivery(order, index) as delivery:
        is_early = order.stores.target.accepts_early
        async with upload_segments(lane, folder, delivery) if is_early else nullcontext():
            executed = await execute(
                lane,
                folder,
                order.workspace.jail,
                engine=order.plant.engine,
                probes=order.probes,
                expected_s=lambda step: order.informed.expected_s(index, step),
                progress=order.progress.of_lanes([index]),
                deadline=order.deadline,
            )
        return await _finish(order, index, executed, delivery)


def _delivery(order: Order, index: int) -> AbstractAsyncContextManager[LaneDelivery]:
    early = order.workspace.root / f"sent-{index}"
    return open_delivery(order.stores.target, order.naming, early, order.progress.sending())


def _runnable(order: Order, index: int) -> Lane:
    """A lane that nothing speaks against, as far as is known before it runs.

    Raises:
        WorkerError: an input is not there, or an output could not be delivered.
    """
    lane = order.informed.plan.lanes[index]
    if lane.failure is not None:
        raise lane.failure
    check_targets(lane, order.stores.target, order.naming)
    return lane


async def run_each_lane(order: Order) -> list[Outcome]:
    """Run all lanes side by side; the failure of one is its own and does not stop the others."""
    plan = order.informed.plan
    fused = {index for fusion in plan.fusions for index in fusion.members}
    outcomes: dict[int, Outcome] = {}

    async def alone(index: int) -> None:
        outcomes[index] = await _outcome(order, index, _run_lane(order, index))

    async def together(fusion: Fusion) -> None:
        outcomes.update(await _run_fused(order, fusion))

    async with asyncio.TaskGroup() as group:
        for fusion in plan.fusions:
            group.create_task(together(fusion))
        for index in range(len(plan.lanes)):
            if index not in fused:
                group.create_task(alone(index))
    return [outcomes[index] for index in range(len(plan.lanes))]


async def _run_fused(order: Order, fusion: Fusion) -> dict[int, Outcome]:
    """One run for all members; where that fails, each member on its own, so that each has its own error."""
    folder = order.workspace.lane(f"fused-{fusion.members[0]}")
    order.workspace.jail.hand_over(folder)
    try:
        for index in fusion.members:
            _runnable(order, index)
        executed = await execute(
            replace(order.informed.plan.lanes[fusion.members[0]], steps=(fusion.step,)),
            folder,
            order.workspace.jail,
            engine=order.plant.engine,
            probes=order.probes,
            expected_s=lambda step: order.informed.expected_s(fusion.members[0], step),
            progress=order.progress.of_lanes(fusion.members),
            deadline=order.deadline,
        )
    except (EngineFailed, TargetError) as error:
        log(logging.INFO, "fused run failed, running its processes apart", code=error.code)
        runs = [_outcome(order, index, _run_lane(order, index)) for index in fusion.members]
        return dict(zip(fusion.members, await asyncio.gather(*runs), strict=True))
    except WorkerError as error:
        return {index: error.copy().at(process=index) for index in fusion.members}
    (result,) = executed.results
    share = replace(result, cpu_seconds=result.cpu_seconds / len(fusion.members), frames=None)
    shared = replace(executed, results=(share,), is_fused=True)
    ends = [_outcome(order, index, _finish_fused(order, index, shared)) for index in fusion.members]
    return dict(zip(fusion.members, await asyncio.gather(*ends), strict=True))


async def _finish_fused(order: Order, index: int, executed: Executed) -> Delivered:
    async with _delivery(order, index) as delivery:
        return await _finish(order, index, executed, delivery)


async def _finish(order: Order, index: int, executed: Executed, delivery: LaneDelivery) -> Delivered:
    planned = await order.informed.lane(index)
    # What ran on the CPU instead of the card has its own plan, made when all lengths were known.
    ran_instead = planned.instead is not None and not executed.lane.runs_on_gpu and not executed.is_fused
    informed = executed if ran_instead else replace(executed, lane=planned)
    async for produced in verify(informed, order.probes, order.workspace.jail, linked=delivery.linked):
        delivery.send(produced)
    order.progress.delivering(index)
    return await delivery.finish(informed, deadline=order.deadline)


async def _outcome(order: Order, index: int, run: Coroutine[Any, Any, Delivered]) -> Outcome:
    try:
        return await run
    except WorkerError as error:
        redact = redact_var.get()
        if redact is not None:
            redact_error(error, redact)
        log(logging.WARNING, "process failed", process=index, code=error.code, detail=error.detail)
        order.progress.of_lanes([index])(1.0, None)
        return error.at(process=index)
