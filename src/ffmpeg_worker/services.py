"""The composition root: from settings to everything that runs jobs, opened and closed in one place."""

from __future__ import annotations

import asyncio
import importlib
import logging
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ffmpeg_worker.errors import JobCancelled, JobInterrupted, QueueFull, WorkerError
from ffmpeg_worker.ffmpeg.gpu import GpuTrial, find_gpu_devices
from ffmpeg_worker.ffmpeg.probe.prober import Prober
from ffmpeg_worker.ffmpeg.tools import Tools, open_tools
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.lifecycle import Observer, ignore
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.logs import job_id_var, log
from ffmpeg_worker.pipeline.command_run import Engine
from ffmpeg_worker.pipeline.quota import Quota
from ffmpeg_worker.pipeline.renderer_process import RendererSpawner, find_missing_packages
from ffmpeg_worker.pipeline.run_job import run_job
from ffmpeg_worker.pipeline.run_lanes import WorkerResources
from ffmpeg_worker.pipeline.workspace import Scratch, open_scratch
from ffmpeg_worker.sandbox.sandbox import open_sandbox
from ffmpeg_worker.settings import Settings, pop_store_credentials
from ffmpeg_worker.storage.default_bucket import default_bucket
from ffmpeg_worker.storage.local.source import LocalStorage
from ffmpeg_worker.storage.resolve_stores import StoreResolver
from ffmpeg_worker.tasks import cancel_and_wait

if TYPE_CHECKING:
    from ffmpeg_worker.storage.remote_stores import RemoteStores


@dataclass(slots=True)
class JobCounters:
    """What happened since the start, for `/metrics`."""

    by_outcome: dict[tuple[str, str], int] = field(default_factory=dict)
    """Jobs by action and outcome (`succeeded`, or the code of the error)."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall seconds of all jobs by action."""


@dataclass(slots=True)
class Services:
    """A running worker. Doors parse a job, call `run`, and translate what comes back."""

    settings: Settings
    tools: Tools
    prober: Prober
    plant: WorkerResources
    counters: JobCounters = field(default_factory=JobCounters)
    active: int = 0
    closing: bool = False
    _tasks: set[asyncio.Task[JobResult]] = field(default_factory=set)

    async def run(self, job: Job, *, job_id: str | None = None, observer: Observer = ignore) -> JobResult:
        """Run a job to its end. Cancelling the caller stops the job.

        Raises:
            WorkerError: why it failed; QueueFull when too many wait; JobInterrupted when the worker closes.
        """
        if self.closing:
            raise JobInterrupted("The worker is shutting down and takes no more jobs.", hint="Send it again.")
        if self.active >= self.settings.max_concurrency + self.settings.max_waiting_jobs:
            raise QueueFull(
                f"{self.active} jobs are running or waiting; the worker takes no more.", hint="Try again later."
            )
        job_id = job_id or new_job_id()
        token = job_id_var.set(job_id)
        self.active += 1
        try:
            return await self._run_task(job, job_id, observer)
        finally:
            self.active -= 1
            job_id_var.reset(token)

    async def _run_task(self, job: Job, job_id: str, observer: Observer) -> JobResult:
        """Run in a task of its own, so that closing the worker can stop it."""
        timeout_s = min(job.timeout or self.settings.default_timeout_s, self.settings.max_timeout_s)
        began = time.monotonic()
        outcome = "worker_error"
        task = asyncio.ensure_future(run_job(self.plant, job, job_id, timeout_s=timeout_s, observer=observer))
        self._tasks.add(task)
        try:
            result = await task
            outcome = "succeeded"
        except asyncio.CancelledError:
            outcome = "interrupted" if self.closing else JobCancelled.code
            if self.closing:
                raise JobInterrupted("The worker is shutting down.", hint="Send the job again.") from None
            raise
        except WorkerError as error:
            outcome = error.code
            raise
        finally:
            self._tasks.discard(task)
            self._count(job.action, outcome, time.monotonic() - began)
        return result

    def _count(self, action: str, outcome: str, seconds: float) -> None:
        key = (action, outcome)
        self.counters.by_outcome[key] = self.counters.by_outcome.get(key, 0) + 1
        self.counters.seconds[action] = self.counters.seconds.get(action, 0.0) + seconds
        log(logging.INFO, "job ended", action=action, outcome=outcome, seconds=round(seconds, 3))

    async def stop_jobs(self) -> None:
        """Take no more jobs and stop those that run; returns when their ffmpegs are gone."""
        self.closing = True
        await cancel_and_wait(*self._tasks)


def new_job_id() -> str:
    """A fresh id, unguessable."""
    return str(uuid.uuid4())


def _open_depot(settings: Settings, scratch: Scratch, stack: AsyncExitStack) -> StoreResolver:
    own_variables = pop_store_credentials()

    async def open_late() -> RemoteStores:
        # Loading the HTTP client and the stores takes as long as the rest of the start.
        module = await asyncio.to_thread(importlib.import_module, "ffmpeg_worker.storage.remote_stores")
        opened: RemoteStores = await module.open_remote_stores(
            stack, settings, scratch.root / "kept", own_variables
        )
        return opened

    return StoreResolver(
        LocalStorage(settings.data_root, settings.allowed_roots), open_late, default_bucket(settings)
    )


def _quota(settings: Settings) -> Quota:
    return Quota(settings.max_job_bytes, settings.max_job_files, settings.min_free_disk_bytes // 2)


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Open a worker on the running event loop; on the way out all jobs and child processes are stopped.

    Raises:
        Misconfigured: a program or folder that the settings name is not usable.
    """
    async with AsyncExitStack() as stack:
        # Entered first, left last: jobs that are stopped take back what they have uploaded.
        elsewhere = await stack.enter_async_context(AsyncExitStack())
        sandbox = stack.enter_context(open_sandbox(settings))
        scratch = stack.enter_context(
            open_scratch(settings.scratch_root, sandbox, min_free_bytes=settings.min_free_disk_bytes)
        )
        depot = _open_depot(settings, scratch, elsewhere)
        tools = await stack.enter_async_context(
            open_tools(settings.ffmpeg_path, settings.ffprobe_path, sandbox=sandbox, scratch=scratch.root)
        )
        prober = Prober(tools.ffprobe, tools.spawner)
        stack.push_async_callback(prober.close)
        await prober.open()
        renderer = RendererSpawner()
        stack.push_async_callback(renderer.close)
        if settings.warm_canvas and not find_missing_packages():
            await renderer.begin()
        slots = asyncio.Semaphore(settings.max_concurrency)
        plant = WorkerResources(
            engine=Engine(tools, slots, _quota(settings), renderer, cores=settings.max_concurrency),
            prober=prober,
            scratch=scratch,
            depot=depot,
            cores=settings.max_concurrency,
            max_input_bytes=settings.max_job_input_bytes,
            option_policy=settings.option_policy == "on",
            gpu=GpuTrial(tools, find_gpu_devices()),
        )
        stack.push_async_callback(plant.gpu.close)
        services = Services(settings, tools, prober, plant)
        stack.push_async_callback(services.stop_jobs)
        yield services
