"""Composition root: opens everything that runs jobs from the settings, and closes it."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from ffmpeg_worker.admission import Admission
from ffmpeg_worker.fair_slots import FairSlots
from ffmpeg_worker.ffmpeg.gpu import GpuTrial, find_gpu_devices, has_graphics_card
from ffmpeg_worker.ffmpeg.probe.prober import Prober
from ffmpeg_worker.ffmpeg.tools import Tools, open_tools
from ffmpeg_worker.ffmpeg.waiting_read_trial import WaitingReadTrial
from ffmpeg_worker.job_queue.queue_access import QueueAccess
from ffmpeg_worker.pipeline.compute import Compute
from ffmpeg_worker.pipeline.preset_folder import read_preset_folder
from ffmpeg_worker.pipeline.quota import Quota
from ffmpeg_worker.pipeline.renderer_process import RendererSpawner, find_missing_packages
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.pipeline.scratch import Scratch, open_scratch
from ffmpeg_worker.sandbox.sandbox import Sandbox, open_sandbox
from ffmpeg_worker.services import JobCounters, Services
from ffmpeg_worker.settings import Settings, pop_store_credentials
from ffmpeg_worker.storage.default_bucket import default_bucket
from ffmpeg_worker.storage.local.data_usage import DataUsage
from ffmpeg_worker.storage.local.file_retention import FileRetention
from ffmpeg_worker.storage.local.roots import LocalRoots
from ffmpeg_worker.storage.resolve_stores import StoreResolver

if TYPE_CHECKING:
    from ffmpeg_worker.storage.remote_stores import RemoteStores


@asynccontextmanager
async def open_services(settings: Settings, *, runs_queued_jobs: bool = True) -> AsyncIterator[Services]:
    """Open a worker on the running event loop; on exit all jobs and child processes are stopped.

    The queue is opened with the first job that needs it, or by `Services.queue.open_if_used`. With
    `runs_queued_jobs` false other processes run its jobs.

    Raises:
        Misconfigured: a program or folder that the settings name is not usable.
    """
    async with AsyncExitStack() as stack:
        admission = _make_admission(settings)
        resources = await _open_resources(settings, admission.slots, stack)
        stack.push_async_callback(admission.close)
        counters = JobCounters()
        queue = QueueAccess(settings, resources, counters.add_queued, runs_jobs=runs_queued_jobs)
        stack.push_async_callback(queue.close)
        files = FileRetention(
            resources.stores.roots,
            file_retention_s=settings.file_retention_s,
            upload_retention_s=settings.upload_retention_s,
        )
        yield Services(settings, resources, admission, queue, files, counters)


async def _open_resources(settings: Settings, slots: FairSlots, stack: AsyncExitStack) -> WorkerResources:
    """Open what all jobs share; `stack` closes it.

    Raises:
        Misconfigured: see `open_services`.
    """
    presets = read_preset_folder(settings.presets_root, option_policy=settings.option_policy == "on")
    # Opened first and closed last: stopped jobs remove what they have uploaded.
    remote_stores = await stack.enter_async_context(AsyncExitStack())
    sandbox = stack.enter_context(open_sandbox(settings))
    scratch = stack.enter_context(_open_scratch(settings, sandbox))
    stores = _make_store_resolver(settings, scratch, remote_stores)
    tools = await stack.enter_async_context(
        open_tools(settings.ffmpeg_path, settings.ffprobe_path, sandbox=sandbox, scratch=scratch.root)
    )
    resources = WorkerResources(
        tools=tools,
        prober=await _open_prober(tools, stack),
        renderer=await _open_renderer(settings, stack),
        gpu=GpuTrial(tools, find_gpu_devices()),
        reads=WaitingReadTrial(tools, scratch.root, is_on=settings.ranged_inputs),
        has_card=has_graphics_card(),
        scratch=scratch,
        stores=stores,
        slots=slots,
        quota=_make_quota(settings),
        cores=settings.max_concurrency,
        max_input_bytes=settings.max_job_input_bytes,
        option_policy=settings.option_policy == "on",
        compute=_make_compute(settings, sandbox),
        operator_presets=presets,
    )
    for close in (resources.compute.close, resources.gpu.close, resources.reads.close):
        stack.push_async_callback(close)
    return resources


def _open_scratch(settings: Settings, sandbox: Sandbox) -> AbstractContextManager[Scratch]:
    return open_scratch(
        settings.scratch_root,
        sandbox,
        min_free_bytes=settings.min_free_disk_bytes,
        max_bytes_per_key=settings.max_scratch_bytes_per_key,
        has_several_keys=settings.has_several_keys,
    )


async def _open_prober(tools: Tools, stack: AsyncExitStack) -> Prober:
    prober = Prober(tools.ffprobe, tools.spawner)
    stack.push_async_callback(prober.close)
    await prober.open()
    return prober


async def _open_renderer(settings: Settings, stack: AsyncExitStack) -> RendererSpawner:
    renderer = RendererSpawner()
    stack.push_async_callback(renderer.close)
    if settings.warm_canvas and not find_missing_packages():
        await renderer.open()
    return renderer


def _make_compute(settings: Settings, sandbox: Sandbox) -> Compute:
    return Compute(
        confinement=sandbox.for_worker,
        default_timeout_s=settings.default_timeout_s,
        max_timeout_s=settings.max_timeout_s,
    )


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
