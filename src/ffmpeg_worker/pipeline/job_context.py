"""One job on its way through the pipeline."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from ffmpeg_worker.ffmpeg.probe.probe_session import ProbeSession
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.actions.action import DefaultTarget
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.upload import Upload
from ffmpeg_worker.pipeline.inputs_by_range import InputsByRange
from ffmpeg_worker.pipeline.progress import JobProgress
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.pipeline.runtime import Runtime
from ffmpeg_worker.pipeline.workspace import Workspace
from ffmpeg_worker.planning.make_plan import check_machine
from ffmpeg_worker.planning.planner import ReadJob
from ffmpeg_worker.storage.stores import Stores
from ffmpeg_worker.tasks import finish_shielded


@dataclass(frozen=True, slots=True)
class JobContext:
    """The job as read, what it runs on, and what was opened for it alone.

    `upload` is where the outputs go; `None` is the data root. `began` is a time of the monotonic clock.
    """

    runtime: Runtime
    read: ReadJob[Any]
    machine: Machine
    upload: Upload | None
    stores: Stores
    workspace: Workspace
    by_range: InputsByRange
    probes: ProbeSession
    progress: JobProgress
    began: float

    @property
    def resources(self) -> WorkerResources:
        """The resources that all jobs share."""
        return self.runtime.resources


@asynccontextmanager
async def open_job(runtime: Runtime, read: ReadJob[Any]) -> AsyncIterator[JobContext]:
    """Open what a job needs, and refuse one that cannot run here or deliver its outputs.

    Raises:
        InvalidJob: its upload names no bucket, or has no credentials.
        UnsupportedFeature: it needs a GPU that the machine lacks.
        DiskFull: there is no room for it.
        KeyLimitReached: its owner's jobs hold too much of the scratch folder.
    """
    began = time.monotonic()
    resources = runtime.resources
    machine = await resources.machine_with_gpu() if read.wants_gpu else resources.machine
    check_machine(read, machine)
    if ACTIONS[read.job.action].uses_renderer:
        resources.renderer.require_packages()
        await resources.renderer.open()
    # The keys of a job that is handed out again must be the same.
    name = runtime.job_id if runtime.platform_job is None else runtime.platform_job.name
    is_answer = runtime.answers_files and read.job.destination is None
    upload = None if is_answer else resources.stores.destination(read.job, name)
    # A file that is to be in the data root goes there from every door.
    to_data_root = ACTIONS[read.job.action].default_target is DefaultTarget.DATA_ROOT
    outputs_folder = None if to_data_root else runtime.outputs_folder
    async with AsyncExitStack() as clients:
        stores = await resources.stores.stores(
            upload, runtime.owner, outputs_folder, runtime.inputs_folder, stack=clients
        )
        async with (
            runtime.open_workspace() as workspace,
            resources.prober.session(workspace.jail, deadline=runtime.deadline) as probes,
        ):
            progress = JobProgress(runtime.observer)
            by_range = InputsByRange(workspace)
            try:
                yield JobContext(
                    runtime, read, machine, upload, stores, workspace, by_range, probes, progress, began
                )
            finally:
                if by_range.is_used:
                    await finish_shielded(by_range.close())
