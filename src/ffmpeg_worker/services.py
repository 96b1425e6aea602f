"""Composition root: opens everything that runs jobs from the settings, and closes it."""

from __future__ import annotations

import asyncio
import importlib
import logging
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ffmpeg_worker.admission import Admission
from ffmpeg_worker.errors import JobCancelled, UnsupportedFeature, WorkerError
from ffmpeg_worker.ffmpeg.gpu import GpuTrial, find_gpu_devices, has_graphics_card
from ffmpeg_worker.ffmpeg.probe.prober import Prober
from ffmpeg_worker.ffmpeg.tools import Tools, open_tools
from ffmpeg_worker.ffmpeg.waiting_read_trial import WaitingReadTrial
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.lifecycle import Observer, ignore_event
from ffmpeg_worker.job.platform_job import PlatformJob
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.job_queue.job_record import JobRecord
from ffmpeg_worker.job_queue.queue_access import QueueAccess
from ffmpeg_worker.logs import job_id_var, log
from ffmpeg_worker.owners import ANONYMOUS
from ffmpeg_worker.pipeline.compute import Compute
from ffmpeg_worker.pipeline.preset_folder import read_preset_folder
from ffmpeg_worker.pipeline.quota import Quota
from ffmpeg_worker.pipeline.renderer_process import RendererSpawner, find_missing_packages
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.pipeline.run_job import run_job
from ffmpeg_worker.pipeline.runtime import NO_FILES, DirectRuntime, JobFiles
from ffmpeg_worker.pipeline.scratch import Scratch, open_scratch
from ffmpeg_worker.planning.planner import ReadJob
from ffmpeg_worker.planning.read_job import read_job
from ffmpeg_worker.sandbox.sandbox import open_sandbox
from ffmpeg_worker.settings import Settings, pop_store_credentials
from ffmpeg_worker.storage.default_bucket import default_bucket
from ffmpeg_worker.storage.local.data_usage import DataUsage
from ffmpeg_worker.storage.local.file_retention import FileRetention
from ffmpeg_worker.storage.local.roots import LocalRoots
from ffmpeg_worker.storage.resolve_stores import StoreResolver

if TYPE_CHECKING:
    from ffmpeg_worker.storage.remote_stores import RemoteStores


@dataclass(slots=True)
class JobCounters:
    """Totals since the start, for `/metrics`."""

    by_outcome: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Jobs by action and outcome (`succeeded`, or the code of the error)."""
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Wall seconds of all jobs by action."""

    def add(self, action: str, outcome: str, seconds: float) -> None:
        """Count a job that has ended."""
        self.by_outcome[action, outcome] += 1
        self.seconds[action] += seconds


@dataclass(slots=True)
class Services:
    """A running worker. Its users parse a job, call `run`, and translate the result or the error."""

    settings: Settings
    tools: Tools
    prober: Prober
    resources: WorkerResources
    admission: Admission
    queue: QueueAccess
    file_retention: FileRetention
    counters: JobCounters = field(default_factory=JobCounters)

    @property
    def active_jobs(self) -> int:
        """Jobs that run here or wait for this process, and jobs of the queue that run here."""
        queue = self.queue.opened
        return self.admission.active_jobs + (0 if queue is None else queue.attempts.count)

    async def read(self, body: JobBody, *, owner: str = ANONYMOUS) -> ReadJob[Any]:
        """Read the job in a request body, without running it.

        Raises:
            WorkerError: see `Compute.read`.
        """
        return await self.resources.compute.read(body, self.resources.machine, owner=owner)

    async def run(
        self,
        job: Job | JobBody,
        *,
        job_id: str | None = None,
        observer: Observer = ignore_event,
        owner: str = ANONYMOUS,
        files: JobFiles = NO_FILES,
    ) -> JobResult:
        """Run a job of an owner, or read and run the one in a request body. Cancelling the caller stops the job.

        `files` are the folders of the request, if it has any.

        Raises:
            WorkerError: why the job failed; QueueFull or KeyLimitReached if too many jobs wait; JobInterrupted if
                the worker closes.
        """
        with self.admission.admit(owner):
            job_id = job_id or new_job_id()
            token = job_id_var.set(job_id)
            try:
                return await self._run_counted(job, job_id, observer, owner, files)
            finally:
                job_id_var.reset(token)

    async def _run_counted(
        self, job: Job | JobBody, job_id: str, observer: Observer, owner: str, files: JobFiles
    ) -> JobResult:
        began = time.monotonic()
        outcome = "worker_error"
        try:
            result = await self.admission.run(self._read_and_run(job, job_id, observer, owner, began, files))
            outcome = "succeeded"
        except asyncio.CancelledError:
            outcome = JobCancelled.code
            raise
        except WorkerError as error:
            outcome = error.code
            raise
        finally:
            seconds = time.monotonic() - began
            self.counters.add(job.action or "unknown", outcome, seconds)
            log(logging.INFO, "job ended", action=job.action, outcome=outcome, seconds=round(seconds, 3))
        return result

    async def _read_and_run(
        self, job: Job | JobBody, job_id: str, observer: Observer, owner: str, began: float, files: JobFiles
    ) -> JobResult:
        machine = self.resources.machine
        if isinstance(job, JobBody):
            read = await self.resources.compute.read(job, machine, owner=owner)
        else:
            read = read_job(job, machine)
        _refuse_queue_fields(read.job)
        timeout_s = min(read.job.timeout or self.settings.default_timeout_s, self.settings.max_timeout_s)
        runtime = DirectRuntime(
            self.resources,
            job_id,
            timeout_s=timeout_s,
            began=began,
            observer=observer,
            owner=owner,
            platform_job=self._platform_job(job, owner),
            files=files,
        )
        return await run_job(runtime, read)

    def _platform_job(self, job: Job | JobBody, owner: str) -> PlatformJob | None:
        """The identity of a job that may come again; the ids of one API key mean nothing for another."""
        if not isinstance(job, JobBody) or job.platform_job_id is None or not self.settings.result_manifests:
            return None
        suffix = f"-{owner}" if self.settings.has_several_keys else ""
        return PlatformJob(job.platform_job_id + suffix, job.digest)


