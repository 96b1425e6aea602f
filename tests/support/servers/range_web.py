"""A web server that serves ranges of files as nginx does, counts bytes, and can hold or refuse a part of them."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from support.servers.serve_app import serve_app

_BUFFER_BYTES = 64 << 10
_places = itertools.count()


@dataclass
class RangeWeb:
    """Serves `files` by name. Bytes from `stop_at` on are refused with `status`, or held until `go_on` is set."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    sent: int = 0
    spans: list[range] = field(default_factory=list)
    """Offsets of the blocks that were sent."""
    requests: int = 0
    stop_at: int | None = None
    status: int | None = None
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a request is held."""
    held_names: set[str] = field(default_factory=set)
    """The files of which a request is held."""

    def new_place(self) -> str:
        """The URL of a folder with the files, from which no job has read."""
        return f"{self.url}/{next(_places)}"

    def reset(self) -> None:
        """Serve everything again, and count from 0."""
        self.sent = self.requests = 0
        self.spans = []
        self.stop_at = self.status = None
        self.go_on, self.held = asyncio.Event(), asyncio.Event()
        self.held_names = set()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a GET."""
        self.requests += 1
        name = request.match_info["name"].rpartition("/")[2]  # folders make other places for the cache
        if name not in self.files:
            raise web.HTTPNotFound
        data = self.files[name]
        start, stop = request.http_range.start or 0, min(request.http_range.stop or len(data), len(data))
        if self.stop_at is not None and stop > self.stop_at:
            if self.status is not None:
                return web.Response(status=self.status)
            self.held.set()
            self.held_names.add(name)
            await self.go_on.wait()
        headers = {"ETag": f'"{name}-{len(data)}"', "Accept-Ranges": "bytes"}
        is_part = "Range" in request.headers
        if is_part:
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
        response = web.StreamResponse(status=206 if is_part else 200, headers=headers)
        response.content_type = "video/x-matroska" if name.endswith("mkv") else "video/quicktime"
        response.content_length = stop - start
        await response.prepare(request)
        assert request.transport is not None
        # What waits in buffers when a client ends a request counts as sent.
        request.transport.set_write_buffer_limits(_BUFFER_BYTES)
        request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
        for at in range(start, stop, 65536):
            block = data[at : min(at + 65536, stop)]
            await response.write(block)
            self.sent += len(block)
            self.spans.append(range(at, at + len(block)))
        return response


@asynccontextmanager
async def open_range_web() -> AsyncIterator[RangeWeb]:
    """Serve on 127.0.0.1."""
    served = RangeWeb()
    app = web.Application()
    app.router.add_get("/{name:.*}", served.answer)
    async with serve_app(app, is_cancelled=True) as served.url:
        yield served
