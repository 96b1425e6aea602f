"""A receiver of webhooks on 127.0.0.1, which answers as a test says."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from support.wait_until import until_async

Respond = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Received:
    """A request as it arrived; names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.body)
        return value


@dataclass
class Receiver:
    """What a receiver got; the last of `answers` is repeated: a status, or a function that responds."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[int | Respond] = field(default_factory=lambda: [204])
    open: int = 0
    most_open: int = 0

    async def wait_for(self, count: int) -> Received:
        """Wait for requests; returns the last of them."""
        await until_async(lambda: len(self.received) >= count, within_s=20)
        return self.received[count - 1]

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = self.answers[min(len(self.received), len(self.answers) - 1)]
        self.received.append(Received(request.method, request.path_qs, headers, body))
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            return web.Response(status=answer) if isinstance(answer, int) else await answer(request)
        finally:
            self.open -= 1


async def hang(_request: web.BaseRequest) -> web.StreamResponse:
    """Never respond."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError


async def reset(request: web.BaseRequest) -> web.StreamResponse:
    """Break off the connection."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def drip(request: web.BaseRequest) -> web.StreamResponse:
    """Respond with 200, and then never end the body."""
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"x")
    await asyncio.get_running_loop().create_future()
    raise AssertionError


async def flood(request: web.BaseRequest) -> web.StreamResponse:
    """Respond with 200 and a body without an end."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(bytes(1 << 16))


def redirect(target: str) -> Respond:
    """Redirect to another address."""

    async def respond(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": target})

    return respond


def refuse(status: int, **headers: str) -> Respond:
    """Respond with a status and headers, whose names have `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def respond(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, headers=named)

    return respond


@asynccontextmanager
async def open_receiver(context: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Receiver]:
    """Serve on a free port of 127.0.0.1."""
    receiver = Receiver()
    runner = web.ServerRunner(
        web.Server(receiver.handle, access_log=None, handler_cancellation=True), shutdown_timeout=0.1
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=context)
    await site.start()
    server = site._server
    assert isinstance(server, asyncio.Server)
    scheme, host = ("http", "127.0.0.1") if context is None else ("https", "localhost")
    receiver.url = f"{scheme}://{host}:{server.sockets[0].getsockname()[1]}"
    try:
        yield receiver
    finally:
        await runner.cleanup()
