"""A hostile web server, and hostile DNS answers."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp.abc import AbstractResolver, ResolveResult

PUBLIC = "127.0.0.9"
"""Used as a public address: the rules of the test allow it."""

_LOOPBACK = "127.0.0.1"
_BOMB = gzip.compress(b"\0" * (8 << 20), 9)
_OK = b"HTTP/1.1 200 OK\r\n"
_BODIES = {
    "/ok": _OK + b"Content-Length: 5\r\n\r\nhello",
    "/loop": b"HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n",
    "/big": _OK + b"Content-Length: 99999999\r\n\r\n",
    "/gzip": _OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(_BOMB) + _BOMB,
    "/header-bomb": _OK + b"".join(b"X%d: %s\r\n" % (i, b"a" * 8000) for i in range(500)) + b"\r\n",
    "/many-headers": _OK + b"".join(b"X%d: a\r\n" % i for i in range(50_000)) + b"\r\n",
    "/short": _OK + b"Content-Length: 50\r\n\r\nshort",
    "/not-http": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
}


class Names(AbstractResolver):
    """Hostile DNS: each question gets the next entry of its list, and then always the last one."""

    def __init__(self) -> None:
        self._answers: dict[str, list[list[str]]] = {
            "ok.test": [[PUBLIC]],
            "rebind.test": [[PUBLIC], [_LOOPBACK]],
            "multi.test": [[_LOOPBACK, PUBLIC]],
            "meta.test": [["169.254.169.254"]],
            "mapped.test": [["::ffff:127.0.0.1"]],
            "nat64.test": [["64:ff9b::7f00:1"]],
            "localhost": [[_LOOPBACK, "::1"]],
        }

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,
    ) -> list[ResolveResult]:
        """The next answer."""
        answers = self._answers.get(host.rstrip("."))
        if answers is None:
            addresses = [socket.inet_ntoa(socket.inet_aton(host))]  # as the C library's look-up does
        else:
            addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class HostileWeb:
    """The server, on the "public" address and on both loopback addresses."""

    port: int = 0
    reached: list[str] = field(default_factory=list)
    """Local address of every connection."""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        self.reached.append(writer.get_extra_info("sockname")[0])
        try:
            path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
            await _answer(path, writer)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()


async def _answer(path: str, writer: asyncio.StreamWriter) -> None:
    if path in _BODIES:
        writer.write(_BODIES[path])
    elif path.startswith("/redirect?"):
        location = path.removeprefix("/redirect?").encode()
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n")
    elif path == "/endless":
        writer.write(_OK + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            await writer.drain()
    elif path == "/slow":
        writer.write(_OK + b"Content-Length: 100\r\n\r\n")
        await _trickle(writer)
    elif path == "/slow-head":
        writer.write(_OK + b"X: ")
        await _trickle(writer)


async def _trickle(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.05)


async def _listen(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> list[asyncio.Server]:
    """Listen on a port that is free on all addresses."""
    while True:
        public = await asyncio.start_server(answer, PUBLIC, 0)
        port = public.sockets[0].getsockname()[1]
        try:
            servers = [public, await asyncio.start_server(answer, _LOOPBACK, port)]
        except OSError:  # another process uses the port on that address
            public.close()
            continue
        with contextlib.suppress(OSError):
            servers.append(await asyncio.start_server(answer, "::1", port))
        return servers


@asynccontextmanager
async def open_hostile_web() -> AsyncIterator[HostileWeb]:
    """Serve on 127.0.0.9, 127.0.0.1 and, where there is IPv6, ::1, on one port."""
    web = HostileWeb()
    tasks: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(web.answer(reader, writer))
        tasks.add(task)

    servers = await _listen(answer)
    web.port = servers[0].sockets[0].getsockname()[1]
    try:
        yield web
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for server in servers:
            server.close()
