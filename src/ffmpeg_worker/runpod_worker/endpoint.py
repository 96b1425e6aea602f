"""A RunPod endpoint as its clients see it: jobs are sent, looked after and cancelled, one request at a time."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from pydantic import SecretStr

from ffmpeg_worker.logs import log
from ffmpeg_worker.retry import AttemptFailed, is_retryable, parse_retry_after, retry

_JOB_ID = re.compile(r"[\w.:~-]{1,256}", re.ASCII)
_ANSWER_S = 15.0
_MAX_ANSWER_BYTES = 32 << 20


class EndpointError(Exception):
    """The endpoint did not do what was asked; `may_pass`: it is worth asking again, after `wish_s` seconds."""

    def __init__(self, reason: str, *, may_pass: bool, wish_s: float | None = None) -> None:
        super().__init__(reason)
        self.may_pass = may_pass
        self.wish_s = wish_s


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Address and key of an endpoint.

    `pauses_s` are those between tries of one request, unless RunPod names its own.
    """

    url: str
    key: SecretStr
    pauses_s: Sequence[float] = (0.5, 1, 2, 4)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[EndpointSession]:
        """Connections for one job: the SDK runs several event loops, which share none."""
        headers = {"Authorization": f"Bearer {self.key.get_secret_value()}", "Accept-Encoding": "identity"}
        async with aiohttp.ClientSession(
            headers=headers, timeout=aiohttp.ClientTimeout(total=_ANSWER_S), trust_env=False
        ) as session:
            yield EndpointSession(self, session)


@dataclass(frozen=True, slots=True)
class EndpointSession:
    """An opened endpoint."""

    endpoint: Endpoint
    session: aiohttp.ClientSession

    async def run(self, job: Mapping[str, Any]) -> str:
        """Send a job; returns its id.

        Raises:
            EndpointError: it was not taken, as far as anybody can tell.
        """
        sent = await self._ask_again("POST", "run", job)
        job_id = sent.get("id")
        if not isinstance(job_id, str) or _JOB_ID.fullmatch(job_id) is None:
            raise EndpointError("it gave the job no id", may_pass=False)
        return job_id

    async def status(self, job_id: str) -> dict[str, Any]:
        """What is known of a job, `{"status", "output"?, "error"?, …}`, asked once.

        Raises:
            EndpointError: it did not say.
        """
        return await self._ask("GET", f"status/{job_id}")

    async def cancel(self, job_id: str) -> dict[str, Any]:
        """Cancel a job; returns what it has become, which may be COMPLETED.

        Raises:
            EndpointError: it did not say.
        """
        return await self._ask_again("POST", f"cancel/{job_id}")

    async def _ask_again(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        async def attempt() -> dict[str, Any]:
            try:
                return await self._ask(method, path, body)
            except EndpointError as error:
                if not error.may_pass:
                    raise
                raise AttemptFailed(error, error.wish_s) from None

        def log_retry(error: Exception, _pause_s: float) -> None:
            log(logging.WARNING, "endpoint asked again", what=path.partition("/")[0], reason=str(error))

        return await retry(attempt, self.endpoint.pauses_s, log_retry)

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        try:
            async with self.session.request(
                method, f"{self.endpoint.url}/{path}", json=body, allow_redirects=False
            ) as response:
                raw = await _read(response)
                status, wish = response.status, response.headers.get("Retry-After")
        except aiohttp.ClientConnectorError as error:
            raise EndpointError("it cannot be reached", may_pass=True) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # It may have got there: sent again, a job would be there twice.
            raise EndpointError("it did not answer", may_pass=path != "run") from error
        if status != 200:
            raise EndpointError(
                f"it answers with HTTP {status}", may_pass=is_retryable(status), wish_s=parse_retry_after(wish)
            )
        try:
            value = json.loads(raw)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise EndpointError("its answer makes no sense", may_pass=False)
        return value


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _MAX_ANSWER_BYTES:
            raise EndpointError("its answer is too long", may_pass=False)
    return bytes(body)
