"""Client of a RunPod endpoint: sends jobs, asks for their status and cancels them, one request at a time."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from pydantic import SecretStr

from ffmpeg_worker.logs import log
from ffmpeg_worker.retry import AttemptFailed, is_retryable, parse_retry_after, retry
from ffmpeg_worker.runpod_worker.request import is_job_id

_TIMEOUT_S = 15.0
_MAX_RESPONSE_BYTES = 32 << 20


class EndpointError(Exception):
    """A request to the endpoint failed; one that is `retryable` may be repeated, after `retry_after_s` seconds."""

    def __init__(self, reason: str, *, retryable: bool, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retryable = retryable
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Endpoint:
    """URL and API key of an endpoint.

    `pauses_s` are the pauses between attempts of one request, unless RunPod names its own.
    """

    url: str
    key: SecretStr
    pauses_s: Sequence[float] = (0.5, 1, 2, 4)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[EndpointSession]:
        """Open connections for one job: the SDK runs several event loops, which cannot share them."""
        headers = {"Authorization": f"Bearer {self.key.get_secret_value()}", "Accept-Encoding": "identity"}
        async with aiohttp.ClientSession(
            headers=headers, timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S), trust_env=False
        ) as session:
            yield EndpointSession(self, session)


@dataclass(frozen=True, slots=True)
class EndpointSession:
    """An endpoint with open connections."""

    endpoint: Endpoint
    session: aiohttp.ClientSession

    async def run(self, job: Mapping[str, Any]) -> str:
        """Send a job; return its id.

        Raises:
            EndpointError: the job was not accepted, as far as is known.
        """
        response = await self._request_with_retries("POST", "run", job)
        job_id = response.get("id")
        if not is_job_id(job_id):
            raise EndpointError("it gave the job no id", retryable=False)
        return job_id

    async def status(self, job_id: str) -> dict[str, Any]:
        """Return the state of a job, `{"status", "output"?, "error"?, …}`, without retries.

        Raises:
            EndpointError: the request failed.
        """
        return await self._request("GET", f"status/{job_id}")

    async def cancel(self, job_id: str) -> dict[str, Any]:
        """Cancel a job; return its state afterwards, which may be COMPLETED.

        Raises:
            EndpointError: the request failed.
        """
        return await self._request_with_retries("POST", f"cancel/{job_id}")

    async def _request_with_retries(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        async def attempt() -> dict[str, Any]:
            try:
                return await self._request(method, path, body)
            except EndpointError as error:
                if not error.retryable:
                    raise
                raise AttemptFailed(error, error.retry_after_s) from None

        def log_retry(error: Exception, _pause_s: float) -> None:
            log(logging.WARNING, "retrying endpoint request", what=path.partition("/")[0], reason=str(error))

        return await retry(attempt, self.endpoint.pauses_s, log_retry)

    async def _request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        try:
            async with self.session.request(
                method, f"{self.endpoint.url}/{path}", json=body, allow_redirects=False
            ) as response:
                raw = await _read(response)
                status, retry_after = response.status, response.headers.get("Retry-After")
        except aiohttp.ClientConnectorError as error:
            raise EndpointError("it cannot be reached", retryable=True) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # The request may have arrived: a job that is sent again would run twice.
            raise EndpointError("it did not respond", retryable=path != "run") from error
        if status != 200:
            raise EndpointError(
                f"it responded with HTTP {status}",
                retryable=is_retryable(status),
                retry_after_s=parse_retry_after(retry_after),
            )
        try:
            value = json.loads(raw)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise EndpointError("its response is not a JSON object", retryable=False)
        return value


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _MAX_RESPONSE_BYTES:
            raise EndpointError("its response is too large", retryable=False)
    return bytes(body)
