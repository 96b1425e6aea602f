"""Runs queued jobs in this process, without the HTTP API; health and metrics can be served for orchestrators."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable
from dataclasses import dataclass
from socket import socket

from ffmpeg_worker.api.http_server import HttpServer, listen, url_of
from ffmpeg_worker.api.loop_monitor import LoopMonitor
from ffmpeg_worker.api.malloc import return_large_buffers
from ffmpeg_worker.api.operation_app import make_operation_app
from ffmpeg_worker.api.stop_signals import share_log, stop_on_end_of, stop_on_signals
from ffmpeg_worker.logs import log
from ffmpeg_worker.open_services import open_services
from ffmpeg_worker.services import Services
from ffmpeg_worker.settings import Settings
from ffmpeg_worker.tasks import cancel_and_wait, finish_shielded


@dataclass(frozen=True, slots=True)
class Ready:
    """A worker that takes jobs.

    Attributes:
        executor: its name among the workers of the database.
        slots: jobs that it runs at once.
        health_url: URL of its health server, such as `http://127.0.0.1:3001`; `None` without one.
    """

    executor: str
    slots: int
    health_url: str | None


async def work(
    settings: Settings,
    *,
    health_port: int | None = None,
    on_ready: Callable[[Ready], None] = lambda _ready: None,
    lifeline: int | None = None,
) -> None:
    """Run queued jobs until SIGTERM, SIGINT or the end of the lifeline; running jobs end or are given back.

    Args:
        settings: settings of the worker; `host` is also that of the health server.
        health_port: port of `/health` and `/metrics`, 0 for a free one; `None`: they are not served.
        on_ready: called when jobs are taken.
        lifeline: descriptor of the read end of a pipe; the worker ends when the other end is closed.

    Raises:
        Misconfigured: the queue is off or not usable; the health server has no key although its host is not
            loopback, or its address cannot be bound; a program, a folder or the lifeline is not usable.
    """
    settings.check_queue()
    if health_port is not None:
        settings.check_exposure()
    return_large_buffers()
    stop = asyncio.Event()
    with stop_on_signals(stop), stop_on_end_of(lifeline, stop), share_log():
        async with open_services(settings) as services:
            if health_port is None:
                await _take_jobs(services, None, stop, on_ready)
                return
            with listen(settings.host, health_port, setting="--health-port") as listener:
                await _take_jobs_and_serve(services, listener, stop, on_ready)


async def _take_jobs(
    services: Services, health_url: str | None, stop: asyncio.Event, on_ready: Callable[[Ready], None]
) -> None:
    queue = await services.queue.get()
    slots, sandbox = services.settings.max_concurrency, services.tools.sandbox.level.value
    log(logging.INFO, "worker ready", executor=queue.executor, slots=slots, health_url=health_url, sandbox=sandbox)
    gc.freeze()  # as `serve` does
    on_ready(Ready(queue.executor, slots, health_url))
    loading = asyncio.ensure_future(services.resources.compute.open_later())
    try:
        await stop.wait()
    finally:
        await cancel_and_wait(loading)
    log(logging.INFO, "worker stopping", active_jobs=services.active_jobs)
    await services.admission.close()  # `/health` says so from now on
    await services.queue.close()


async def _take_jobs_and_serve(
    services: Services, listener: socket, stop: asyncio.Event, on_ready: Callable[[Ready], None]
) -> None:
    """Serve health and metrics as long as jobs are taken, and while they are given back."""
    monitor = LoopMonitor()
    server = HttpServer(make_operation_app(services, monitor), lambda: None)
    with monitor.watch():
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        try:
            await _take_jobs(services, url_of(listener), stop, on_ready)
        finally:
            server.should_exit = True
            await finish_shielded(serving)
