"""The whole service: what every job goes through, in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

from ffmpeg_worker.errors import EngineTimedOut, WorkerError
from ffmpeg_worker.job.actions.canvas import CanvasJob
from ffmpeg_worker.job.actions.canvas_preview import PreviewJob
from ffmpeg_worker.job.actions.multi_process import MultiProcessJob
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.lifecycle import Observer, Stage, ignore_event
from ffmpeg_worker.job.machine import NO_GPU
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.job.secrets import find_secrets, make_redaction, redact_error
from ffmpeg_worker.logs import redact_var
from ffmpeg_worker.pipeline.fetch import fetch
from ffmpeg_worker.pipeline.informed_plan import open_plan
from ffmpeg_worker.pipeline.output_keys import OutputKeys
from ffmpeg_worker.pipeline.progress import JobProgress
from ffmpeg_worker.pipeline.report import make_result
from ffmpeg_worker.pipeline.run_lanes import Order, WorkerResources, run_each_lane, run_only_lane
from ffmpeg_worker.planning.hardware.explicit_hardware import check_hardware_available, needs_gpu
from ffmpeg_worker.planning.required_inputs import find_required_inputs
from ffmpeg_worker.storage.stores import Stores
from ffmpeg_worker.tasks import cancel_and_wait

_KNOCK_S = 10.0


async def run_job(
    plant: WorkerResources, job: Job, job_id: str, *, timeout_s: float, observer: Observer = ignore_event
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
    redact = make_redaction(find_secrets(job))
    token = redact_var.set(redact)
    try:
        return await _run(plant, job, job_id, timeout_s, JobProgress(observer))
    except WorkerError as error:
        raise redact_error(error, redact) from None
    finally:
        redact_var.reset(token)


async def _run(
    plant: WorkerResources, job: Job, job_id: str, timeout_s: float, progress: JobProgress
) -> JobResult:
    began = time.monotonic()
    needs = find_required_inputs(job, option_policy=plant.option_policy)
    gpu = await plant.gpu.gpu() if needs_gpu(job) else NO_GPU
    check_hardware_available(job, gpu)
    if isinstance(job, CanvasJob | PreviewJob):
        plant.engine.renderer.demand()
        await plant.engine.renderer.begin()
    is_many = isinstance(job, MultiProcessJob)
    upload = plant.depot.destination(job, job_id)
    stores = await plant.depot.stores(upload)
    async with (
        plant.scratch.workspace(job_id) as workspace,
        plant.prober.session(workspace.jail, deadline=began + timeout_s) as probes,
    ):
        progress.enter(Stage.FETCHING)
        try:
            async with asyncio.timeout(timeout_s), _knocking(stores):
                files = await fetch(
                    needs,
                    workspace,
                    stores,
                    open_meter=partial(progress.receiving, plant.check_input_bytes),
                    all_or_none=not is_many,
                )
        except TimeoutError:
            raise _timed_out(timeout_s) from None
        async with open_plan(
            job,
            files,
            needs,
            probes,
            cores=plant.cores,
            option_policy=plant.option_policy,
            gpu=gpu,
            draws_ass="ass" in plant.engine.tools.capabilities.filters,
        ) as informed:
            progress.start_lanes(len(informed.plan.lanes))
            artifacts = [artifact for lane in informed.plan.lanes for artifact in lane.artifacts]
            order = Order(
                plant,
                stores,
                OutputKeys(upload, artifacts),
                workspace,
                probes,
                progress,
                informed,
                deadline=began + timeout_s,
            )
            lanes = await (run_each_lane(order) if is_many else run_only_lane(order))
        result = make_result(job, job_id, files, lanes, time.monotonic() - began)
        progress.finish()
        return result.with_sandbox_note(plant.engine.tools.sandbox.level)


@asynccontextmanager
async def _knocking(stores: Stores) -> AsyncIterator[None]:
    """Learn meanwhile whether the outputs could be delivered at all: before the work, not after it.

    Raises:
        TargetError, AddressNotAllowed: they could not.
    """
    preflight = asyncio.ensure_future(stores.target.preflight())
    try:
        yield
        with suppress(TimeoutError):
            try:
                await asyncio.wait_for(preflight, _KNOCK_S)
            except WorkerError as error:
                raise error.at(field="upload") from None
    finally:
        await cancel_and_wait(preflight)


def _timed_out(timeout_s: float) -> EngineTimedOut:
    return EngineTimedOut(
        f"The time for the job, {timeout_s:g} s, was used up while its inputs were fetched.",
        hint='Allow more with "timeout".',
    )
