"""A web server with media; the path of a request chooses whether it breaks off, is busy, redirects or refuses.

It takes files too, by PUT.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from support.servers.serve_app import serve_app


@dataclass
class Web:
    """Serves and accepts `files` at `/BEHAVIOR/NAME`; the behaviors are the methods below."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[web.Request] = field(default_factory=list)
    locked: bool = False
    """Whether every request is refused from now on."""
    holding: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a transfer has begun that never ends."""

    def asked(self, behaviour: str) -> list[web.Request]:
        """The requests for one behaviour."""
        return [request for request in self.requests if request.match_info["behaviour"] == behaviour]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a GET as the first part of the path requires."""
        self.requests.append(request)
        behaviour, name = request.match_info["behaviour"], request.match_info["name"]
        if behaviour.isdigit():
            return web.Response(status=int(behaviour), text="secret of the server")
        if behaviour == "moved":
            raise web.HTTPFound(f"{self.url.replace('127.0.0.1', '127.0.0.2')}/plain/{name}")
        if name not in self.files:
            raise web.HTTPNotFound
        if behaviour == "page":
            return web.Response(text="<html>Who are you?</html>", content_type="text/html")
        return await self._send(request, behaviour, self.files[name])

    async def _send(self, request: web.Request, behaviour: str, data: bytes) -> web.StreamResponse:
        count = len(self.asked(behaviour))
        if behaviour == "busy" and count <= 2:
            return web.Response(status=503, headers={"Retry-After": "0"})
        is_known = request.headers.get("Authorization") == "Bearer known-token" and not self.locked
        if behaviour == "private" and not is_known:
            return web.Response(status=401)
        if behaviour == "held" or (behaviour.startswith(("broken", "held")) and count == 1):
            return await self._begin(request, data, stay=behaviour.startswith("held"))
        if behaviour == "flickering" and count == 2:
            return await self._begin(request, data, stay=False, etag="W/0")
        if behaviour in {"broken-no-range", "broken-gone", "unversioned"}:
            return web.Response(status=416) if behaviour == "broken-gone" else web.Response(body=data)
        return _ranged(request, data, b"new" if behaviour == "broken-changed" else b"")

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Answer a PUT as the first part of the path requires."""
        self.requests.append(request)
        behaviour, name = request.match_info["behaviour"], request.match_info["name"]
        if behaviour == "deaf":  # reads nothing, answers nothing
            self.holding.set()
            await asyncio.Event().wait()
        if behaviour == "hasty":
            return web.Response()
        if behaviour == "cut" and len(self.asked(behaviour)) == 1:
            await request.content.readany()
            return _hang_up(request)
        data = await request.read()
        if behaviour.isdigit():
            return web.Response(
                status=int(behaviour), text=f"secret of the server {request.headers} {request.url}"
            )
        if behaviour == "busy" and len(self.asked(behaviour)) <= 2:
            return web.Response(status=503, headers={"Retry-After": "0"})
        if behaviour == "moved":
            raise web.HTTPTemporaryRedirect(f"{self.url}/plain/{name}")
        self.files[name] = data
        if behaviour == "chatty":
            return await _talk(request)
        return web.Response(status=201)

    async def _begin(self, request: web.Request, data: bytes, *, stay: bool, etag: str = "") -> web.StreamResponse:
        response = web.StreamResponse(headers={"ETag": etag or _etag(data), "Content-Length": str(len(data))})
        await response.prepare(request)
        await response.write(data[: len(data) // 2])
        if stay:
            self.holding.set()
            await asyncio.Event().wait()
        _hang_up(request)
        return response


def _hang_up(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _talk(request: web.Request) -> web.StreamResponse:
    """An answer that never ends."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"secret of the server" * 1000)


def _etag(data: bytes, more: bytes = b"") -> str:
    return f'"{hashlib.sha256(data + more).hexdigest()}"'


def _ranged(request: web.Request, data: bytes, more: bytes) -> web.Response:
    etag = _etag(data, more)
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers={"ETag": etag})
    start = request.http_range.start
    if start is None or request.headers.get("If-Range") != etag:
        return web.Response(body=data, headers={"ETag": etag}, content_type="video/mp4")
    return web.Response(
        status=206,
        body=data[start:],
        headers={"ETag": etag, "Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"},
    )


@asynccontextmanager
async def open_web() -> AsyncIterator[Web]:
    """Serve on 127.0.0.1 and on 127.0.0.2."""
    served = Web()
    app = web.Application(client_max_size=1 << 30)
    app.router.add_get("/{behaviour}/{name:.*}", served.answer)
    app.router.add_put("/{behaviour}/{name:.*}", served.take)
    async with serve_app(app, hosts=("127.0.0.1", "127.0.0.2")) as served.url:
        yield served
