"""HTTP connections with limits: their number, the size of heads, time to send a request and read a response."""

from __future__ import annotations

import asyncio
import http
import logging
from typing import Any, cast

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

from ffmpeg_worker.api.direct_transfer import offer_direct_transfer
from ffmpeg_worker.api.problems import problem_response
from ffmpeg_worker.api.received_bytes import MIN_BYTES
from ffmpeg_worker.api.request_log import JOB_ID_HEADER
from ffmpeg_worker.api.strict_parser import RequestRefused, StrictParser
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.logs import log
from ffmpeg_worker.services import new_job_id

MAX_CONNECTIONS = 1000
"""Limit of simultaneous connections; further ones are closed at once."""
REQUEST_TIMEOUT_S = 10.0
"""Seconds from the start of a connection, or the first byte after a response, to a complete request head."""
READ_TIMEOUT_S = 30.0
"""Seconds in which a client must read `MIN_BYTES` of a response, or the rest of it."""
_LINGER_S = 2.0
_RECEIVED_BYTES = 120 << 10


class BoundedConnection(H11Protocol):
    """Uvicorn's connection, which by itself would wait for ever for the rest of a request or a slow reader."""

    _timer: asyncio.TimerHandle | None = None
    _read_timer: asyncio.TimerHandle | None = None
    _unread_bytes = 0
    _is_refused = False
    conn: StrictParser

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.conn = StrictParser()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first request, unless there are too many connections."""
        super().connection_made(transport)  # type: ignore[arg-type]
        # Larger pieces would be mapped and unmapped one by one, see `malloc.py`: half of the cost of an upload.
        self.transport.max_size = _RECEIVED_BYTES  # type: ignore[attr-defined]
        # Then `pause_writing` is called as soon as the socket takes no more.
        self.transport.set_write_buffer_limits(high=0)
        if len(self.connections) > MAX_CONNECTIONS:
            self.transport.abort()
            return
        self._start_timer()

    def data_received(self, data: bytes) -> None:
        """Receive a part of a request."""
        if self._is_refused:
            return
        super().data_received(data)
        if self._is_refused:
            return
        if self.cycle is None or self.cycle.response_complete:
            self._start_timer()
        else:
            self._stop_timer()

    def handle_events(self) -> None:
        """Serve what has been received."""
        served = self.cycle
        try:
            super().handle_events()
        except RequestRefused as refused:
            self._refuse(refused.error)
        if self.cycle is not served:
            offer_direct_transfer(cast(Scope, self.cycle.scope), self)

    @property
    def read_timeout_s(self) -> float:
        """Seconds in which a client must read `MIN_BYTES` of a response."""
        return READ_TIMEOUT_S

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  (uvicorn's sentence)
        """Refuse a request that cannot be parsed."""
        self._refuse(
            InvalidJob(
                "The request is not valid HTTP/1.1.",
                code="invalid_http",
                hint="Use an HTTP client. This port does not speak HTTPS.",
            )
        )

    def pause_writing(self) -> None:
        """The socket takes no more: the client must read."""
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        """The socket has taken everything."""
        super().resume_writing()
        self._stop_watching_reader()

    def connection_lost(self, exc: Exception | None) -> None:
        """Release the connection."""
        self._stop_timer()
        self._stop_watching_reader()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Close the connection when its response is complete."""
        if self._is_refused:
            self.transport.abort()
        else:
            super().shutdown()

    def _refuse(self, error: InvalidJob) -> None:
        """Send a problem and close the connection, once the client has had time to read it."""
        self._is_refused = True
        self._stop_timer()
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self.transport.abort()
                return
        job_id = new_job_id()
        response = problem_response(error, job_id)
        log(logging.INFO, "request refused", job_id=job_id, code=error.code, status=response.status_code)
        headers = [
            *response.raw_headers,
            (JOB_ID_HEADER.lower().encode(), job_id.encode()),
            (b"connection", b"close"),
        ]
        status = http.HTTPStatus(response.status_code)
        lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode(), *(b": ".join(header) for header in headers)]
        self.transport.write(b"\r\n".join([*lines, b"", bytes(response.body)]))
        # Closing while the client still sends would reset the connection before it has read the response.
        self.transport.write_eof()
        self._timer = self.loop.call_later(_LINGER_S, self.transport.abort)

    def _watch_reader(self) -> None:
        self._stop_watching_reader()
        self._unread_bytes = self.transport.get_write_buffer_size()
        self._read_timer = self.loop.call_later(READ_TIMEOUT_S, self._abort_unless_read)

    def _stop_watching_reader(self) -> None:
        if self._read_timer is not None:
            self._read_timer.cancel()
            self._read_timer = None

    def _abort_unless_read(self) -> None:
        if self._unread_bytes - self.transport.get_write_buffer_size() >= MIN_BYTES:
            self._watch_reader()
            return
        self.abort_unread()

    def abort_unread(self) -> None:
        """End the connection of a client that reads too slowly."""
        log(logging.INFO, "response not read", seconds=READ_TIMEOUT_S)
        self.transport.abort()

    def _start_timer(self) -> None:
        # A running timer is not restarted: a request that arrives byte by byte would never time out.
        if self._timer is None:
            self._timer = self.loop.call_later(REQUEST_TIMEOUT_S, self._abort_if_idle)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _abort_if_idle(self) -> None:
        self._timer = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
