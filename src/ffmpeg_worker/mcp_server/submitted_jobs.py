"""Jobs that go on after the call that submitted them; they end with the server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ffmpeg_worker.errors import JobCancelled, JobNotFound
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.lifecycle import JobEvent, Observer, Stage, ignore_event
from ffmpeg_worker.job_queue.job_record import JobStatus
from ffmpeg_worker.mcp_server.problems import describe_error
from ffmpeg_worker.services import Services, new_job_id
from ffmpeg_worker.tasks import cancel_and_wait

MAX_ENDED = 200
"""Ended jobs that can be asked for; older ones are forgotten."""


@dataclass(slots=True)
class SubmittedJob:
    """A job, its progress and its end; `follower` receives the progress for a call that waits."""

    action: str
    job_id: str = field(default_factory=new_job_id)
    follower: Observer = ignore_event
    progress: JobEvent | None = None
    result: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    is_cancelled: bool = False

    def observe(self, event: JobEvent) -> None:
        """Keep the newest progress, and pass it on."""
        self.progress = event
        self.follower(event)

    @property
    def status(self) -> JobStatus:
        """The state of the job, in the words of queued jobs."""
        if self.result is not None:
            return JobStatus.SUCCEEDED
        if self.error is not None:
            return JobStatus.CANCELLED if self.is_cancelled else JobStatus.FAILED
        waits = self.progress is None or self.progress.stage is Stage.WAITING
        return JobStatus.QUEUED if waits else JobStatus.RUNNING

    def as_json(self) -> dict[str, Any]:
        """Return the job as a model sees it, without what is not known."""
        value = {
            "job_id": self.job_id,
            "action": self.action,
            "status": self.status.value,
            "progress": None if self.progress is None else self.progress.as_json(),
            "result": self.result,
            "error": self.error,
        }
        return {key: item for key, item in value.items() if item is not None}


class SubmittedJobs:
    """The jobs of one server."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._jobs: dict[str, SubmittedJob] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def submit(self, body: JobBody, action: str) -> SubmittedJob:
        """Start a job that was read before.

        Raises:
            QueueFull: too many jobs run or wait.
        """
        with self._services.admission.admit():  # a full worker refuses the call, not the job after it
            job = SubmittedJob(action)
        self._jobs[job.job_id] = job
        self._tasks[job.job_id] = asyncio.ensure_future(self._run(job, body))
        self._forget_oldest()
        return job

    def get(self, job_id: str) -> SubmittedJob:
        """Return a job.

        Raises:
            JobNotFound: there is none with this id.
        """
        if job_id not in self._jobs:
            raise JobNotFound(
                "There is no such job.",
                hint="Use a job_id that submit_job has returned since this server started.",
                where={"field": "job_id"},
            )
        return self._jobs[job_id]

    async def wait(self, job: SubmittedJob, timeout_s: float, follower: Observer) -> None:
        """Wait for the end of a job, for a limited time; `follower` receives its progress meanwhile."""
        job.follower = follower
        try:
            await asyncio.wait({self._tasks[job.job_id]}, timeout=timeout_s)
        finally:
            job.follower = ignore_event

    async def cancel(self, job_id: str) -> SubmittedJob:
        """Stop a job and wait until its programs are gone; one that has ended stays as it is.

        Raises:
            JobNotFound: see `get`.
        """
        job = self.get(job_id)
        await cancel_and_wait(self._tasks[job_id])
        if job.result is None and job.error is None:
            job.is_cancelled = True
            job.error = JobCancelled("The job was cancelled.").as_problem(job_id)
        return job

    async def close(self) -> None:
        """Stop all jobs."""
        await cancel_and_wait(*self._tasks.values())

    async def _run(self, job: SubmittedJob, body: JobBody) -> None:
        try:
            result = await self._services.run(body, job_id=job.job_id, observer=job.observe)
            job.result = result.as_json()
        except Exception as error:  # a defect is told like every other failure
            job.error = describe_error(error, job.job_id)

    def _forget_oldest(self) -> None:
        ended = [job_id for job_id, task in self._tasks.items() if task.done()]
        for job_id in ended[: max(0, len(ended) - MAX_ENDED)]:
            del self._jobs[job_id], self._tasks[job_id]
