"""Serves aiohttp applications on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.typedefs import Handler


@asynccontextmanager
async def serve_app(
    app: web.Application, port: int = 0, *, hosts: Sequence[str] = ("127.0.0.1",), is_cancelled: bool = False
) -> AsyncIterator[str]:
    """Serve an application on the same port of all hosts; yields the URL of the first one.

    `is_cancelled`: a handler is cancelled when its caller is gone; otherwise aiohttp lets it run on.
    """
    runner = web.AppRunner(app, handler_cancellation=is_cancelled, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        for host in hosts:
            await web.TCPSite(runner, host, port).start()
            port = runner.addresses[0][1]
        yield f"http://{hosts[0]}:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def serve_handler(handler: Handler) -> AsyncIterator[str]:
    """Serve a handler of every method and path on a free port; yields its URL."""
    app = web.Application(client_max_size=1 << 30)
    app.router.add_route("*", "/{path:.*}", handler)
    async with serve_app(app) as url:
        yield url
