"""Requests to one server: its address and key, what its answers mean, and when they are worth another try."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from ffmpeg_worker.client.errors import ApiError, bad_response, unreachable
from ffmpeg_worker.client.location import ApiLocation
from ffmpeg_worker.client.transport import (
    BodyCut,
    FilePart,
    NotConnected,
    NotHttp,
    Request,
    Response,
    Transport,
    TransportError,
)
from ffmpeg_worker.retry import AttemptFailed, is_retryable, parse_retry_after, retry

MAX_RESPONSE_BYTES = 64 << 20
RESPONSE_TIMEOUT_S = 60.0
PAUSES_S: Sequence[float] = (0.5, 1, 2, 4)
"""Pauses between the attempts of one request, unless the server names its own."""

NOT_RUNNING = "it is not running."


class NothingSent(ApiError):
    """There was no connection to the API: nothing was sent, so the request can be repeated."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A server at a location. All methods raise ApiError."""

    transport: Transport
    location: ApiLocation = field(repr=False)
    pauses_s: Sequence[float] = PAUSES_S

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        repeats: bool | None = None,
    ) -> dict[str, Any]:
        """Send a request and return the JSON object of its response.

        `repeats`: whether the request may arrive twice; by default all but POST.
        """
        repeats = method != "POST" if repeats is None else repeats
        target = path + (f"?{urlencode(query)}" if query else "")
        json_headers = {"Content-Type": "application/json"} if body is not None else {}
        sent = {**json_headers, **(headers or {})}

        async def attempt() -> dict[str, Any]:
            try:
                return await self.call_once(method, target, body=body, headers=sent)
            except ApiError as error:
                if is_worth_repeating(error, repeats=repeats):
                    raise AttemptFailed(error, error.retry_after_s) from None
                raise

        return await retry(attempt, self.pauses_s, sleep=self.transport.sleep)

    async def call_once(
        self,
        method: str,
        path: str,
        *,
        body: bytes | FilePart | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Send a request once and return the JSON object of its response."""
        timeout_s = None if isinstance(body, FilePart) else RESPONSE_TIMEOUT_S
        async with self.open(method, path, body=body, headers=headers, timeout_s=timeout_s) as response:
            status = response.status
            value = read_json(await read_body(response), status)
        if not isinstance(value, dict):
            raise bad_response(f"HTTP {status} with a body that is not a JSON object.", status=status)
        return value

    @asynccontextmanager
    async def open(
        self,
        method: str,
        path: str,
        *,
        body: bytes | FilePart | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> AsyncIterator[Response]:
        """Open a successful response; what becomes of its body is raised as ApiError too."""
        base_url = self.location.base_url()
        if base_url is None:
            raise NothingSent(unreachable(NOT_RUNNING).problem)
        request = Request(
            method, base_url + path, {**self.headers(), **(headers or {})}, body, timeout_s=timeout_s
        )
        async with open_response(self.transport, request) as response:
            yield response

    def headers(self) -> dict[str, str]:
        """Return the headers of every request, with the key."""
        key = self.location.api_key
        return {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {key}"} if key else {})


@asynccontextmanager
async def open_response(transport: Transport, request: Request) -> AsyncIterator[Response]:
    """Open a successful response.

    Raises:
        ApiError: the API's problem, or what happened to the connection.
    """
    try:
        async with transport.open(request) as response:
            if response.status >= 300:
                raise await _read_problem(response)
            yield response
    except TransportError as error:
        raise explain(error) from None


def explain(error: TransportError) -> ApiError:
    """Return the error of a request without a whole response."""
    if isinstance(error, NotHttp):
        return bad_response(str(error))
    known = unreachable(str(error))
    return NothingSent(known.problem) if isinstance(error, NotConnected) else known


def is_worth_repeating(error: ApiError, *, repeats: bool) -> bool:
    """Whether another attempt may succeed, and does no harm: the server did not take the request, or it may."""
    if isinstance(error, NothingSent):
        return True
    if error.status is not None:
        return error.retryable or (error.status < 500 and is_retryable(error.status))
    return repeats and error.code == "api_unreachable"


async def read_body(response: Response, *, max_bytes: int = MAX_RESPONSE_BYTES) -> bytes:
    """Read the whole body of a response.

    Raises:
        ApiError: it is larger than `max_bytes`.
        TransportError: it is cut off.
    """
    body = bytearray()
    async for chunk in response.chunks():
        body += chunk
        if len(body) > max_bytes:
            raise bad_response(f"it is larger than {max_bytes} bytes.")
    return bytes(body)


def read_json(content: bytes, status: int) -> Any:
    """Read the JSON of a response.

    Raises:
        ApiError: it is none (`api_bad_answer`).
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise bad_response(f"HTTP {status} with a body that is not JSON.", status=status) from None


async def _read_problem(response: Response) -> ApiError:
    status = response.status
    retry_after_s = parse_retry_after(response.headers.get("retry-after"))
    try:
        value = read_json(await read_body(response), status)
    except (ApiError, BodyCut):
        value = None
    match value:
        case {"error": str(message), "code": str()} if message:
            return ApiError(value, status=status, retry_after_s=retry_after_s)
    error = bad_response(f"HTTP {status} with neither a result nor a problem.", status=status)
    error.retry_after_s = retry_after_s
    return error


def new_idempotency_key() -> str:
    """Return a key with which a job can be sent again safely."""
    return os.urandom(16).hex()
