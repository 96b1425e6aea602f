"""One request and its response: the job's id on it, one log line about it, and no exception out of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.logs import job_id_var, log
from ffmpeg_worker.services import new_job_id

JOB_ID_HEADER = "X-Job-Id"
_KEY = "ffmpeg_worker.exchange"
_MAX_PATH = 256
_POLLED = frozenset({"/health", "/metrics"})


@dataclass(slots=True)
class RequestRecord:
    """What is known about one request; `bytes_in` and `bytes_out` count bodies."""

    job_id: str = field(default_factory=new_job_id)
    began: float = field(default_factory=time.monotonic)
    status: int | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    media_bytes_in: int | None = None
    media_bytes_out: int | None = None
    error: WorkerError | None = None


def request_record_of(scope: Scope) -> RequestRecord:
    """The exchange that a request belongs to."""
    exchange: RequestRecord = scope[_KEY]
    return exchange


class RequestLog:
    """ASGI middleware around everything else of the door.

    `on_failure` answers an exception that nobody expected; `on_end` is told the scope, the exchange and its
    seconds.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        on_failure: Callable[[str], Response],
        on_end: Callable[[Scope, RequestRecord, float], None],
    ) -> None:
        self._app = app
        self._on_failure = on_failure
        self._on_end = on_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or pass on what is none."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = scope[_KEY] = RequestRecord()
        token = job_id_var.set(exchange.job_id)
        recording = _recording(send, exchange)
        try:
            await self._app(scope, _counting(receive, exchange), recording)
        except Exception:
            response = self._on_failure(exchange.job_id)
            if exchange.status is None:
                await response(scope, receive, recording)
        finally:
            seconds = time.monotonic() - exchange.began
            _log(scope, exchange, seconds)
            self._on_end(scope, exchange, seconds)
            job_id_var.reset(token)


def _counting(receive: Receive, exchange: RequestRecord) -> Callable[[], Awaitable[Message]]:
    async def counted() -> Message:
        message = await receive()
        exchange.bytes_in += len(message.get("body", b""))
        return message

    return counted


def _recording(send: Send, exchange: RequestRecord) -> Callable[[Message], Awaitable[None]]:
    async def recorded(message: Message) -> None:
        if message["type"] == "http.response.start":
            exchange.status = message["status"]
            header = (JOB_ID_HEADER.lower().encode(), exchange.job_id.encode())
            message = {**message, "headers": [*message["headers"], header]}
        else:
            exchange.bytes_out += len(message.get("body", b""))
        await send(message)

    return recorded


def _log(scope: Scope, exchange: RequestRecord, seconds: float) -> None:
    fields: dict[str, Any] = {
        "method": scope["method"],
        "path": scope["path"][:_MAX_PATH],
        "status": exchange.status,
        "seconds": round(seconds, 4),
        "bytes_in": exchange.bytes_in,
        "bytes_out": exchange.bytes_out,
    }
    if exchange.media_bytes_in is not None:
        fields |= {"media_bytes_in": exchange.media_bytes_in, "media_bytes_out": exchange.media_bytes_out}
    if exchange.error is not None:
        fields |= {"code": exchange.error.code, "fault": exchange.error.fault.value}
        if exchange.error.detail is not None:
            fields["detail"] = exchange.error.detail
    is_poll = scope["path"] in _POLLED and exchange.error is None
    log(logging.DEBUG if is_poll else logging.INFO, "request", **fields)
