"""Bodies that are received past the parser of the HTTP client, over plain connections and TLS."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from ffmpeg_worker.outbound import direct_body
from ffmpeg_worker.outbound.direct_body import BodyReader
from ffmpeg_worker.storage.socket_copy import count_ready
from support.servers.certificates import make_certificates
from support.wait_until import until_async

BODY = os.urandom(1_500_000)
HEAD = f"HTTP/1.1 200 OK\r\nContent-Length: {len(BODY)}\r\n\r\n".encode()

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Server:
    """Answers every request with `BODY`, as far as `answer` lets it."""

    connections: int = 0
    open: int = 0
    url: str = ""
    session: aiohttp.ClientSession = field(init=False)
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]] | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(HEAD)
                if self.answer is None:
                    writer.write(BODY)
                    await writer.drain()
                else:
                    await self.answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            writer.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["plain", "TLS"])
async def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Server]:
    served = Server()
    authority: Path | None = None
    context: ssl.SSLContext | None = None
    if request.param == "TLS":
        authority, context = make_certificates(tmp_path_factory.mktemp("certificates"))
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0, ssl=context)
    scheme = "http" if authority is None else "https"
    served.url = f"{scheme}://localhost:{server.sockets[0].getsockname()[1]}/"
    trusted = True if authority is None else ssl.create_default_context(cafile=authority)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted)) as served.session:
        yield served
    server.close()


@pytest.fixture
def server(running: Server) -> Server:
    running.answer, running.connections = None, 0
    return running


async def read(reader: BodyReader, size: int = len(BODY)) -> bytes:
    """Read up to `size` bytes in blocks of an odd length."""
    found, block = bytearray(), memoryview(bytearray(100_003))
    while len(found) < size and (count := await reader.read_into(block[: size - len(found)])):
        found += block[:count]
    return bytes(found)


async def test_a_connection_is_used_again(server: Server) -> None:
    for _ in range(3):
        async with server.session.get(server.url) as response:
            reader = BodyReader(response, len(BODY))
            assert reader._direct is not None
            assert await read(reader, len(BODY) + 1) == BODY
            assert await reader.read_into(memoryview(bytearray(9))) == 0
    assert server.connections <= 1


async def test_bytes_may_be_taken_from_a_plain_socket(server: Server) -> None:
    async with server.session.get(server.url) as response:
        reader = BodyReader(response, len(BODY))
        found, taken = b"", 0
        while len(found) < len(BODY):
            if (connection := reader.connection) is None or not count_ready(connection):
                found += await read(reader, 100_000)
            else:
                block = os.read(connection, 100_000)
                reader.note_received(len(block))
                found += block
                taken += len(block)
        assert found == BODY
        assert bool(taken) is server.url.startswith("http:")


async def test_a_body_of_another_length_is_left_to_the_client(server: Server) -> None:
    async with server.session.get(server.url) as response:
        reader = BodyReader(response, len(BODY) - 1)
        assert reader._direct is None
        assert reader.connection is None
        assert await read(reader, len(BODY) + 1) == BODY


async def test_a_connection_that_breaks_off(server: Server) -> None:
    async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(BODY[:-1])
        await writer.drain()
        writer.close()

    server.answer = cut
    with pytest.raises((aiohttp.ClientError, ConnectionError, ssl.SSLError)):
        async with server.session.get(server.url) as response:
            await read(BodyReader(response, len(BODY)))


async def test_a_server_that_falls_silent(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    async def stop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(BODY[:1000])
        await reader.read()

    server.answer = stop
    monkeypatch.setattr(direct_body, "IDLE_S", 0.05)
    with pytest.raises(TimeoutError):
        async with server.session.get(server.url) as response:
            await read(BodyReader(response, len(BODY)))


async def test_a_caller_that_goes_away_closes_the_connection(server: Server) -> None:
    async with server.session.get(server.url) as response:
        reader = BodyReader(response, len(BODY))
        await read(reader, 1000)
    await until_async(lambda: not server.open)
    async with server.session.get(server.url) as response:
        assert await read(BodyReader(response, len(BODY))) == BODY
