"""A web server with one file that it sends by range, and that misbehaves as a test asks for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from support.servers.serve_app import serve_app

TOKEN = "Bearer known-token"
CUT_BYTES = 3 << 20
_CHUNK = 64 << 10
_BASE = bytes(range(251)) * 300  # the length of its period is prime to every block's


def content(start: int, end: int) -> bytes:
    """The bytes of a range of the file, which may be of any length."""
    shift = start % 251
    count = end - start
    whole = _BASE * ((count + shift) // len(_BASE) + 1)
    return whole[shift : shift + count]


@dataclass
class RangedWeb:
    """Serves `size` bytes of `content` at `/film.mp4`."""

    size: int
    url: str = ""
    headers: dict[str, str] = field(default_factory=lambda: {"ETag": '"v1"'})
    """Headers of every answer."""
    fault: Callable[[int], str] = lambda _number: ""
    """What goes wrong with the request of that number, counted from 1: a status, or one of the names below; "200 "
    and a name for both."""
    is_private: bool = False
    ranges: list[tuple[int, int]] = field(default_factory=list)
    """The ranges that were requested."""
    requests: list[web.Request] = field(default_factory=list)
    sent: int = 0
    holding: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when an answer has begun that never ends."""

    @property
    def connections(self) -> int:
        """The number of connections that clients have made."""
        return len({id(request.transport) for request in self.requests})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a GET."""
        self.requests.append(request)
        fault = self.fault(len(self.requests))
        if self.is_private and request.headers.get("Authorization") != TOKEN:
            return web.Response(status=401)
        if fault == "redirect":
            raise web.HTTPFound(f"{self.url.replace('127.0.0.1', '127.0.0.2')}/film.mp4")
        if fault == "follow" and not request.query:
            raise web.HTTPFound(f"{self.url}/film.mp4?signed=1")
        given = request.http_range
        start, end = given.start or 0, min(given.stop or self.size, self.size)
        if fault.isdigit() and fault != "200":
            body = None if fault == "304" else "secret of the server"
            return web.Response(status=int(fault), text=body)
        if fault.startswith("200") or given.start is None:
            self.ranges.append((0, self.size))
            return await self._send(request, 200, _odd_headers(fault.removeprefix("200 ")), 0, self.size)
        self.ranges.append((start, end))
        told = {"other-range": f"{start + 1}-{end}", "no-range": "nonsense"}.get(fault, f"{start}-{end - 1}")
        size = self.size + 1 if fault == "other-size" else self.size
        headers = {"Content-Range": f"bytes {told}/{size}", **_odd_headers(fault)}
        return await self._send(request, 206, headers, start, end, fault)

    async def _send(
        self, request: web.Request, status: int, headers: dict[str, str], start: int, end: int, fault: str = ""
    ) -> web.StreamResponse:
        response = web.StreamResponse(
            status=status, headers={"Content-Type": "video/mp4", **self.headers, **headers}
        )
        if fault in {"longer", "shorter"}:
            response.enable_chunked_encoding()
            end += 10 if fault == "longer" else -10
        else:
            response.content_length = end - start
        await response.prepare(request)
        stop = min(end, start + CUT_BYTES) if fault == "cut" else start + 1 if fault == "held" else end
        for first in range(start, stop, _CHUNK):
            block = content(first, min(first + _CHUNK, stop))
            self.sent += len(block)
            try:
                await response.write(block)
            except ConnectionError:
                return response
            if fault == "trickle":
                await asyncio.sleep(0.3)
        if fault == "held":
            self.holding.set()
            await asyncio.Event().wait()
        if stop < end:
            assert request.transport is not None
            request.transport.close()
        return response


def _odd_headers(fault: str) -> dict[str, str]:
    return {
        "compressed": {"Content-Encoding": "gzip"},
        "other-etag": {"ETag": '"v2"'},
        "page": {"Content-Type": "text/html"},
    }.get(fault, {})


@asynccontextmanager
async def open_ranged_web(size: int) -> AsyncIterator[RangedWeb]:
    """Serve on 127.0.0.1 and on 127.0.0.2."""
    served = RangedWeb(size)
    app = web.Application()
    app.router.add_get("/film.mp4", served.answer)
    async with serve_app(app, hosts=("127.0.0.1", "127.0.0.2")) as served.url:
        yield served
