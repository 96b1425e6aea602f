"""ASGI middleware around each request: gives it a job id, logs it, and catches unexpected exceptions."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ffmpeg_worker.api.file_links import hide_tokens
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.result_parts import Stats
from ffmpeg_worker.logs import job_id_var, log
from ffmpeg_worker.owners import ANONYMOUS
from ffmpeg_worker.services import new_job_id
from ffmpeg_worker.trace_context import TraceContext, read_trace, tracing

JOB_ID_HEADER = "X-Job-Id"
_KEY = "ffmpeg_worker.request_record"
_MAX_PATH = 256
_POLLED = frozenset({"/health", "/metrics", "/ping"})


@dataclass(slots=True)
class RequestRecord:
    """Facts about one request and its response; `bytes_in` and `bytes_out` count bodies, `stats` counts media.

    `owner` is the label of the API key.
    """

    job_id: str = field(default_factory=new_job_id)
    owner: str = ANONYMOUS
    began: float = field(default_factory=time.monotonic)
    status: int | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    stats: Stats | None = None
    error: WorkerError | None = None

    def count_received(self, count: int) -> None:
        """Count bytes of the body that have not passed the middleware."""
        self.bytes_in += count

    def count_sent(self, count: int) -> None:
        """Count bytes of the response that do not pass the middleware."""
        self.bytes_out += count


def request_record_of(scope: Scope) -> RequestRecord:
    """Return the record of a request."""
    return cast(RequestRecord, scope[_KEY])


class RequestLog:
    """ASGI middleware that records and logs each request.

    `on_failure` makes the response for an unexpected exception, given the job id. `on_end` receives the scope, the
    record and the seconds that the request took.
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
        """Serve an HTTP request; pass other kinds of scope on unchanged."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with tracing(_find_trace(scope)):
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        record = scope[_KEY] = RequestRecord()
        token = job_id_var.set(record.job_id)
        recording_send = _record_sent(send, record)
        try:
            await self._app(scope, _count_received(receive, record), recording_send)
        except Exception:
            response = self._on_failure(record.job_id)
            if record.status is None:
                await response(scope, receive, recording_send)
        finally:
            seconds = time.monotonic() - record.began
            _log_request(scope, record, seconds)
            self._on_end(scope, record, seconds)
            job_id_var.reset(token)


def _find_trace(scope: Scope) -> TraceContext | None:
    parents = [value.decode("latin-1") for name, value in scope.get("headers", ()) if name == b"traceparent"]
    if not parents:
        return None
    states = [value.decode("latin-1") for name, value in scope["headers"] if name == b"tracestate"]
    return read_trace(parents, states)


def _count_received(receive: Receive, record: RequestRecord) -> Callable[[], Awaitable[Message]]:
    async def counting_receive() -> Message:
        message = await receive()
        record.bytes_in += len(message.get("body", b""))
        return message

    return counting_receive


def _record_sent(send: Send, record: RequestRecord) -> Callable[[Message], Awaitable[None]]:
    async def recording_send(message: Message) -> None:
        if message["type"] == "http.response.start":
            record.status = message["status"]
            header = (JOB_ID_HEADER.lower().encode(), record.job_id.encode())
            message = {**message, "headers": [*message["headers"], header]}
        else:
            record.bytes_out += len(message.get("body", b""))
        await send(message)

    return recording_send


def _log_request(scope: Scope, record: RequestRecord, seconds: float) -> None:
    fields: dict[str, Any] = {
        "method": scope["method"],
        "path": hide_tokens(scope["path"])[:_MAX_PATH],
        "status": record.status,
        "seconds": round(seconds, 4),
        "bytes_in": record.bytes_in,
        "bytes_out": record.bytes_out,
    }
    if record.owner != ANONYMOUS:
        fields["key"] = record.owner
    if record.stats is not None:
        fields |= {"media_bytes_in": record.stats.input_bytes, "media_bytes_out": record.stats.output_bytes}
    if record.error is not None:
        fields |= {"code": record.error.code, "fault": record.error.fault.value}
        if record.error.detail is not None:
            fields["detail"] = record.error.detail
    is_poll = scope["path"] in _POLLED and record.error is None
    log(logging.DEBUG if is_poll else logging.INFO, "request", **fields)
