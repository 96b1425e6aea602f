"""The whole service: what every job goes through, in order."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.ffmpeg.probing import Prober, ProbeSession
from ffmpeg_worker.job.jobs import Job, MultiProcessJob
from ffmpeg_worker.job.lifecycle import Observer, Stage, ignore
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.logs import log
from ffmpeg_worker.pipeline.deliver import Delivered, check_targets, deliver
from ffmpeg_worker.pipeline.execute import Engine, execute, timed_out
from ffmpeg_worker.pipeline.fetch import fetch, stage_mentions
from ffmpeg_worker.pipeline.progress import JobProgress
from ffmpeg_worker.pipeline.report import make_result
from ffmpeg_worker.pipeline.verify import verify
from ffmpeg_worker.pipeline.workspace import Scratch, Workspace
from ffmpeg_worker.planning.make_plan import make_plan
from ffmpeg_worker.planning.needs import needed_sources
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.storage.storage import Stores


@dataclass(frozen=True, slots=True)
class Plant:
    """What jobs run on; opened once, shared by all jobs."""

    engine: Engine
    prober: Prober
    scratch: Scratch
    stores: Stores
    cores: int


@dataclass(slots=True)
class _Order:
    """One job on its way through the plant."""

    plant: Plant
    workspace: Workspace
    probes: ProbeSession
    progress: JobProgress
    deadline: float
    began: float = field(default_factory=time.monotonic)


async def run_job(
    plant: Plant, job: Job, job_id: str, *, timeout_s: float, observer: Observer = ignore
) -> JobResult:
    """Take a job from JSON to media.

    Args:
        plant: what it runs on.
        job: what is asked for.
        job_id: names it in logs, results and its scratch directory.
        timeout_s: seconds for all of it.
        observer: told about every progress.

    Raises:
        WorkerError: of any kind but Misconfigured; nothing of the job is left behind.
    """
    needs = needed_sources(job)
    async with plant.scratch.workspace(job_id) as workspace, plant.prober.session() as probes:
        order = _Order(plant, workspace, probes, JobProgress(observer), time.monotonic() + timeout_s)
        try:
            # ffmpeg's own limit ends first and keeps its log; the margin is for it to wind up.
            async with asyncio.timeout(timeout_s + 10):
                order.progress.enter(Stage.FETCHING)
                files = await fetch(needs, workspace, plant.stores, probes)
                plan = make_plan(job, files, cores=plant.cores)
                for lane in plan.lanes:
                    check_targets(lane, plant.stores.target)
                order.progress.start_lanes(len(plan.lanes))
                if isinstance(job, MultiProcessJob):
                    lanes = await _run_each(order, plan.lanes)
                else:
                    lanes = [await _run_lane(order, 0, plan.lanes[0])]
        except TimeoutError:
            raise timed_out(timeout_s) from None
        result = make_result(job, job_id, files, lanes, time.monotonic() - order.began)
        order.progress.finish()
        return result


async def _run_lane(order: _Order, index: int, lane: Lane) -> Delivered:
    folder = order.workspace.lane(index)
    await stage_mentions(lane.mentions, folder, order.plant.stores)
    executed = await execute(
        lane,
        index,
        engine=order.plant.engine,
        probes=order.probes,
        folder=folder,
        progress=order.progress,
        deadline=order.deadline,
    )
    produced = await verify(executed, order.probes)
    return await deliver(produced, order.plant.stores.target)


async def _run_each(order: _Order, lanes: tuple[Lane, ...]) -> list[Delivered | WorkerError]:
    """Run lanes side by side; the failure of one is its own."""

    async def one(index: int, lane: Lane) -> Delivered | WorkerError:
        try:
            return await _run_lane(order, index, lane)
        except WorkerError as error:
            log(logging.WARNING, "process failed", process=index, code=error.code, detail=error.detail)
            order.progress.advance(index, 1.0)
            return error.at(process=index)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(index, lane)) for index, lane in enumerate(lanes)]
    return [task.result() for task in tasks]
