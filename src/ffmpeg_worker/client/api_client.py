"""Async client of the HTTP API: runs one job per request and waits until the API is healthy."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from ffmpeg_worker.client.errors import ApiError, NotConnected, bad_response, timed_out, unreachable
from ffmpeg_worker.client.location import ApiLocation, health_url, read_health
from ffmpeg_worker.client.read_response import ENDED_EARLY, NDJSON, OnProgress, read_progress, read_result
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.platform_job import PLATFORM_JOB_HEADER
from ffmpeg_worker.logs import log

MAX_RESPONSE_BYTES = 32 << 20
READY_TIMEOUT_S = 60.0
"""Seconds to wait for an API that does not respond."""

_HEALTH_TIMEOUT_S = 5.0
_CONNECT_TIMEOUT_S = 10.0
_FIRST_PAUSE_S = 0.02
_MAX_PAUSE_S = 1.0
_PAUSE_GROWTH = 1.5
_NOT_RUNNING = "it is not running."
_TRANSFER_ERRORS = (aiohttp.ClientError, aiohttp.http_exceptions.HttpProcessingError, OSError, ValueError)


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
    """Sends jobs to the API at `location`.

    It keeps no connections: RunPod's SDK runs several event loops one after another without telling when one
    ends, and a kept connection that the server closes meanwhile fails a POST that cannot be repeated.
    """

    def __init__(
        self,
        location: ApiLocation,
        *,
        timeout_s: float,
        max_timeout_s: float | None = None,
        ready_timeout_s: float = READY_TIMEOUT_S,
    ) -> None:
        """`timeout_s` applies to requests without a timeout of their own, `max_timeout_s` to those with one."""
        self._location = location
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
            return await self._post(request, on_progress)
        except NotConnected:
            await self.wait_until_healthy()
        try:
            return await self._post(request, on_progress)
        except NotConnected as error:
            raise unreachable(str(error)) from None

    async def wait_until_healthy(self) -> dict[str, Any]:
        """Wait for the API; return its health report.

        Raises:
            ApiError: `api_unreachable`, the API was not healthy in time or never will be.
        """
        deadline = time.monotonic() + self._ready_timeout_s
        pause = _FIRST_PAUSE_S
        health: dict[str, Any] | str
        async with self._open_session() as session:
            while True:
                if (failure := self._location.failure()) is not None:
                    raise unreachable(failure)
                if (base_url := self._location.base_url()) is None:
                    health, pause = _NOT_RUNNING, _FIRST_PAUSE_S
                else:
                    health = await _get_health(session, health_url(base_url))
                if isinstance(health, dict):
                    return health
                left_s = deadline - time.monotonic()
                if base_url is not None:
                    place = urlsplit(base_url)
                    log(
                        logging.WARNING,
                        "api not healthy",
                        host=place.hostname,
                        port=place.port,
                        reason=health,
                        seconds_left=round(left_s, 1),
                    )
                if pause > left_s:
                    raise unreachable(health)
                await asyncio.sleep(pause)
                pause = min(pause * _PAUSE_GROWTH, _MAX_PAUSE_S)

    def timeout_of(self, request: JobRequest) -> float:
        """Return the seconds that the response to a request may take."""
        if request.timeout_s is None:
            return self._timeout_s
        return request.timeout_s if self._max_timeout_s is None else min(request.timeout_s, self._max_timeout_s)

    async def _post(self, request: JobRequest, on_progress: OnProgress | None) -> dict[str, Any]:
        base_url = self._location.base_url()
        if base_url is None:
            raise NotConnected(_NOT_RUNNING)
        began = time.monotonic()
        timeout_s = self.timeout_of(request)
        status, raw = None, b""
        try:
            async with asyncio.timeout(timeout_s), self._open_session() as session:
                status, raw = await _exchange(session, base_url + request.path, request, on_progress)
        except TimeoutError:
            raise timed_out(timeout_s) from None
        finally:
            log(
                logging.INFO,
                "api call",
                method="POST",
                path=request.path,
                status=status,
                seconds=round(time.monotonic() - began, 3),
                bytes_sent=len(request.body),
                bytes_received=len(raw),
            )
        return read_result(request.action, status, raw)

    def _open_session(self) -> aiohttp.ClientSession:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self._location.api_key:
            headers["Authorization"] = f"Bearer {self._location.api_key}"
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True),
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_TIMEOUT_S),
        )


async def _exchange(
    session: aiohttp.ClientSession, url: str, request: JobRequest, on_progress: OnProgress | None
) -> tuple[int, bytes]:
    """Send one request; return the status and the body of the response."""
    headers = {"Accept": "application/json" if on_progress is None else NDJSON, **request.headers}
    # `close` awaits nothing, so a second cancellation cannot interrupt it.
    with closing(await _send(session, url, request.body, headers)) as response:
        if on_progress is None or response.content_type != NDJSON:
            return response.status, await _read(response)
        try:
            return await read_progress(response.content.iter_any(), on_progress, max_bytes=MAX_RESPONSE_BYTES)
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError):
            raise unreachable(ENDED_EARLY) from None


async def _send(
    session: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str]
) -> aiohttp.ClientResponse:
    try:
        # Following a redirect would send the job to another server, or turn the POST into a GET.
        return await session.post(url, data=body, headers=headers, allow_redirects=False)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise NotConnected(_describe_connection_error(error)) from None
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
        raise unreachable(ENDED_EARLY) from None
    except TimeoutError:
        raise
    except _TRANSFER_ERRORS as error:
        raise bad_response(f"it is not HTTP ({type(error).__name__}).") from None


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    try:
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > MAX_RESPONSE_BYTES:
                raise bad_response(f"it is larger than {MAX_RESPONSE_BYTES} bytes.")
    except TimeoutError:
        raise
    except _TRANSFER_ERRORS as error:
        raise bad_response(f"it was cut off ({type(error).__name__}).") from None
    return bytes(body)


async def _get_health(session: aiohttp.ClientSession, url: str) -> dict[str, Any] | str:
    """Return the health report at this URL, or a sentence that says why there is none."""
    try:
        async with asyncio.timeout(_HEALTH_TIMEOUT_S):
            with closing(await session.get(url, allow_redirects=False)) as response:
                body = await _read(response)
    except TimeoutError:
        return f"it does not respond within {_HEALTH_TIMEOUT_S:g} seconds."
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        return _describe_connection_error(error)
    except (ApiError, *_TRANSFER_ERRORS):
        return "another kind of server responds at its URL."
    return read_health(response.status, body) or f"it is not healthy (HTTP {response.status})."


def _describe_connection_error(error: Exception) -> str:
    cause = getattr(error, "os_error", None) or error
    text = getattr(cause, "strerror", None) or type(cause).__name__
    return f"{text}."
