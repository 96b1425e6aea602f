"""Async client of the RunPod worker: runs one job per request and waits until the API is healthy."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ffmpeg_worker.client.aiohttp_transport import AiohttpTransport
from ffmpeg_worker.client.api_door import READY_TIMEOUT_S, ApiDoor
from ffmpeg_worker.client.errors import ApiError, key_refused
from ffmpeg_worker.client.exchange import Exchange, NothingSent
from ffmpeg_worker.client.location import ApiLocation
from ffmpeg_worker.client.read_response import OnProgress, read_result
from ffmpeg_worker.client.run_on_route import RouteCall, RouteResponse, run_on_route
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.platform_job import PLATFORM_JOB_HEADER
from ffmpeg_worker.logs import log


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A job as the API receives it: the route of `action`, and `body` in JSON.

    `timeout_s` is the longest time to wait for the response; None leaves it to the client. `platform_job_id` is
    the job's id at the platform that hands it out.
    """

    action: str
    body: bytes
    timeout_s: float | None = None
    platform_job_id: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers that only this job has."""
        return {} if self.platform_job_id is None else {PLATFORM_JOB_HEADER: self.platform_job_id}

    @classmethod
    def of(cls, action: str, body: Mapping[str, Any]) -> JobRequest:
        """Make a request from a body that is not yet JSON."""
        return cls(action, json.dumps(body).encode())

    @property
    def path(self) -> str:
        """The path of the action's route below the base URL."""
        return ACTIONS[self.action].path


class ApiClient:
    """Sends jobs to the API at `location`; no request is repeated that the API may have received."""

    def __init__(
        self,
        location: ApiLocation,
        *,
        timeout_s: float,
        max_timeout_s: float | None = None,
        ready_timeout_s: float = READY_TIMEOUT_S,
    ) -> None:
        """`timeout_s` applies to requests without a timeout of their own, `max_timeout_s` to those with one."""
        self._door = ApiDoor(Exchange(AiohttpTransport(), location, pauses_s=()))
        self._timeout_s = timeout_s
        self._max_timeout_s = max_timeout_s
        self._ready_timeout_s = ready_timeout_s

    async def run_job(self, request: JobRequest, on_progress: OnProgress | None = None) -> dict[str, Any]:
        """Run a job and return its result. Cancelling closes the connection, which stops the job.

        Raises:
            ApiError: the API's own problem, or `api_unreachable`, `api_timeout`, `api_bad_answer`,
                `api_unauthorized`.
        """
        try:
            response = await self._post(request, on_progress)
        except NothingSent:
            await self.wait_until_healthy()
            response = await self._post(request, on_progress)
        try:
            return read_result(request.action, response.status, response.body)
        except ApiError as error:
            if error.status == 401 and error.code != "api_bad_answer":
                raise key_refused() from None
            raise

    async def wait_until_healthy(self) -> dict[str, Any]:
        """Wait for the API; return its health report.

        Raises:
            ApiError: `api_unreachable`, the API was not healthy in time or never will be.
        """
        return await self._door.wait_until_healthy(self._ready_timeout_s)

    def timeout_of(self, request: JobRequest) -> float:
        """Return the seconds that the response to a request may take."""
        if request.timeout_s is None:
            return self._timeout_s
        return request.timeout_s if self._max_timeout_s is None else min(request.timeout_s, self._max_timeout_s)

    async def _post(self, request: JobRequest, on_progress: OnProgress | None) -> RouteResponse:
        call = RouteCall(request.path, request.body, self.timeout_of(request), request.headers)
        began = time.monotonic()
        response: RouteResponse | None = None
        is_sent = True
        try:
            response = await run_on_route(self._door.exchange, call, on_progress)
        except NothingSent:
            is_sent = False
            raise
        finally:
            if is_sent:
                log(
                    logging.INFO,
                    "api call",
                    method="POST",
                    path=request.path,
                    status=None if response is None else response.status,
                    seconds=round(time.monotonic() - began, 3),
                    bytes_sent=len(request.body),
                    bytes_received=0 if response is None else len(response.body),
                )
        return response
