"""A server that stalls: it never reads what is sent to it, and never ends what it sends."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_MAX_HELD = 400
_HEAD = b'HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\nETag: "1"\r\n\r\n' + b"x" * 1000


@dataclass
class StalledPeer:
    """Holds the connections at `url` open to the end of the run, the latest 400 of them."""

    url: str = ""
    count: int = 0
    _held: deque[asyncio.StreamWriter] = field(default_factory=deque)

    async def response(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Begin to response a GET; read nothing more of anything else."""
        self.count += 1
        self._held.append(writer)
        if len(self._held) > _MAX_HELD:
            self._held.popleft().transport.abort()
        if (await reader.read(3)) == b"GET":
            writer.write(_HEAD)

    def close(self) -> None:
        """Abort all connections."""
        for writer in self._held:
            writer.transport.abort()


@asynccontextmanager
async def open_stalled_peer() -> AsyncIterator[StalledPeer]:
    """Serve on a free port of 127.0.0.1."""
    peer = StalledPeer()
    # With this limit, reading stops after the first bytes.
    server = await asyncio.start_server(peer.response, "127.0.0.1", 0, limit=1)
    peer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield peer
    finally:
        server.close()
        peer.close()
