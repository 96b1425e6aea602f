"""An HTTP server on the running event loop: its socket, its configuration, and a callback when it is ready."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from ffmpeg_worker.api.bounded_connection import BoundedConnection
from ffmpeg_worker.errors import Misconfigured

_KEEP_ALIVE_S = 30
_LAST_RESPONSES_TIMEOUT_S = 3
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 (compared with, not bound to)


class HttpServer(uvicorn.Server):
    """Uvicorn with a start callback and without signal handlers: on a signal, jobs must be stopped first."""

    def __init__(self, app: ASGIApp, on_started: Callable[[], None]) -> None:
        super().__init__(_make_config(app))
        self._on_started = on_started

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_started()


def _make_config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=BoundedConnection,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_LAST_RESPONSES_TIMEOUT_S,
    )


def listen(host: str, port: int, *, setting: str = "PORT") -> socket.socket:
    """Open the socket of a server; port 0 means a free port. `setting` is what chooses the port.

    Raises:
        Misconfigured: the address cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048, dualstack_ipv6=host == "::")
    except OSError as error:
        raise Misconfigured(
            f"Port {port} of {host} cannot be bound: {os.strerror(error.errno or 0)}.",
            hint=f"Set {setting} to another port (0: any free one) or "
            "FFMPEG_WORKER_HOST to an address of this machine.",
        ) from None
    # Connections inherit this option. asyncio sets it only on sockets that it makes itself; without it, a response
    # in two pieces waits 40 ms for the client's delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def url_of(listener: socket.socket) -> str:
    """Return the URL of a server on this machine, such as `http://127.0.0.1:3000`."""
    host, port = listener.getsockname()[:2]
    host = _WILDCARDS.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
