"""Runs a large `multi_process` job on several workers of the endpoint, including this one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ffmpeg_worker.client.api_client import ApiClient
from ffmpeg_worker.client.errors import ApiError, timed_out
from ffmpeg_worker.client.read_response import OnProgress
from ffmpeg_worker.client.runpod_endpoint import RunpodEndpoint
from ffmpeg_worker.errors import AllProcessesFailed
from ffmpeg_worker.job.actions.multi_process import MultiProcessJob, all_processes_failed
from ffmpeg_worker.job.lifecycle import JobEvent
from ffmpeg_worker.logs import log
from ffmpeg_worker.runpod_worker.merge_progress import merge_progress
from ffmpeg_worker.runpod_worker.parts import Part, find_reason_not_to_split, merge_results, split_request
from ffmpeg_worker.runpod_worker.remote_part import NotRun, RemotePart
from ffmpeg_worker.runpod_worker.request import RunpodRequest
from ffmpeg_worker.tasks import run_all


@dataclass(frozen=True, slots=True)
class FanOut:
    """Replaces the API client, and uses it for everything that runs on this worker.

    A `multi_process` job of at least `min_processes` is split into `workers` parts. The first runs here, the
    others are sent to `endpoint`. A part that no worker has started within `queue_s` seconds runs here too, so
    workers that wait for each other never block each other.
    """

    client: ApiClient
    endpoint: RunpodEndpoint
    min_processes: int
    workers: int
    queue_s: float
    option_policy: bool = True
    release_s: float = 5.0

    async def run_job(self, request: RunpodRequest, on_progress: OnProgress | None = None) -> dict[str, Any]:
        """Do what `ApiClient.run_job` does; cancelling cancels the parts.

        Raises:
            ApiError: as there; the problem of a part, with process numbers of the whole job.
            AllProcessesFailed: no process of any part succeeded.
            WorkerError: the job is invalid.
        """
        job = request.job
        if request.is_part or not isinstance(job, MultiProcessJob) or len(job.data.processes) < self.min_processes:
            return await self.client.run_job(request, on_progress)
        reason = find_reason_not_to_split(job, option_policy=self.option_policy)
        if reason is not None:
            result = await self.client.run_job(request, on_progress)
            warning = f"One worker ran all processes, because {reason}."
            return {**result, "warnings": [*result.get("warnings", ()), warning]}
        timeout_s = self.client.timeout_of(request)
        began = time.monotonic()
        try:
            async with asyncio.timeout(timeout_s):
                parts = split_request(request, self.workers)
                run = _SplitJob(self, parts, began + timeout_s, on_progress)
                results = await run.run()
        except TimeoutError:
            raise timed_out(timeout_s) from None
        seconds = time.monotonic() - began
        log(logging.INFO, "parts merged", parts=len(parts), seconds=round(seconds, 3), here=len(run.warnings))
        warnings = [*job.notes, *run.warnings]
        whole = merge_results(parts, results, seconds=seconds, metadata=job.metadata, warnings=warnings)
        if whole["results"] and not whole["succeeded"]:
            raise all_processes_failed(whole["results"])
        return whole


@dataclass(slots=True)
class _SplitJob:
    """One job in parts."""

    fan_out: FanOut
    parts: Sequence[Part]
    deadline: float
    on_progress: OnProgress | None
    warnings: list[str] = field(default_factory=list)
    _progress: dict[int, JobEvent] = field(default_factory=dict)

    async def run(self) -> list[dict[str, Any]]:
        """Return the results of all parts in order; the first failure ends the other parts."""
        return await run_all(self._run_part(part) for part in self.parts)

    async def _run_part(self, part: Part) -> dict[str, Any]:
        try:
            if part.begin > 0:
                return await self._run_remotely(part)
            return await self._run_here(part)
        except ApiError as error:
            if error.code == AllProcessesFailed.code and error.problem.get("results"):
                return {"results": error.problem["results"], "job_id": error.problem.get("job_id")}
            raise ApiError(part.problem_of_whole(error.problem)) from None

    async def _run_remotely(self, part: Part) -> dict[str, Any]:
        limit_s = self.deadline - time.monotonic()
        queue_s, release_s = self.fan_out.queue_s, self.fan_out.release_s
        try:
            return await RemotePart(
                self.fan_out.endpoint, part, queue_s, limit_s, release_s, partial(self._report, part)
            ).run()
        except NotRun as reason:
            log(logging.WARNING, "part runs here", part=part.label, reason=str(reason))
            self.warnings.append(f"{part.label} ran on the same worker, because {reason}.")
        return await self._run_here(part)

    async def _run_here(self, part: Part) -> dict[str, Any]:
        return await self.fan_out.client.run_job(part.request, partial(self._report, part))

    def _report(self, part: Part, progress: dict[str, Any]) -> None:
        """Report the progress of the whole job; a part that restarts does not lower it."""
        event = JobEvent.from_json(progress)
        known = self._progress.get(part.begin)
        percent = event.percent if known is None else max(event.percent, known.percent)
        self._progress[part.begin] = replace(event, percent=percent)
        if self.on_progress is not None:
            self.on_progress(merge_progress(self.parts, self._progress).as_json())