def _refuse_queue_fields(job: Job) -> None:
    """Refuse what this run cannot promise: nothing of it outlives the process."""
    field = job.needs_queue
    if field is not None:
        raise UnsupportedFeature(
            f'"{field}" needs a queued job, and this job is not queued.',
            hint=f'Remove "{field}", or send the job to the HTTP API of a worker with a queue.',
            where={"field": field},
        )


def new_job_id() -> str:
    """Return a new id that cannot be guessed."""
    return str(uuid.uuid4())


@asynccontextmanager
async def open_services(settings: Settings, *, runs_queued_jobs: bool = True) -> AsyncIterator[Services]:
    """Open a worker on the running event loop; on exit all jobs and child processes are stopped.

    The queue is opened with the first job that needs it, or by `Services.queue.open_if_used`. With
    `runs_queued_jobs` false other processes run its jobs.

    Raises:
        Misconfigured: a program or folder that the settings name is not usable.
    """
    async with AsyncExitStack() as stack:
        presets = read_preset_folder(settings.presets_root, option_policy=settings.option_policy == "on")
        # Opened first and closed last: stopped jobs remove what they have uploaded.
        remote_stores = await stack.enter_async_context(AsyncExitStack())
        sandbox = stack.enter_context(open_sandbox(settings))
        scratch = stack.enter_context(
            open_scratch(
                settings.scratch_root,
                sandbox,
                min_free_bytes=settings.min_free_disk_bytes,
                max_bytes_per_key=settings.max_scratch_bytes_per_key,
                has_several_keys=settings.has_several_keys,
            )
        )
        stores = _make_store_resolver(settings, scratch, remote_stores)
        tools = await stack.enter_async_context(
            open_tools(settings.ffmpeg_path, settings.ffprobe_path, sandbox=sandbox, scratch=scratch.root)
        )
        prober = Prober(tools.ffprobe, tools.spawner)
        stack.push_async_callback(prober.close)
        await prober.open()
        renderer = RendererSpawner()
        stack.push_async_callback(renderer.close)
        if settings.warm_canvas and not find_missing_packages():
            await renderer.open()
        compute = Compute(
            confinement=sandbox.for_worker,
            default_timeout_s=settings.default_timeout_s,
            max_timeout_s=settings.max_timeout_s,
        )
        stack.push_async_callback(compute.close)
        admission = _make_admission(settings)
        resources = WorkerResources(
            tools=tools,
            prober=prober,
            renderer=renderer,
            gpu=GpuTrial(tools, find_gpu_devices()),
            reads=WaitingReadTrial(tools, scratch.root, is_on=settings.ranged_inputs),
            has_card=has_graphics_card(),
            scratch=scratch,
            stores=stores,
            slots=admission.slots,
            quota=_make_quota(settings),
            cores=settings.max_concurrency,
            max_input_bytes=settings.max_job_input_bytes,
            option_policy=settings.option_policy == "on",
            compute=compute,
            operator_presets=presets,
        )
        stack.push_async_callback(resources.gpu.close)
        stack.push_async_callback(resources.reads.close)
        stack.push_async_callback(admission.close)
        counters = JobCounters()
        queue = QueueAccess(
            settings,
            resources,
            lambda record, seconds: counters.add(record.action, _outcome_of(record), seconds),
            runs_jobs=runs_queued_jobs,
        )
        stack.push_async_callback(queue.close)
        files = FileRetention(
            stores.roots,
            file_retention_s=settings.file_retention_s,
            upload_retention_s=settings.upload_retention_s,
        )
        yield Services(settings, tools, prober, resources, admission, queue, files, counters)


def _outcome_of(record: JobRecord) -> str:
    return "succeeded" if record.error is None else str(record.error["code"])


def _make_admission(settings: Settings) -> Admission:
    return Admission(
        max_concurrency=settings.max_concurrency,
        max_waiting_jobs=settings.max_waiting_jobs,
        max_concurrency_per_key=settings.max_concurrency_per_key,
        max_waiting_jobs_per_key=settings.max_waiting_jobs_per_key,
        has_several_keys=settings.has_several_keys,
    )


def _make_quota(settings: Settings) -> Quota:
    return Quota(
        settings.max_job_bytes,
        settings.max_job_files,
        settings.min_free_disk_bytes // 2,
        settings.max_output_file_bytes,
    )


def _make_store_resolver(settings: Settings, scratch: Scratch, stack: AsyncExitStack) -> StoreResolver:
    credentials = pop_store_credentials()

    async def open_remote() -> RemoteStores:
        # Imported with the first remote file: the HTTP client and the stores take as long as all else at start.
        module = await asyncio.to_thread(importlib.import_module, "ffmpeg_worker.storage.remote_stores")
        opened: RemoteStores = await module.open_remote_stores(stack, settings, scratch.root / "kept", credentials)
        return opened

    local = LocalRoots(settings.data_root, settings.allowed_roots, [settings.state_root])
    usage = DataUsage(
        local,
        min_free_bytes=settings.min_free_disk_bytes,
        max_bytes_per_key=settings.max_data_bytes_per_key,
        max_bytes=settings.max_data_bytes,
        has_several_keys=settings.has_several_keys,
    )
    default = default_bucket(settings)
    return StoreResolver(local, open_remote, default, usage, has_several_keys=settings.has_several_keys)
