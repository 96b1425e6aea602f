"""Serves the HTTP API in this process, from the first connection to the last response."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.api.bounded_connection import BoundedConnection
from ffmpeg_worker.api.loop_monitor import LoopMonitor
from ffmpeg_worker.api.malloc import return_large_buffers
from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.logs import log
from ffmpeg_worker.services import Services, open_services
from ffmpeg_worker.settings import Settings
from ffmpeg_worker.tasks import cancel_and_wait

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_KEEP_ALIVE_S = 30
_LAST_RESPONSES_TIMEOUT_S = 3
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 (compared with, not bound to)


async def serve(
    settings: Settings, *, on_ready: Callable[[str], None] | None = None, lifeline: int | None = None
) -> None:
    """Serve HTTP until SIGTERM, SIGINT or the end of the lifeline; returns when every job has a response.

    Then new jobs get 503, and running jobs are stopped and get the problem `interrupted`.

    Args:
        settings: settings of the worker; port 0 means a free port.
        on_ready: called with the URL, such as `http://127.0.0.1:3000`, as soon as jobs are taken.
        lifeline: descriptor of the read end of a pipe; the server ends when the other end is closed, which happens
            when the parent process dies.

    Raises:
        Misconfigured: the host is not loopback and there is no API key, the address cannot be bound, or a program,
            a folder or the lifeline is not usable.
    """
    settings.check_exposure()
    return_large_buffers()
    stop = asyncio.Event()
    with _stop_on_signals(stop), _stop_on_end_of(lifeline, stop), _share_log():
        async with open_services(settings) as services:
            await services.resources.compute.open()
            await services.queue.open_if_used()
            with _listen(settings.host, settings.port) as listener:
                await _serve(services, listener, stop, on_ready)


async def _serve(
    services: Services, listener: socket.socket, stop: asyncio.Event, on_ready: Callable[[str], None] | None
) -> None:
    url = _url_of(listener)

    def on_started() -> None:
        sandbox = services.tools.sandbox
        log(
            logging.INFO,
            "server ready",
            url=url,
            sandbox=sandbox.level.value,
            landlock_abi=sandbox.landlock_abi,
        )
        # What is loaded by now stays: full garbage collections need not look at it, and hold the loop up less.
        gc.freeze()
        if on_ready is not None:
            on_ready(url)

    monitor = LoopMonitor()
    server = _Server(_make_config(services, monitor), on_started)
    closing = asyncio.ensure_future(_close_after(stop, services, server))
    try:
        with monitor.watch():
            await server.serve(sockets=[listener])
    finally:
        await cancel_and_wait(closing)


class _Server(uvicorn.Server):
    """Uvicorn with a start callback and without signal handlers: on a signal, jobs must be stopped first."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_started()


def _make_config(services: Services, monitor: LoopMonitor) -> uvicorn.Config:
    return uvicorn.Config(
        make_app(services, monitor),
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


async def _close_after(stop: asyncio.Event, services: Services, server: _Server) -> None:
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
            f"Port {port} of {host} cannot be bound: {os.strerror(error.errno or 0)}.",
            hint="Set PORT to another port (0: any free one) or FFMPEG_WORKER_HOST to an address of this machine.",
        ) from None
    # Connections inherit this option. asyncio sets it only on sockets that it makes itself; without it, a response
    # in two pieces waits 40 ms for the client's delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    host = _WILDCARDS.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.contextmanager
def _stop_on_signals(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` on SIGTERM and SIGINT; only the main thread can handle signals."""
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
def _stop_on_end_of(lifeline: int | None, stop: asyncio.Event) -> Iterator[None]:
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
            hint="Pass the read end of a pipe.",
        ) from None
    try:
        yield
    finally:
        loop.remove_reader(lifeline)


@contextlib.contextmanager
def _share_log() -> Iterator[None]:
    """Write the log lines of uvicorn and asyncio to this package's log."""
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
