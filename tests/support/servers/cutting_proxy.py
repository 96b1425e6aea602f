"""A TCP proxy that cuts connections, and that can be away for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ffmpeg_worker.tasks import cancel_and_wait

_BLOCK_BYTES = 16 << 10


@dataclass
class CuttingProxy:
    """`cuts` has, for each of the next connections, the bytes that each direction may pass: `(up, down)`."""

    target: str
    url: str = ""
    cuts: list[tuple[int | None, int | None]] = field(default_factory=list)
    is_away: bool = False
    heads: list[str] = field(default_factory=list)
    """The first line and the headers of every request."""
    refused: int = 0
    _handlers: set[asyncio.Task[None]] = field(default_factory=set)
    _pipes: set[asyncio.Task[None]] = field(default_factory=set)

    async def close(self) -> None:
        """End all connections; a handler that is cancelled would be reported as a failure."""
        for pipe in self._pipes:
            pipe.cancel()
        if self._handlers:
            await asyncio.wait(self._handlers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handler = asyncio.current_task()
        assert handler is not None
        self._handlers.add(handler)
        try:
            await self._serve(reader, writer)
        finally:
            self._handlers.discard(handler)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_away:
            self.refused += 1
            writer.transport.abort()
            return
        parts = urlsplit(self.target)
        far_reader, far_writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            await self._pass_on(reader, writer, far_reader, far_writer)
        finally:
            for end in (writer, far_writer):
                end.close()
                with suppress(OSError):
                    await end.wait_closed()

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far_reader: asyncio.StreamReader,
        far_writer: asyncio.StreamWriter,
    ) -> None:
        up, down = self.cuts.pop(0) if self.cuts else (None, None)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return
        self.heads.append(head.decode())
        far_writer.write(head)
        pipes = [
            asyncio.create_task(_pipe(*ends)) for ends in ((reader, far_writer, up), (far_reader, writer, down))
        ]
        self._pipes.update(pipes)
        await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        await cancel_and_wait(*pipes)
        self._pipes.difference_update(pipes)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: int | None) -> None:
    passed = 0
    with suppress(ConnectionError):
        while (limit is None or passed < limit) and (block := await reader.read(_BLOCK_BYTES)):
            writer.write(block)
            await writer.drain()
            passed += len(block)


@asynccontextmanager
async def open_cutting_proxy(target: str) -> AsyncIterator[CuttingProxy]:
    """Open a proxy in front of the server at this URL."""
    proxy = CuttingProxy(target)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    async with server:
        proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield proxy
        finally:
            await proxy.close()
