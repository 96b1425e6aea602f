"""A running worker: reads and runs jobs, directly or through the queue, and counts them."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from ffmpeg_worker.admission import Admission
from ffmpeg_worker.errors import JobCancelled, UnsupportedFeature, WorkerError
from ffmpeg_worker.ffmpeg.probe.prober import Prober
from ffmpeg_worker.ffmpeg.tools import Tools
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.lifecycle import Observer, ignore_event
from ffmpeg_worker.job.platform_job import PlatformJob
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.job_queue.job_record import JobRecord
from ffmpeg_worker.job_queue.queue_access import QueueAccess
from ffmpeg_worker.logs import job_id_var, log
from ffmpeg_worker.owners import ANONYMOUS
from ffmpeg_worker.pipeline.direct_runtime import DirectRuntime
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.pipeline.run_job import run_job
from ffmpeg_worker.pipeline.runtime import NO_FILES, JobFiles
from ffmpeg_worker.planning.planner import ReadJob
from ffmpeg_worker.planning.read_job import read_job
from ffmpeg_worker.settings import Settings
from ffmpeg_worker.storage.local.file_retention import FileRetention


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

    def add_queued(self, record: JobRecord, seconds: float) -> None:
        """Count a job of the queue that has ended."""
        self.add(record.action, "succeeded" if record.error is None else str(record.error["code"]), seconds)


@dataclass(slots=True)
class Services:
    """A running worker. Its users parse a job, call `run`, and translate the result or the error."""

    settings: Settings
    resources: WorkerResources
    admission: Admission
    queue: QueueAccess
    file_retention: FileRetention
    counters: JobCounters = field(default_factory=JobCounters)

    @property
    def tools(self) -> Tools:
        """FFmpeg, its capabilities and the sandbox."""
        return self.resources.tools

    @property
    def prober(self) -> Prober:
        """The prober of media files."""
        return self.resources.prober

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
