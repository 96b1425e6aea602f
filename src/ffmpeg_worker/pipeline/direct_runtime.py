"""Runs a job directly: every step at once, without records."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from ffmpeg_worker.job.command_log import LogSink, ignore_log
from ffmpeg_worker.job.lifecycle import Observer, ignore_event
from ffmpeg_worker.job.platform_job import PlatformJob
from ffmpeg_worker.owners import ANONYMOUS
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.pipeline.runtime import NO_FILES, JobFiles, PieceWorkers, always, run_until
from ffmpeg_worker.pipeline.workspace import Workspace

T = TypeVar("T")


class DirectRuntime:
    """Runs every step at once and records nothing: for callers that wait, and where the platform is the queue."""

    uploads_early = True
    records_steps = False
    piece_workers: PieceWorkers | None = None

    def __init__(  # noqa: PLR0913 - what one job is made of
        self,
        resources: WorkerResources,
        job_id: str,
        *,
        timeout_s: float,
        began: float | None = None,
        observer: Observer = ignore_event,
        log_sink: LogSink = ignore_log,
        owner: str = ANONYMOUS,
        platform_job: PlatformJob | None = None,
        files: JobFiles = NO_FILES,
    ) -> None:
        """Make a runtime for one job.

        Args:
            resources: of the worker.
            job_id: see `Runtime`, as for the observer, the sink and the owner.
            timeout_s: for the whole job, from `began` on, a time of the monotonic clock (default: now).
            began: when the job began.
            observer: receives its progress.
            log_sink: receives what its commands log.
            owner: of the job.
            platform_job: if given, a job whose outputs are already in its bucket is not run again.
            files: folders of its request.
        """
        self.resources = resources
        self.job_id = job_id
        self.owner = owner
        self.platform_job = platform_job
        self.observer = observer
        self.log_sink = log_sink
        self.inputs_folder = files.inputs
        self.outputs_folder = files.answer
        self.answers_files = files.answer is not None
        self.deadline = (time.monotonic() if began is None else began) + timeout_s
        self._timeout_s = timeout_s

    def open_workspace(self) -> AbstractAsyncContextManager[Workspace]:
        """See `Runtime.open_workspace`; it is removed when the job ends, however it ends."""
        return self.resources.scratch.workspace(self.job_id, self.owner)

    async def keeps_outputs(self) -> bool:
        """See `Runtime.keeps_outputs`."""
        return False

    async def step(
        self,
        name: str,  # noqa: ARG002 - for runtimes that record
        kind: type[T],  # noqa: ARG002 - likewise
        run: Callable[[], Awaitable[T]],
        *,
        doing: str | None = None,
        is_usable: Callable[[T], bool] = always,  # noqa: ARG002 - likewise
        has_effects: bool = False,  # noqa: ARG002 - likewise
    ) -> T:
        """See `Runtime.step`."""
        if doing is None:
            return await run()
        return await run_until(self.deadline, run, doing, self._timeout_s)
