"""Serving: one process from the first socket to the last answer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.api.connections import BoundedConnection
from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.logs import log
from ffmpeg_worker.services import Services, open_services
from ffmpeg_worker.settings import Settings
from ffmpeg_worker.tasks import cancel_and_wait

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_KEEP_ALIVE_S = 30
_ANSWER_WITHIN_S = 3
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 (told apart, not bound to)


async def serve(
    settings: Settings, *, ready: Callable[[str], None] | None = None, lifeline: int | None = None
) -> None:
    """Serve HTTP until SIGTERM, SIGINT or the end of the lifeline; returns when all jobs have been answered.

    On the way out no new jobs are taken (503), running ones are stopped and answered as interrupted.

    Args:
        settings: `host` and `port` among them; port 0 takes a free one.
        ready: called with the address, such as `http://127.0.0.1:3000`, as soon as jobs can be taken.
        lifeline: descriptor to read from; when its other end is closed, the parent has died and the server ends.

    Raises:
        Misconfigured: open to strangers without an API key, the address cannot be had, a program or folder
            or the lifeline cannot be used.
    """
    settings.check_exposure()
    stop = asyncio.Event()
    with _stopping_on_signals(stop), _stopping_on_end_of(lifeline, stop), _sharing_log():
        async with open_services(settings) as services:
            with _listen(settings.host, settings.port) as listener:
                await _serve(services, listener, stop, ready)


async def _serve(
    services: Services, listener: socket.socket, stop: asyncio.Event, ready: Callable[[str], None] | None
) -> None:
    address = _address(listener)

    def on_started() -> None:
        sandbox = services.tools.sandbox
        log(
            logging.INFO,
            "server ready",
            url=address,
            sandbox=sandbox.level.value,
            landlock_abi=sandbox.landlock_abi,
        )
        if ready is not None:
            ready(address)

    server = _Server(_config(services), on_started)
    closing = asyncio.ensure_future(_close_when(stop, services, server))
    try:
        await server.serve(sockets=[listener])
    finally:
        await cancel_and_wait(closing)


class _Server(uvicorn.Server):
    """Uvicorn that says when it takes requests, and leaves the signals to us: jobs are to be stopped first."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_started()


def _config(services: Services) -> uvicorn.Config:
    return uvicorn.Config(
        make_app(services),
        http=BoundedConnection,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_ANSWER_WITHIN_S,
    )


async def _close_when(stop: asyncio.Event, services: Services, server: _Server) -> None:
    await stop.wait()
    log(logging.INFO, "server stopping", active_jobs=services.admission.active_jobs)
    await services.admission.close()
    server.should_exit = True


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048, dualstack_ipv6=host == "::")
    except OSError as error:
        raise Misconfigured(
            f"The address {host}, port {port}, cannot be bound to: {os.strerror(error.errno or 0)}.",
            hint="Set PORT to another port (0: a free one), or FFMPEG_WORKER_HOST to an address of this machine.",
        ) from None
    # Connections inherit it. asyncio sets it on sockets that it made itself only, and without it an answer in
    # two pieces waits 40 ms for the client's delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    host = _WILDCARDS.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.contextmanager
def _stopping_on_signals(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` on SIGTERM and SIGINT; outside of the main thread signals cannot be had and are left alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


@contextlib.contextmanager
def _stopping_on_end_of(lifeline: int | None, stop: asyncio.Event) -> Iterator[None]:
    if lifeline is None:
        yield
        return
    loop = asyncio.get_running_loop()

    def on_readable() -> None:
        if not os.read(lifeline, 4096):
            loop.remove_reader(lifeline)
            stop.set()

    try:
        loop.add_reader(lifeline, on_readable)
    except OSError as error:
        raise Misconfigured(
            f"The lifeline, descriptor {lifeline}, cannot be watched: {os.strerror(error.errno or 0)}.",
            hint="Give the read end of a pipe.",
        ) from None
    try:
        yield
    finally:
        loop.remove_reader(lifeline)


@contextlib.contextmanager
def _sharing_log() -> Iterator[None]:
    """Let what uvicorn and asyncio have to say come out as lines of our own log."""
    ours = logging.getLogger("ffmpeg_worker").handlers
    others = [logging.getLogger(name) for name in ("uvicorn.error", "asyncio")]
    before = [(other, other.handlers, other.propagate) for other in others]
    for other in others:
        if ours:
            other.handlers, other.propagate = ours, False
    try:
        yield
    finally:
        for other, handlers, propagate in before:
            other.handlers, other.propagate = handlers, propagate
