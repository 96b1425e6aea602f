"""A fake of the HTTP API: it responds as a test chooses, and records the requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from support.servers.serve_app import serve_app

RESULTS: dict[str, dict[str, Any]] = {
    "process": {"outputs": [{"name": "b.mp4"}], "stats": {"seconds": 1.5, "speed": 2.0, "output_bytes": 7}},
    "multi_process": {"results": [], "succeeded": 0, "failed": 0, "outputs": [], "stats": {"seconds": 0.1}},
    "probe": {"format": {"duration": "10.0"}, "streams": []},
    "vmaf": {"score": 93.4, "pooled": {}, "frames": 3},
}


@dataclass
class FakeApi:
    """`reply` is the answer; `requests` are path, headers and body of all requests."""

    url: str = ""
    reply: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
    health: tuple[int, str] = (200, '{"status": "ok"}')
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    gone: int = 0
    """The number of callers that disconnected before the answer."""

    @property
    def base_url(self) -> str:
        return f"{self.url}/api"

    def hang(self) -> None:
        """Never answer again."""
        self.reply = _never

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        self.requests.append((request.path, dict(request.headers), json.loads(body)))
        if self.reply is None:
            return web.json_response(RESULTS[request.path.rpartition("/")[2]])
        try:
            return await self.reply(request)
        except asyncio.CancelledError:
            self.gone += 1
            raise

    async def tell_health(self, _request: web.Request) -> web.Response:
        status, text = self.health
        return web.Response(status=status, text=text, content_type="application/json")


async def _never(_request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


@asynccontextmanager
async def open_fake_api(port: int = 0) -> AsyncIterator[FakeApi]:
    """Serve a fake API on a free port of 127.0.0.1."""
    api = FakeApi()
    app = web.Application(client_max_size=64 << 20)
    app.router.add_get("/health", api.tell_health)
    app.router.add_post("/api/ffmpeg/{action}", api.answer)
    async with serve_app(app, port, is_cancelled=True) as api.url:
        yield api


@asynccontextmanager
async def raw_server(answer: bytes, *, again: bool = False, close: bool = True) -> AsyncIterator[str]:
    """Serve these bytes as the answer to a request, once or `again` and again; returns the URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            while again:
                writer.write(answer.partition(b"\r\n\r\n")[2])
                await writer.drain()
            if not close:
                await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
