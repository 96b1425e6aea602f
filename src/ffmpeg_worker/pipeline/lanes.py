"""Lanes of a job: one on its own, or all side by side, sharing a decode where the plan says so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import Any

from ffmpeg_worker.errors import EngineFailed, TargetError, WorkerError
from ffmpeg_worker.ffmpeg.probing import Prober, ProbeSession
from ffmpeg_worker.logs import log
from ffmpeg_worker.pipeline.deliver import Delivered, check_targets, deliver
from ffmpeg_worker.pipeline.execute import Engine, Executed, execute
from ffmpeg_worker.pipeline.fetch import keys_named, stage_mentions
from ffmpeg_worker.pipeline.informed_plan import InformedPlan
from ffmpeg_worker.pipeline.progress import JobProgress
from ffmpeg_worker.pipeline.verify import verify
from ffmpeg_worker.pipeline.workspace import Scratch, Workspace
from ffmpeg_worker.planning.plan import Fusion, Lane
from ffmpeg_worker.storage.storage import Stores

Outcome = Delivered | WorkerError


@dataclass(frozen=True, slots=True)
class Plant:
    """What jobs run on; opened once, shared by all jobs. `cores` is what one step may use."""

    engine: Engine
    prober: Prober
    scratch: Scratch
    stores: Stores
    cores: int


@dataclass(frozen=True, slots=True)
class Order:
    """One job on its way through the plant; `deadline` is of the monotonic clock."""

    plant: Plant
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
    folder = order.workspace.lane(f"lane-{index}")
    await stage_mentions(lane.mentions, folder, order.plant.stores)
    await stage_mentions(keys_named(lane.key_infos, folder), folder, order.plant.stores)
    order.workspace.jail.lend(folder)
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
    return await _finish(order, index, executed)


def _runnable(order: Order, index: int) -> Lane:
    """A lane that nothing speaks against, as far as is known before it runs.

    Raises:
        WorkerError: an input is not there, or an output could not be delivered.
    """
    lane = order.informed.plan.lanes[index]
    if lane.failure is not None:
        raise lane.failure
    check_targets(lane, order.plant.stores.target)
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
    order.workspace.jail.lend(folder)
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
    (finding,) = executed.findings
    share = replace(finding, cpu_seconds=finding.cpu_seconds / len(fusion.members), frames=None)
    shared = replace(executed, findings=(share,), is_fused=True)
    return {index: await _outcome(order, index, _finish(order, index, shared)) for index in fusion.members}


async def _finish(order: Order, index: int, executed: Executed) -> Delivered:
    lane = await order.informed.lane(index)
    produced = await verify(replace(executed, lane=lane), order.probes, order.workspace.jail)
    return await deliver(produced, order.plant.stores.target)


async def _outcome(order: Order, index: int, run: Coroutine[Any, Any, Delivered]) -> Outcome:
    try:
        return await run
    except WorkerError as error:
        log(logging.WARNING, "process failed", process=index, code=error.code, detail=error.detail)
        order.progress.of_lanes([index])(1.0, None)
        return error.at(process=index)
