"""RunPod's handler: one job in, one answer out, and nothing that could harm the SDK's loop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.logs import job_id_var, log
from ffmpeg_worker.runpod_worker.client import Tell
from ffmpeg_worker.runpod_worker.handler_output import Answer, failure, finalize, success
from ffmpeg_worker.runpod_worker.problems import JobFailed, Problem, crashed
from ffmpeg_worker.runpod_worker.progress import ProgressReport
from ffmpeg_worker.runpod_worker.request import Request, read_job_id, read_request

PostProgress = Callable[[str, dict[str, Any]], Awaitable[None]]
"""Sends one report about the job with this id."""


class Client(Protocol):
    """Has a job run and gives its result."""

    async def post(self, request: Request, tell: Tell | None = None) -> dict[str, Any]:
        """As `ApiClient.post`."""


class RunpodWorker:
    """Answers RunPod's jobs with the help of the HTTP door, which takes bodies of up to `max_body_bytes`.

    `post_progress` is there where RunPod is: nobody else asks how far a job is.
    """

    def __init__(self, client: Client, max_body_bytes: int, post_progress: PostProgress | None = None) -> None:
        self._client = client
        self._max_body_bytes = max_body_bytes
        self._post_progress = post_progress

    async def handle(self, job: dict[str, Any]) -> Answer:
        """Run a job of RunPod's SDK, `{"id", "input": {…}}`; never raises, unless it is cancelled.

        Returns:
            `{"success": true, "result": …}` or `{"error": sentence, "details": …}`, at most 8 MiB of plain JSON.
        """
        token = job_id_var.set(read_job_id(job))
        began = time.monotonic()
        outcome = "worker_error"
        log(logging.INFO, "job started")
        try:
            answer = finalize(await self._run(job))
            outcome = answer["details"].get("code", outcome) if "error" in answer else "succeeded"
        except (asyncio.CancelledError, GeneratorExit):
            outcome = "cancelled"
            raise
        except BaseException:  # SystemExit would end the worker and lose every other job
            log(logging.ERROR, "job crashed", exc_info=True)
            answer = failure(crashed())
        finally:
            log(logging.INFO, "job finished", outcome=outcome, seconds=round(time.monotonic() - began, 3))
            job_id_var.reset(token)
        return answer

    async def _run(self, job: dict[str, Any]) -> Answer:
        try:
            request = read_request(job, max_bytes=self._max_body_bytes)
            result = await self._post(request, str(job.get("id")))
        except WorkerError as error:
            return _failed(error.as_problem())
        except JobFailed as error:
            return _failed(error.problem)
        _log_performance(result)
        return success(result)

    async def _post(self, request: Request, job_id: str) -> dict[str, Any]:
        if self._post_progress is None:
            return await self._client.post(request)
        report = ProgressReport(partial(self._post_progress, job_id))
        try:
            return await self._client.post(request, report.tell)
        finally:
            await report.close()


def _failed(problem: Problem) -> Answer:
    code, fault = problem.get("code"), problem.get("fault")
    log(logging.WARNING, "job failed", code=code, fault=fault, api_job_id=problem.get("job_id"))
    return failure(problem)


def _log_performance(result: dict[str, Any]) -> None:
    stats = result.get("stats")
    figures = stats if isinstance(stats, dict) else {}
    log(
        logging.INFO,
        "job performance",
        api_seconds=figures.get("seconds"),
        speed=figures.get("speed"),
        cpu_seconds=figures.get("cpu_seconds"),
        input_bytes=figures.get("input_bytes"),
        output_bytes=figures.get("output_bytes"),
        api_job_id=result.get("job_id"),
    )
