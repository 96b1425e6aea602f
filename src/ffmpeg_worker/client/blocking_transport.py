"""The transport of the blocking client: the standard library's HTTP client, with a connection for every request.

Its methods are coroutines that never wait for an event loop: `run_blocking` runs them to their end.
"""

from __future__ import annotations

import functools
import http.client
import os
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from ffmpeg_worker.client.transport import (
    CONNECT_TIMEOUT_S,
    BodyCut,
    ConnectionLost,
    FilePart,
    NotConnected,
    NotHttp,
    Request,
    Response,
    TimedOut,
)

_BLOCK_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class BlockingResponse:
    """See `Response`."""

    response: http.client.HTTPResponse
    clock: _Clock
    headers: Mapping[str, str]

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status

    async def chunks(self) -> AsyncIterator[bytes]:
        """See `Response.chunks`."""
        while True:
            try:
                self.clock.wind()
                chunk = self.response.read1(_BLOCK_BYTES)
            except TimeoutError:
                raise self.clock.timed_out() from None
            except (http.client.IncompleteRead, OSError) as error:
                raise BodyCut(f"it was cut off ({type(error).__name__}).") from None
            except (http.client.HTTPException, ValueError) as error:
                raise NotHttp(f"it is not HTTP ({type(error).__name__}).") from None
            if not chunk:
                if self.response.length:  # the bytes that were announced and are missing
                    raise BodyCut("it was cut off.")
                return
            yield chunk


class BlockingTransport:
    """See `Transport`."""

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Response]:
        """See `Transport.open`."""
        connection = _connect(request)
        try:
            clock = _Clock(connection, request)
            response = _exchange(connection, request, clock)
            headers = {name.lower(): value for name, value in response.getheaders()}
            yield BlockingResponse(response, clock, headers)
        finally:
            connection.close()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)  # noqa: ASYNC251 - there is no event loop


class _Clock:
    """Limits every wait of a connection by what is left of the request's time."""

    def __init__(self, connection: http.client.HTTPConnection, request: Request) -> None:
        self._socket = connection.sock
        self._request = request
        self._deadline = None if request.timeout_s is None else time.monotonic() + request.timeout_s

    def wind(self) -> None:
        """Set the timeout of the next wait.

        Raises:
            TimeoutError: the time is used up.
        """
        limits = [limit for limit in (self._request.silence_s, self._left_s()) if limit is not None]
        if limits and min(limits) <= 0:
            raise TimeoutError
        self._socket.settimeout(min(limits) if limits else None)

    def timed_out(self) -> TimedOut:
        """Return the error of a wait that was too long."""
        left_s = self._left_s()
        if left_s is not None and left_s <= 0:
            return TimedOut(f"it does not respond within {self._request.timeout_s:g} seconds.")
        return TimedOut("it was silent for too long.")

    def _left_s(self) -> float | None:
        return None if self._deadline is None else self._deadline - time.monotonic()


def _connect(request: Request) -> http.client.HTTPConnection:
    parts = urlsplit(request.url)
    limit_s = CONNECT_TIMEOUT_S if request.timeout_s is None else min(CONNECT_TIMEOUT_S, request.timeout_s)
    host = parts.hostname or "localhost"
    connection = (
        http.client.HTTPSConnection(host, parts.port, timeout=limit_s, context=_tls_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, parts.port, timeout=limit_s)
    )
    try:
        connection.connect()
    except OSError as error:
        connection.close()
        raise NotConnected(_describe(error)) from None
    return connection


@functools.cache
def _tls_context() -> ssl.SSLContext:
    return ssl.create_default_context()


def _exchange(connection: http.client.HTTPConnection, request: Request, clock: _Clock) -> http.client.HTTPResponse:
    try:
        clock.wind()
        _send(connection, request)
        clock.wind()
        return connection.getresponse()
    except TimeoutError:
        raise clock.timed_out() from None
    except http.client.RemoteDisconnected:
        raise ConnectionLost("it closed the connection before it responded.") from None
    except (http.client.HTTPException, ValueError) as error:
        raise NotHttp(f"it is not HTTP ({type(error).__name__}).") from None
    except (ConnectionError, ssl.SSLError):
        raise ConnectionLost("it closed the connection before it responded.") from None


def _send(connection: http.client.HTTPConnection, request: Request) -> None:
    """Send a request; a server that stops reading a body has answered already, and its answer is read next."""
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    body, headers = request.body, dict(request.headers)
    try:
        if isinstance(body, FilePart):
            headers["Content-Length"] = str(body.length)
            connection.request(request.method, target, body.blocks(), headers)
        else:
            connection.request(request.method, target, body, headers)
    except (BrokenPipeError, ConnectionResetError):
        if body is None:
            raise


def _describe(error: OSError) -> str:
    """Say why there is no connection; the numbers of errors of names are negative."""
    if isinstance(error, TimeoutError):
        return "it does not accept the connection in time."
    number = error.errno or 0
    text = os.strerror(number) if number > 0 else error.strerror
    return f"{text or type(error).__name__}."
