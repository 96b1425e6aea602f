"""Runs a large `multi_process` on several workers of the endpoint, this one among them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ffmpeg_worker.job.actions.multi_process import MultiProcessJob
from ffmpeg_worker.logs import log
from ffmpeg_worker.runpod_worker.client import ApiClient, Tell
from ffmpeg_worker.runpod_worker.endpoint import Endpoint, EndpointSession
from ffmpeg_worker.runpod_worker.parts import Part, cut, find_reason_not_to_split, joined
from ffmpeg_worker.runpod_worker.problems import JobFailed, timed_out
from ffmpeg_worker.runpod_worker.remote_part import NotRun, RemotePart
from ffmpeg_worker.runpod_worker.request import Request
from ffmpeg_worker.tasks import run_all


@dataclass(frozen=True, slots=True)
class FanOut:
    """Stands in for the client of the HTTP door, and uses it for all that is run here.

    A `multi_process` of at least `least` processes is cut into `workers` parts. The first is run here, the
    others are sent to `endpoint`; what no worker there has begun within `queue_s` seconds is run here, too. So
    workers that wait for each other never stop each other.
    """

    client: ApiClient
    endpoint: Endpoint
    least: int
    workers: int
    queue_s: float
    option_policy: bool = True
    let_go_s: float = 5.0

    async def post(self, request: Request, tell: Tell | None = None) -> dict[str, Any]:
        """As `ApiClient.post`; cancelling cancels the parts.

        Raises:
            JobFailed: as there; a part's own problem, by the numbers of the whole.
            WorkerError: the job is wrong.
        """
        job = request.job
        if request.is_part or not isinstance(job, MultiProcessJob) or len(job.data.processes) < self.least:
            return await self.client.post(request, tell)
        reason = find_reason_not_to_split(job, option_policy=self.option_policy)
        if reason is not None:
            result = await self.client.post(request, tell)
            return {**result, "warnings": [*result.get("warnings", ()), f"One worker ran all, because {reason}."]}
        timeout_s = self.client.timeout_of(request)
        began = time.monotonic()
        try:
            async with asyncio.timeout(timeout_s), self.endpoint.open() as link:
                run = _Run(self, link, cut(request, self.workers), began + timeout_s, tell)
                results = await run.all_results()
        except TimeoutError:
            raise timed_out(timeout_s) from None
        seconds = time.monotonic() - began
        log(logging.INFO, "parts joined", parts=len(run.parts), seconds=round(seconds, 3), here=len(run.warnings))
        return joined(run.parts, results, seconds=seconds, metadata=job.metadata, warnings=run.warnings)


@dataclass(slots=True)
class _Run:
    """One job in parts."""

    fan_out: FanOut
    link: EndpointSession
    parts: Sequence[Part]
    deadline: float
    tell: Tell | None
    warnings: list[str] = field(default_factory=list)
    _percents: dict[int, float] = field(default_factory=dict)

    async def all_results(self) -> list[dict[str, Any]]:
        """The results of all parts, in order; the first that fails ends the others."""
        first, *others = self.parts
        return await run_all([self._here(first), *(self._away(part) for part in others)])

    async def _away(self, part: Part) -> dict[str, Any]:
        limit_s = self.deadline - time.monotonic()
        fan_out = self.fan_out
        away = RemotePart(self.link, part, fan_out.queue_s, limit_s, fan_out.let_go_s, self._teller(part))
        try:
            return await away.result()
        except JobFailed as failed:
            raise JobFailed(part.problem_of_whole(failed.problem)) from None
        except NotRun as reason:
            log(logging.WARNING, "part comes back", part=part.shown, reason=str(reason))
            self.warnings.append(f"{part.shown} ran on the same worker, because {reason}.")
        return await self._here(part)

    async def _here(self, part: Part) -> dict[str, Any]:
        teller = self._teller(part)
        try:
            return await self.fan_out.client.post(
                part.request, lambda progress: teller(progress.get("percent", 0))
            )
        except JobFailed as failed:
            raise JobFailed(part.problem_of_whole(failed.problem)) from None

    def _teller(self, part: Part) -> Callable[[float], None]:
        """Tells how far the whole is; a part that begins again does not take it back."""

        def tell(percent: float) -> None:
            self._percents[part.begin] = max(percent, self._percents.get(part.begin, 0.0))
            done = sum(self._percents.get(other.begin, 0.0) * other.count for other in self.parts)
            if self.tell is not None:
                self.tell({"stage": "running", "percent": round(done / self.parts[-1].end, 1)})

        return tell
