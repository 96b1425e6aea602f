"""The client of the HTTP door: one request for a job, told apart from all that is not an answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp

from ffmpeg_worker.logs import log
from ffmpeg_worker.runpod_worker.api_answer import read_result
from ffmpeg_worker.runpod_worker.followed import MEDIA_TYPE, BrokenOff, read_followed
from ffmpeg_worker.runpod_worker.locate_api import ApiLocation, health_url, read_health
from ffmpeg_worker.runpod_worker.problems import JobFailed, bad_answer, timed_out, unreachable
from ffmpeg_worker.runpod_worker.request import Request

MAX_BODY_BYTES = 32 << 20
"""Longest answer that is read."""
READY_WITHIN_S = 60.0
"""Seconds to wait for an HTTP door that does not answer."""

_HEALTH_S = 5.0
_CONNECT_S = 10.0
_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 1.0
_PAUSE_GROWTH = 1.5
_NOT_RUNNING = "it is not running."
_ENDED_EARLY = "it ended the connection before it answered."
_BROKEN_TRANSFER = (aiohttp.ClientError, aiohttp.http_exceptions.HttpProcessingError, OSError, ValueError)


Tell = Callable[[dict[str, Any]], None]
"""Called on the event loop; must return at once."""


class _NotConnectedError(Exception):
    """There was no connection: nothing was sent, so it can be sent again."""


class ApiClient:
    """Sends jobs to the HTTP door at `place`.

    It has no connections to keep: the SDK runs several event loops one after another without telling when one
    ends, and a kept connection that the server closes meanwhile fails a POST that cannot be repeated.
    """

    def __init__(
        self,
        place: ApiLocation,
        *,
        timeout_s: float,
        longest_s: float | None = None,
        ready_within_s: float = READY_WITHIN_S,
    ) -> None:
        """`timeout_s` is for jobs that have no time of their own, `longest_s` the limit for those that have."""
        self._place = place
        self._timeout_s = timeout_s
        self._longest_s = longest_s
        self._ready_within_s = ready_within_s

    async def post(self, request: Request, tell: Tell | None = None) -> dict[str, Any]:
        """Have a job run; returns the HTTP door's result. Cancelling closes the connection, which stops the job.

        Args:
            request: the job.
            tell: called with the progress of the job, `{"stage", "percent", …}`.

        Raises:
            JobFailed: the HTTP door's own problem, or `api_unreachable`, `api_timeout`, `api_bad_answer`,
                `api_unauthorized`.
        """
        try:
            return await self._timed(request, tell)
        except _NotConnectedError:
            await self.wait_until_ready()
        try:
            return await self._timed(request, tell)
        except _NotConnectedError as error:
            raise unreachable(str(error)) from None

    async def wait_until_ready(self) -> dict[str, Any]:
        """Wait for the HTTP door; returns what it tells about its health.

        Raises:
            JobFailed: `api_unreachable`, it was not within the time, or never will be.
        """
        deadline = time.monotonic() + self._ready_within_s
        pauses = _pauses()
        health: dict[str, Any] | str
        async with self._session() as session:
            while True:
                if (given_up := self._place.gave_up()) is not None:
                    raise unreachable(given_up)
                if (base_url := self._place.base_url()) is None:
                    health, pause = _NOT_RUNNING, _FIRST_PAUSE_S
                else:
                    health, pause = await _look_at_health(session, health_url(base_url)), next(pauses)
                if isinstance(health, dict):
                    return health
                if time.monotonic() + pause > deadline:
                    raise unreachable(health)
                await asyncio.sleep(pause)

    async def _timed(self, request: Request, tell: Tell | None) -> dict[str, Any]:
        base_url = self._place.base_url()
        if base_url is None:
            raise _NotConnectedError(_NOT_RUNNING)
        began = time.monotonic()
        timeout_s = self.timeout_of(request)
        status, raw = None, b""
        try:
            async with asyncio.timeout(timeout_s), self._session() as session:
                status, raw = await _exchange(session, base_url + request.path, request.body, tell)
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

    def timeout_of(self, request: Request) -> float:
        """Seconds that its answer may take."""
        if request.limit_s is None:
            return self._timeout_s
        return request.limit_s if self._longest_s is None else min(request.limit_s, self._longest_s)

    def _session(self) -> aiohttp.ClientSession:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self._place.api_key:
            headers["Authorization"] = f"Bearer {self._place.api_key}"
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True),
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S),
        )


async def _exchange(session: aiohttp.ClientSession, url: str, body: bytes, tell: Tell | None) -> tuple[int, bytes]:
    """Status and body of the answer."""
    response = await _send(session, url, body, "application/json" if tell is None else MEDIA_TYPE)
    # Closing the connection takes no await: no second cancellation can come in between.
    try:
        if tell is None or response.content_type != MEDIA_TYPE:
            return response.status, await _read(response)
        try:
            return await read_followed(response.content.iter_any(), tell, max_bytes=MAX_BODY_BYTES)
        except (BrokenOff, aiohttp.ClientError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise unreachable(_ENDED_EARLY) from None
    finally:
        response.close()


async def _send(session: aiohttp.ClientSession, url: str, body: bytes, accept: str) -> aiohttp.ClientResponse:
    try:
        # A redirect would carry the job to somewhere else, or turn the POST into a GET.
        return await session.post(url, data=body, headers={"Accept": accept}, allow_redirects=False)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise _NotConnectedError(_connection_reason(error)) from None
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
        raise unreachable(_ENDED_EARLY) from None
    except TimeoutError:
        raise
    except _BROKEN_TRANSFER as error:
        raise bad_answer(f"it is not HTTP ({type(error).__name__}).") from None


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    try:
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise bad_answer(f"it is longer than {MAX_BODY_BYTES} bytes.")
    except TimeoutError:
        raise
    except _BROKEN_TRANSFER as error:
        raise bad_answer(f"it broke off ({type(error).__name__}).") from None
    return bytes(body)


async def _look_at_health(session: aiohttp.ClientSession, url: str) -> dict[str, Any] | str:
    """What the HTTP door at this address tells about its health, or why it is not ready."""
    try:
        async with asyncio.timeout(_HEALTH_S):
            response = await session.get(url, allow_redirects=False)
            try:
                body = await _read(response)
            finally:
                response.close()
    except TimeoutError:
        return f"it does not answer within {_HEALTH_S:g} seconds."
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        return _connection_reason(error)
    except (JobFailed, *_BROKEN_TRANSFER):
        return "what answers at its address is something else."
    return read_health(response.status, body) or f"it is not healthy (HTTP {response.status})."


def _connection_reason(error: Exception) -> str:
    cause = getattr(error, "os_error", None) or error
    text = getattr(cause, "strerror", None) or type(cause).__name__
    return f"{text}."


def _pauses() -> Iterator[float]:
    pause = _FIRST_PAUSE_S
    while True:
        yield pause
        pause = min(pause * _PAUSE_GROWTH, _LONGEST_PAUSE_S)
