"""Takes RunPod's jobs and runs each to its answer: stands in for the SDK's `JobScaler`.

The SDK's own takes a job after SIGTERM and never runs it, waits a second whenever its limit is reached, asks
without pause while RunPod fails, and drops results that RunPod does not take at once.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ffmpeg_worker.logs import job_id_var, log
from ffmpeg_worker.runpod_worker.delivery import as_result, deliver
from ffmpeg_worker.runpod_worker.platform import Job, Platform
from ffmpeg_worker.runpod_worker.polling import poll
from ffmpeg_worker.runpod_worker.problems import crashed, interrupted
from ffmpeg_worker.tasks import cancel_and_wait, race

Result = dict[str, Any]
"""`{"output", "error"}`, as the SDK makes it of what a handler returns."""

_LAST_ANSWERS_S = 10.0
_MAX_KEPT = 16


@dataclass(slots=True)
class _Run:
    """A job that runs; `working` is done before its answer has been sent."""

    working: asyncio.Future[Result]
    is_stopped: bool = False


class JobLoop:
    """Runs up to `slots` jobs at once until SIGTERM or SIGINT.

    Then it takes no more; jobs that run have `finish_s` seconds, or until the next signal, and are given back as
    failures that may be tried again.
    """

    def __init__(
        self,
        platform: Platform,
        work: Callable[[Job], Awaitable[Result]],
        in_progress: Any,
        *,
        slots: int,
        finish_s: float,
    ) -> None:
        """`in_progress` is the SDK's set of ids that its heartbeat tells"""
        self._platform = platform
        self._work = work
        self._in_progress = in_progress
        self._slots = slots
        self._finish_s = finish_s
        self._runs: dict[str, _Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._undelivered: dict[str, Result] = {}
        self._ending, self._hurrying = asyncio.Event(), asyncio.Event()
        self._has_room, self._is_over = asyncio.Event(), asyncio.Event()
        self._has_room.set()

    async def run(self) -> None:
        """Return when the worker has been told to end and every job has been answered."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal)
        async with self._platform:
            stopping = asyncio.ensure_future(self._obey_stops())
            await self._take()
            await self._finish()
            self._is_over.set()
            await stopping

    def _on_signal(self) -> None:
        if self._ending.is_set():
            self._hurrying.set()
        self._ending.set()
        self._has_room.set()
        log(logging.INFO, "worker ending", jobs=len(self._tasks))

    async def _take(self) -> None:
        async def ask() -> list[Job]:
            return await self._platform.take(self._slots - len(self._tasks))

        async def wait() -> None:
            await self._has_room.wait()

        async for jobs in poll(ask, self._ending, what="job take", wait=wait):
            for job in jobs:
                self._start(job)

    async def _obey_stops(self) -> None:
        async def wait() -> None:
            await asyncio.sleep(0)

        async for ids in poll(self._platform.stops, self._is_over, what="stop poll", wait=wait):
            for job_id in ids:
                if (run := self._runs.get(job_id)) is not None:
                    run.is_stopped = True
                    run.working.cancel()

    def _start(self, job: Job) -> None:
        job_id = job["id"]
        if job_id in self._runs:
            # RunPod hands a job out again when it has lost sight of it; the run under way answers for both.
            log(logging.WARNING, "job runs already", job=job_id)
            return
        kept = self._undelivered.pop(job_id, None)
        run = self._runs[job_id] = _Run(asyncio.ensure_future(self._work(job) if kept is None else _known(kept)))
        self._in_progress.add(job_id)
        task = asyncio.create_task(self._answer(job_id, run))
        self._tasks.add(task)
        task.add_done_callback(partial(self._on_answered, job_id))
        if len(self._tasks) >= self._slots and not self._ending.is_set():
            self._has_room.clear()

    async def _answer(self, job_id: str, run: _Run) -> None:
        job_id_var.set(job_id)
        await asyncio.wait({run.working})
        if run.working.cancelled() and run.is_stopped:
            return  # RunPod knows
        result = _result_of(run.working)
        if not await deliver(self._platform, job_id, result) and "error" not in result:
            self._undelivered[job_id] = result
            for oldest in list(self._undelivered)[:-_MAX_KEPT]:
                del self._undelivered[oldest]

    def _on_answered(self, job_id: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        del self._runs[job_id]
        self._in_progress.remove(job_id)
        self._has_room.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log(logging.ERROR, "answer crashed", reason=type(error).__name__, job=job_id)

    async def _finish(self) -> None:
        if not self._tasks:
            return
        await race(asyncio.wait(self._tasks, timeout=self._finish_s), self._hurrying.wait())
        for run in self._runs.values():
            run.working.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_LAST_ANSWERS_S)
        await cancel_and_wait(*self._tasks)


def _result_of(working: asyncio.Future[Result]) -> Result:
    if working.cancelled():
        return as_result(interrupted())
    if (error := working.exception()) is not None:
        log(logging.ERROR, "job crashed", reason=type(error).__name__)
        return as_result(crashed())
    return working.result()


async def _known(result: Result) -> Result:
    return result
