"""Takes RunPod's jobs and runs each until its result is delivered; replaces the SDK's `JobScaler`.

The SDK's own loop takes a job after SIGTERM and never runs it, waits a second whenever its limit is reached, polls
without a pause while RunPod fails, and drops results that RunPod does not accept at once.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ffmpeg_worker.errors import JobInterrupted
from ffmpeg_worker.job.runpod_output import make_failed_result
from ffmpeg_worker.logs import job_id_var, log
from ffmpeg_worker.runpod_worker.deliver_result import deliver_result
from ffmpeg_worker.runpod_worker.handler_output import crash, failure
from ffmpeg_worker.runpod_worker.platform import Job, Platform
from ffmpeg_worker.runpod_worker.polling import poll
from ffmpeg_worker.tasks import cancel_and_wait, race

Result = dict[str, Any]
"""`{"output", "error"}`, which the SDK makes from what a handler returns."""

_LAST_RESULTS_TIMEOUT_S = 10.0
_MAX_UNDELIVERED = 16


@dataclass(slots=True)
class _Run:
    """A job that runs; `work` is done before its result has been delivered."""

    work: asyncio.Future[Result]
    is_stopped: bool = False


class JobLoop:
    """Runs up to `max_concurrency` jobs at once until SIGTERM or SIGINT.

    After the signal it takes no more jobs. Running jobs have `shutdown_s` seconds, or until the next signal; then
    they are stopped and returned as failures that may be retried.
    """

    def __init__(
        self,
        platform: Platform,
        run_job: Callable[[Job], Awaitable[Result]],
        in_progress: Any,
        *,
        max_concurrency: int,
        shutdown_s: float,
    ) -> None:
        """`in_progress` is the SDK's set of job ids that its heartbeat reports."""
        self._platform = platform
        self._run_job = run_job
        self._in_progress = in_progress
        self._max_concurrency = max_concurrency
        self._shutdown_s = shutdown_s
        self._runs: dict[str, _Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._undelivered: dict[str, Result] = {}
        self._is_ending, self._is_hurried = asyncio.Event(), asyncio.Event()
        self._has_capacity, self._is_over = asyncio.Event(), asyncio.Event()
        self._has_capacity.set()

    async def run(self) -> None:
        """Return when the worker was told to end and every job has a result."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal)
        async with self._platform:
            stopping = asyncio.ensure_future(self._stop_cancelled_jobs())
            await self._take_jobs()
            await self._finish()
            self._is_over.set()
            await stopping

    def _on_signal(self) -> None:
        if self._is_ending.is_set():
            self._is_hurried.set()
        self._is_ending.set()
        self._has_capacity.set()
        log(logging.INFO, "worker ending", jobs=len(self._tasks))

    async def _take_jobs(self) -> None:
        async def ask() -> list[Job]:
            return await self._platform.take_jobs(self._max_concurrency - len(self._tasks))

        async for jobs in poll(ask, self._is_ending, name="job poll", wait=self._has_capacity.wait):
            for job in jobs:
                self._start(job)

    async def _stop_cancelled_jobs(self) -> None:
        ask = self._platform.take_cancellations
        async for ids in poll(ask, self._is_over, name="cancellation poll", wait=partial(asyncio.sleep, 0)):
            for job_id in ids:
                if (run := self._runs.get(job_id)) is not None:
                    run.is_stopped = True
                    run.work.cancel()

    def _start(self, job: Job) -> None:
        job_id = job["id"]
        if job_id in self._runs:
            # RunPod sends a job again when it has lost track of it; the result of the first run serves both.
            log(logging.WARNING, "job is already running", job=job_id)
            return
        undelivered = self._undelivered.pop(job_id, None)
        work = self._run_job(job) if undelivered is None else asyncio.sleep(0, undelivered)
        run = self._runs[job_id] = _Run(asyncio.ensure_future(work))
        self._in_progress.add(job_id)
        task = asyncio.create_task(self._deliver(job_id, run))
        self._tasks.add(task)
        task.add_done_callback(partial(self._on_delivered, job_id))
        if len(self._tasks) >= self._max_concurrency and not self._is_ending.is_set():
            self._has_capacity.clear()

    async def _deliver(self, job_id: str, run: _Run) -> None:
        job_id_var.set(job_id)
        await asyncio.wait({run.work})
        if run.work.cancelled() and run.is_stopped:
            return  # RunPod cancelled the job and expects no result
        result = _result_of(run.work)
        if not await deliver_result(self._platform, job_id, result) and "error" not in result:
            self._undelivered[job_id] = result
            for oldest in list(self._undelivered)[:-_MAX_UNDELIVERED]:
                del self._undelivered[oldest]

    def _on_delivered(self, job_id: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        del self._runs[job_id]
        self._in_progress.remove(job_id)
        self._has_capacity.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log(logging.ERROR, "result delivery crashed", reason=type(error).__name__, job=job_id)

    async def _finish(self) -> None:
        if not self._tasks:
            return
        await race(asyncio.wait(self._tasks, timeout=self._shutdown_s), self._is_hurried.wait())
        for run in self._runs.values():
            run.work.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_LAST_RESULTS_TIMEOUT_S)
        await cancel_and_wait(*self._tasks)


def _result_of(work: asyncio.Future[Result]) -> Result:
    if work.cancelled():
        message = "The worker had to end before the job could finish."
        return make_failed_result(failure(JobInterrupted(message, hint="Send the job again.")))
    if (error := work.exception()) is not None:
        log(logging.ERROR, "job crashed", reason=type(error).__name__)
        return make_failed_result(crash())
    return work.result()
