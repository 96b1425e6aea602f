"""Serves the HTTP API in this process, from the first connection to the last response."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable
from socket import socket

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.api.http_server import HttpServer, listen, url_of
from ffmpeg_worker.api.loop_monitor import LoopMonitor
from ffmpeg_worker.api.malloc import return_large_buffers
from ffmpeg_worker.api.starting_app import StartingApp
from ffmpeg_worker.api.stop_signals import share_log, stop_on_end_of, stop_on_signals
from ffmpeg_worker.logs import log
from ffmpeg_worker.open_services import open_services
from ffmpeg_worker.services import Services
from ffmpeg_worker.settings import Settings
from ffmpeg_worker.tasks import cancel_and_wait, finish_shielded


async def serve(
    settings: Settings,
    *,
    runs_queued_jobs: bool = True,
    on_ready: Callable[[str], None] | None = None,
    lifeline: int | None = None,
) -> None:
    """Serve HTTP until SIGTERM, SIGINT or the end of the lifeline; returns when every job has a response.

    Then new jobs get 503, and running jobs are stopped and get the problem `interrupted`.

    Args:
        settings: settings of the worker; port 0 means a free port.
        runs_queued_jobs: whether this process runs jobs of the queue; otherwise it puts every job into the queue,
            and other processes run them.
        on_ready: called with the URL, such as `http://127.0.0.1:3000`, as soon as jobs are taken.
        lifeline: descriptor of the read end of a pipe; the server ends when the other end is closed, which happens
            when the parent process dies.

    Raises:
        Misconfigured: the host is not loopback and there is no API key, the address cannot be bound, or a program,
            a folder, the queue or the lifeline is not usable.
    """
    settings.check_exposure()
    if not runs_queued_jobs:
        settings.check_queue()
    return_large_buffers()
    stop = asyncio.Event()
    with (
        stop_on_signals(stop),
        stop_on_end_of(lifeline, stop),
        share_log(),
        listen(settings.host, settings.port) as listener,
    ):
        await _open_and_serve(settings, listener, stop, on_ready, runs_queued_jobs=runs_queued_jobs)


async def _open_and_serve(
    settings: Settings,
    listener: socket,
    stop: asyncio.Event,
    on_ready: Callable[[str], None] | None,
    *,
    runs_queued_jobs: bool,
) -> None:
    """Serve from the first connection on; the worker opens meanwhile."""
    app = StartingApp()
    server = HttpServer(app, lambda: None)
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        async with open_services(settings, runs_queued_jobs=runs_queued_jobs) as services:
            if runs_queued_jobs:
                await services.queue.open_if_used()
            else:
                await services.queue.get()
            await _serve(services, app, server, serving, stop, url_of(listener), on_ready)
    finally:
        server.should_exit = True
        await finish_shielded(serving)


async def _serve(
    services: Services,
    app: StartingApp,
    server: HttpServer,
    serving: asyncio.Future[None],
    stop: asyncio.Event,
    url: str,
    on_ready: Callable[[str], None] | None,
) -> None:
    """Serve with an open worker until it is told to stop."""
    monitor = LoopMonitor()
    closing = asyncio.ensure_future(_close_after(stop, services, server))
    removing = asyncio.ensure_future(services.file_retention.run())
    loading = asyncio.ensure_future(services.resources.compute.open_later())
    try:
        with monitor.watch():
            app.open(make_app(services, monitor))
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
            await asyncio.shield(serving)
    finally:
        await cancel_and_wait(closing, removing, loading)


async def _close_after(stop: asyncio.Event, services: Services, server: HttpServer) -> None:
    await stop.wait()
    log(logging.INFO, "server stopping", active_jobs=services.active_jobs)
    await services.admission.close()
    server.should_exit = True
