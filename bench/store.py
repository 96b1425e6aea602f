"""`python -m bench.store`: an S3 server that accepts everything and stores nothing; prints its address.

`--megabytes-per-s` limits what it receives over all connections, `--latency-ms` delays each answer.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import time
from dataclasses import dataclass
from functools import partial

from aiohttp import web

_STARTED = (
    "<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>u</UploadId>"
    "</InitiateMultipartUploadResult>"
)
_COMPLETED = (
    "<CompleteMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><ETag>&quot;e&quot;</ETag>"
    "</CompleteMultipartUploadResult>"
)


_RECEIVE_BUFFER_BYTES = 128 << 10
"""A small one: what the kernel buffers has passed no limit."""


@dataclass
class _Line:
    """The line to the server: its bandwidth, in bytes per second, and its latency."""

    bytes_per_s: float = float("inf")
    latency_s: float = 0.0
    _free_at: float = 0.0

    async def carry(self, size: int) -> None:
        """Wait as long as `size` bytes take, after all that came before."""
        now = time.monotonic()
        self._free_at = max(self._free_at, now) + size / self.bytes_per_s
        if self._free_at - now > 0.005:
            await asyncio.sleep(self._free_at - now)


async def _answer(line: _Line, request: web.Request) -> web.Response:
    async for block in request.content.iter_any():
        await line.carry(len(block))
    await asyncio.sleep(line.latency_s)
    if request.method == "POST":
        text = _STARTED if "uploads" in request.query else _COMPLETED
        return web.Response(text=text, content_type="application/xml")
    if request.method == "PUT":
        return web.Response(headers={"ETag": '"e"'})
    return web.Response(status=204 if request.method == "DELETE" else 404)


async def _serve(line: _Line) -> None:
    app = web.Application(client_max_size=1 << 30)
    app.router.add_route("*", "/{path:.*}", partial(_answer, line))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
    listener.bind(("127.0.0.1", 0))
    await web.SockSite(runner, listener).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes-per-s", type=float, default=float("inf"))
    parser.add_argument("--latency-ms", type=float, default=0.0)
    chosen = parser.parse_args()
    asyncio.run(_serve(_Line(chosen.megabytes_per_s * 1e6, chosen.latency_ms / 1e3)))
