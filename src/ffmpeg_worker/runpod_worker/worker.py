"""RunPod's handler: runs one job, returns one output, and never raises into the SDK's loop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from ffmpeg_worker.client.read_response import OnProgress
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.runpod_output import HandlerOutput, success
from ffmpeg_worker.logs import job_id_var, log
from ffmpeg_worker.runpod_worker.handler_output import crash, failure, finalize
from ffmpeg_worker.runpod_worker.progress_report import ProgressReport
from ffmpeg_worker.runpod_worker.request import RunpodRequest, read_job_id, read_request

PostProgress = Callable[[str, dict[str, Any]], Awaitable[None]]
"""Sends one progress report of the job with this id."""


class JobRunner(Protocol):
    """Runs a job through the API, on this worker or on several."""

    async def run_job(self, request: RunpodRequest, on_progress: OnProgress | None = None) -> dict[str, Any]:
        """Do what `ApiClient.run_job` does."""


class RunpodWorker:
    """Runs RunPod's jobs through the API, which accepts bodies of up to `max_body_bytes`.

    `post_progress` is None outside of RunPod, where nothing asks for progress, and no job is delivered twice.
    """

    def __init__(self, runner: JobRunner, max_body_bytes: int, post_progress: PostProgress | None = None) -> None:
        self._runner = runner
        self._max_body_bytes = max_body_bytes
        self._post_progress = post_progress

    async def handle(self, job: dict[str, Any]) -> HandlerOutput:
        """Run a job of RunPod's SDK, `{"id", "input": {…}}`. Raises nothing unless it is cancelled.

        Returns:
            `{"success": true, "result": …}` or `{"error": message, "details": …}`, at most 8 MiB of plain JSON.
        """
        token = job_id_var.set(read_job_id(job))
        began = time.monotonic()
        outcome = "worker_error"
        log(logging.INFO, "job started")
        try:
            output = finalize(await self._run(job))
            outcome = output["details"].get("code", outcome) if "error" in output else "succeeded"
        except (asyncio.CancelledError, GeneratorExit):
            outcome = "cancelled"
            raise
        except BaseException:  # SystemExit would end the worker and lose every other job
            log(logging.ERROR, "job crashed", exc_info=True)
            output = crash()
        finally:
            log(logging.INFO, "job finished", outcome=outcome, seconds=round(time.monotonic() - began, 3))
            job_id_var.reset(token)
        return output

    async def _run(self, job: dict[str, Any]) -> HandlerOutput:
        try:
            request = read_request(job, max_bytes=self._max_body_bytes)
            if self._post_progress is None:  # local tests give all jobs the same id
                request = replace(request, platform_job_id=None)
            result = await self._run_with_progress(request, str(job.get("id")))
        except WorkerError as error:
            output = failure(error)
            code, fault, api_job_id = (output["details"].get(key) for key in ("code", "fault", "job_id"))
            log(logging.WARNING, "job failed", code=code, fault=fault, api_job_id=api_job_id)
            return output
        _log_performance(result)
        return success(result)

    async def _run_with_progress(self, request: RunpodRequest, job_id: str) -> dict[str, Any]:
        if self._post_progress is None:
            return await self._runner.run_job(request)
        report = ProgressReport(partial(self._post_progress, job_id))
        try:
            return await self._runner.run_job(request, report.update)
        finally:
            await report.close()


def _log_performance(result: dict[str, Any]) -> None:
    """Log the cost of a job; a probe reports none, since its result is ffprobe's own document."""
    stats = result.get("stats")
    figures = stats if isinstance(stats, dict) else {}
    fields: dict[str, Any] = {"api_seconds": figures.get("seconds")}
    fields |= {name: figures.get(name) for name in ("speed", "cpu_seconds", "input_bytes", "output_bytes")}
    fields["api_job_id"] = result.get("job_id")
    known = {name: value for name, value in fields.items() if value is not None}
    if known:
        log(logging.INFO, "job performance", **known)
