"""Request bodies: limited in size, type and time before they are parsed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive

from ffmpeg_worker.errors import InvalidJob, JobCancelled

_TIMEOUT_S = 10.0
_CONTENT_TYPES = frozenset({"application/json", "application/json;charset=utf-8"})


def ignore_count(_count: int) -> None:
    """Accept every piece of a body."""


async def read_body(
    request: Request,
    max_bytes: int,
    *,
    count: Callable[[int], None] = ignore_count,
    timeout_s: float = _TIMEOUT_S,
) -> bytes:
    """Receive a JSON body; `count` is called with the bytes of each piece and may refuse it.

    Raises:
        InvalidJob: with code `content_type_refused`, `body_too_large` or `body_timeout`.
        QueueFull, KeyLimitReached: raised by `count`.
        JobCancelled: the caller disconnected meanwhile.
    """
    _check_type(request.headers)
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    try:
        async with asyncio.timeout(timeout_s):
            return await _receive(request.receive, max_bytes, count)
    except TimeoutError:
        raise InvalidJob(
            f"The body did not arrive within {timeout_s:g} s.",
            code="body_timeout",
            hint="Send the whole job at once. A job names its media files; it does not contain them.",
        ) from None


async def _receive(receive: Receive, max_bytes: int, count: Callable[[int], None]) -> bytes:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise JobCancelled("The caller went away while sending the job.")
        piece = message.get("body", b"")
        if len(body) + len(piece) > max_bytes:
            raise _too_large(max_bytes)
        count(len(piece))
        body += piece
        more = message.get("more_body", False)
    return bytes(body)


def is_json(headers: Headers) -> bool:
    """Whether a request declares its body as JSON."""
    return headers.get("content-type", "").lower().replace(" ", "").replace('"', "") in _CONTENT_TYPES


def _check_type(headers: Headers) -> None:
    if not is_json(headers) or headers.get("content-encoding", "identity") != "identity":
        raise InvalidJob(
            "The body must be uncompressed JSON in UTF-8, declared by its Content-Type.",
            code="content_type_refused",
            hint="Send Content-Type: application/json, without Content-Encoding.",
        )


def _too_large(max_bytes: int) -> InvalidJob:
    return InvalidJob(
        f"The body is larger than {max_bytes} bytes.",
        code="body_too_large",
        hint="Name files instead of sending their content, or let the operator raise "
        "FFMPEG_WORKER_MAX_BODY_BYTES.",
    )
