"""The HTTP API limits the size of requests, the time they take and the number of connections."""

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
    """The port of an API in this process, whose limits a test may change."""
    config = uvicorn.Config(
        make_app(make_fake_services(api_keys=_KEY)), port=0, http=BoundedConnection, log_config=None, ws="none"
    )
    config.load()
    api = uvicorn.Server(config)
    api.lifespan = config.lifespan_class(config)
    serving = asyncio.ensure_future(api._serve())
    await until_async(lambda: api.started)
    try:
        yield api.servers[0].sockets[0].getsockname()[1]
    finally:
        api.should_exit = True
        await serving


async def send_raw(port: int, request: bytes) -> bytes:
    """Send a request and return everything received until the server closes the connection."""
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
async def test_malformed_and_oversized_heads_are_refused(server: Server, head: str) -> None:
    response = await send_raw(port_of(server), head.encode("latin-1"))
    assert response == b"" or response.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 413 ")), response[:200]
    assert _KEY.encode() not in response
    await assert_healthy(server)


async def assert_healthy(server: Server) -> None:
    async with aiohttp.ClientSession(server.url) as session, session.get("/health") as response:
        assert (response.status, (await response.json())["status"]) == (200, "ok")
    assert "Traceback" not in server.log_path.read_text()


@pytest.mark.parametrize(
    "path", ["/health%00", "/api/%ff%fe", "/api/../../etc/passwd", "//x", "/%2e%2e/", "/docs/;x"]
)
async def test_unknown_paths_are_not_found(server: Server, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_KEY}\r\nConnection: close\r\n\r\n"
    response = await send_raw(port_of(server), request.encode())
    head, _, body = response.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404 "), response
    assert json.loads(body)["code"] == "unknown_route"


@pytest.mark.parametrize("sent", [b"", b"POST ", _HEAD.encode()])
@pytest.mark.parametrize("is_first", [True, False])
async def test_an_incomplete_request_times_out(
    port: int, monkeypatch: pytest.MonkeyPatch, sent: bytes, is_first: bool
) -> None:
    monkeypatch.setattr(bounded_connection, "REQUEST_TIMEOUT_S", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    if not is_first:
        sent = sent or b"G"
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"}")
    writer.write(sent)
    async with asyncio.timeout(3):  # shorter than the keep-alive timeout
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
    writer.close()


async def test_a_slow_head_times_out(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client keeps sending bytes and never ends the head."""
    monkeypatch.setattr(bounded_connection, "REQUEST_TIMEOUT_S", 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_HEAD.encode())
    ended = asyncio.ensure_future(reader.read())

    async def send_slowly() -> None:
        while not ended.done():
            writer.write(b"x")
            await asyncio.wait({ended}, timeout=0.02)

    async with asyncio.timeout(5):
        await send_slowly()
    await asyncio.gather(ended, return_exceptions=True)
    writer.close()


async def test_a_slow_body_of_a_refused_request_times_out(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server closes the connection of a refused request whose body never ends."""
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


async def test_an_idle_keep_alive_connection_is_not_closed(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The timeout of a request also starts anew on a reused connection."""
    monkeypatch.setattr(bounded_connection, "REQUEST_TIMEOUT_S", 0.2)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        for _ in range(2):
            async with session.get("/health") as response:
                assert response.status == 200
            await asyncio.wait({asyncio.ensure_future(asyncio.Event().wait())}, timeout=0.3)


async def test_connections_above_the_limit_are_closed(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_connection, "MAX_CONNECTIONS", 20)
    before = open_descriptors()
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(60)]
    await until_async(lambda: open_descriptors() <= before + 60 + 20)
    request = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    opened[0][1].write(request.replace(b"close", b"keep-alive"))
    assert (await opened[0][0].readline()).startswith(b"HTTP/1.1 200 ")
    assert await send_raw(port, request) == b""
    for _, writer in opened:
        writer.close()
    await until_async(lambda: open_descriptors() <= before)
    assert (await send_raw(port, request)).startswith(b"HTTP/1.1 200 ")
