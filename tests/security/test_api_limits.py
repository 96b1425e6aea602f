"""What the HTTP door holds out against that is no job at all: heads, trickles, crowds of connections."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
import uvicorn

from ffmpeg_worker.api import bounded_connection
from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.api.bounded_connection import BoundedConnection
from support.processes import open_descriptors
from support.servers.api_server import Server, running_server
from support.servers.fake_services import make_fake_services
from support.wait_until import until_async

_KEY = "a-key-of-the-test"
_PROCESS = "/api/ffmpeg/process"
_HEAD = f"POST {_PROCESS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_KEY}\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("limits"), FFMPEG_WORKER_API_KEYS=_KEY) as running:
        yield running


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A door in this process, whose limits a test may change."""
    config = uvicorn.Config(
        make_app(make_fake_services(api_keys=_KEY)), port=0, http=BoundedConnection, log_config=None, ws="none"
    )
    config.load()
    door = uvicorn.Server(config)
    door.lifespan = config.lifespan_class(config)
    serving = asyncio.ensure_future(door._serve())
    await until_async(lambda: door.started)
    try:
        yield door.servers[0].sockets[0].getsockname()[1]
    finally:
        door.should_exit = True
        await serving


async def answer_to(port: int, request: bytes) -> bytes:
    """All that comes back until the other end closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def port_of(server: Server) -> int:
    return int(server.url.rpartition(":")[2])


@pytest.mark.parametrize(
    "head",
    [
        f"{_HEAD}X-Long: {'x' * (1 << 20)}\r\n\r\n",
        _HEAD + "".join(f"X-{number}: {'x' * 1000}\r\n" for number in range(1000)) + "\r\n",
        f"POST /{'x' * (1 << 20)} HTTP/1.1\r\nHost: x\r\n\r\n",
        f"{_HEAD}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        f"{_HEAD}Content-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\nhello",
        f"{_HEAD}Content-Length: -1\r\n\r\n",
        f"{_HEAD}Content-Length: {'9' * 5000}\r\n\r\n",
        f"{_HEAD}Name : x\r\n\r\n",
        "\r\n" * 1000 + "\x16\x03\x01\x02\x00\x01",
    ],
    ids="long many path lengths coding negative huge blank tls".split(),
)
async def test_heads_that_are_refused(server: Server, head: str) -> None:
    said = await answer_to(port_of(server), head.encode("latin-1"))
    assert said == b"" or said.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 413 ")), said[:200]
    assert _KEY.encode() not in said
    await expect_good(server)


async def expect_good(server: Server) -> None:
    async with aiohttp.ClientSession(server.url) as session, session.get("/health") as response:
        assert (response.status, (await response.json())["status"]) == (200, "ok")
    assert "Traceback" not in server.log_path.read_text()


@pytest.mark.parametrize(
    "path", ["/health%00", "/api/%ff%fe", "/api/../../etc/passwd", "//x", "/%2e%2e/", "/docs/;x"]
)
async def test_odd_paths(server: Server, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_KEY}\r\nConnection: close\r\n\r\n"
    said = await answer_to(port_of(server), request.encode())
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404 "), said
    assert json.loads(body)["code"] == "unknown_route"


@pytest.mark.parametrize("sent", [b"", b"POST ", _HEAD.encode()])
@pytest.mark.parametrize("is_first", [True, False])
async def test_a_request_that_does_not_come(
    port: int, monkeypatch: pytest.MonkeyPatch, sent: bytes, is_first: bool
) -> None:
    monkeypatch.setattr(bounded_connection, "REQUEST_TIMEOUT_S", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    if not is_first:
        sent = sent or b"G"
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"}")
    writer.write(sent)
    async with asyncio.timeout(3):  # less than connections are kept for further requests
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
    writer.close()


async def test_a_head_that_trickles(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte in time, and never the last."""
    monkeypatch.setattr(bounded_connection, "REQUEST_TIMEOUT_S", 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_HEAD.encode())
    ended = asyncio.ensure_future(reader.read())

    async def trickle() -> None:
        while not ended.done():
            writer.write(b"x")
            await asyncio.wait({ended}, timeout=0.02)

    async with asyncio.timeout(5):
        await trickle()
    await asyncio.gather(ended, return_exceptions=True)
    writer.close()


async def test_a_body_after_the_answer_that_trickles(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was refused before its body came does not stay for ever."""
    monkeypatch.setattr(bounded_connection, "REQUEST_TIMEOUT_S", 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /api/ffmpeg/process HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 401 ")
    ended = asyncio.ensure_future(reader.read())
    async with asyncio.timeout(5):
        while not ended.done():
            writer.write(b"x")
            await asyncio.wait({ended}, timeout=0.02)
    await asyncio.gather(ended, return_exceptions=True)
    writer.close()


async def test_an_ordinary_request_is_not_hurried(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither is one that uses a connection again."""
    monkeypatch.setattr(bounded_connection, "REQUEST_TIMEOUT_S", 0.2)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        for _ in range(2):
            async with session.get("/health") as response:
                assert response.status == 200
            await asyncio.wait({asyncio.ensure_future(asyncio.Event().wait())}, timeout=0.3)


async def test_more_connections_than_there_is_room_for(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_connection, "MAX_CONNECTIONS", 20)
    before = open_descriptors()
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(60)]
    await until_async(lambda: open_descriptors() <= before + 60 + 20)
    request = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    opened[0][1].write(request.replace(b"close", b"keep-alive"))
    assert (await opened[0][0].readline()).startswith(b"HTTP/1.1 200 ")
    assert await answer_to(port, request) == b""
    for _, writer in opened:
        writer.close()
    await until_async(lambda: open_descriptors() <= before)
    assert (await answer_to(port, request)).startswith(b"HTTP/1.1 200 ")
