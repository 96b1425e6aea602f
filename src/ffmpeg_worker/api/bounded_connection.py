"""HTTP connections with limits on their number and on the time until a request has arrived."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_CONNECTIONS = 1000
"""Limit of simultaneous connections; further ones are closed at once."""
REQUEST_TIMEOUT_S = 10.0
"""Seconds from the start of a connection, or the first byte after a response, to a complete request head."""


class BoundedConnection(H11Protocol):
    """Uvicorn's connection, which by itself would wait for ever for the rest of a request."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first request, unless there are too many connections."""
        super().connection_made(transport)  # type: ignore[arg-type]
        if len(self.connections) > MAX_CONNECTIONS:
            self.transport.abort()
            return
        self._start_timer()

    def data_received(self, data: bytes) -> None:
        """Receive a part of a request."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._start_timer()
        else:
            self._stop_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Release the connection."""
        self._stop_timer()
        super().connection_lost(exc)

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
