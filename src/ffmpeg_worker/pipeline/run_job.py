"""The whole service: what every job goes through, in order."""

from __future__ import annotations

import asyncio
import time

from ffmpeg_worker.errors import EngineTimedOut
from ffmpeg_worker.job.jobs import Job, MultiProcessJob
from ffmpeg_worker.job.lifecycle import Observer, Stage, ignore
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.pipeline.fetch import fetch
from ffmpeg_worker.pipeline.informed_plan import open_plan
from ffmpeg_worker.pipeline.lanes import Order, Plant, run_each_lane, run_only_lane
from ffmpeg_worker.pipeline.progress import JobProgress
from ffmpeg_worker.pipeline.report import make_result, mark_weakness
from ffmpeg_worker.planning.needs import needed_sources


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
    began = time.monotonic()
    progress = JobProgress(observer)
    needs = needed_sources(job)
    is_many = isinstance(job, MultiProcessJob)
    async with plant.scratch.workspace(job_id) as workspace, plant.prober.session(workspace.jail) as probes:
        progress.enter(Stage.FETCHING)
        try:
            async with asyncio.timeout(timeout_s):
                files = await fetch(needs, workspace, plant.stores, all_or_none=not is_many)
        except TimeoutError:
            raise _timed_out(timeout_s) from None
        async with open_plan(job, files, needs, probes, cores=plant.cores) as informed:
            progress.start_lanes(len(informed.plan.lanes))
            order = Order(plant, workspace, probes, progress, informed, deadline=began + timeout_s)
            lanes = await (run_each_lane(order) if is_many else run_only_lane(order))
        result = make_result(job, job_id, files, lanes, time.monotonic() - began)
        progress.finish()
        return mark_weakness(result, plant.engine.tools.sandbox.level)


def _timed_out(timeout_s: float) -> EngineTimedOut:
    return EngineTimedOut(
        f"The time for the job, {timeout_s:g} s, was used up while its inputs were fetched.",
        hint='Allow more with "timeout".',
    )
