"""The HTTP API limits the size of requests, the time they take and the number of connections."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
import uvicorn

from ffmpeg_worker.api import bounded_connection
from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.api.bounded_connection import BoundedConnection
from ffmpeg_worker.job.actions.canvas_preview import PreviewResult
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.job.result_parts import Stats
from ffmpeg_worker.services import Services
from support.processes import open_descriptors
from support.servers.api_server import Server, running_server
from support.servers.fake_services import make_fake_services
from support.wait_until import until_async

_KEY = "a-key-of-the-test"
_PROCESS = "/api/ffmpeg/process"
_NO_COST = Stats(seconds=0.0)
_HEAD = f"POST {_PROCESS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_KEY}\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("limits"), FFMPEG_WORKER_API_KEYS=_KEY) as running:
        yield running


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """The port of an API in this process, whose limits a test may change."""
    async with serve_api(make_fake_services(api_keys=_KEY)) as opened:
        yield opened


@asynccontextmanager
async def serve_api(services: Services) -> AsyncIterator[int]:
    config = uvicorn.Config(make_app(services), port=0, http=BoundedConnection, log_config=None, ws="none")
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


def _with_body(head: bytes) -> bytes:
    body = json.dumps({"width": 2, "height": 2, "layers": [{"type": "shape", "shape": "rect"}]}).encode()
    return head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


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
    ("head", "status", "code"),
    [
        (f"{_HEAD}X-Long: {'x' * (1 << 20)}\r\n\r\n", 431, "head_too_large"),
        (f"{_HEAD}X-Long: {'x' * 100_000}\r\n\r\n", 431, "head_too_large"),
        (
            _HEAD + "".join(f"X-{number}: {'x' * 1000}\r\n" for number in range(1000)) + "\r\n",
            431,
            "head_too_large",
        ),
        (f"POST /{'x' * (1 << 20)} HTTP/1.1\r\nHost: x\r\n\r\n", 431, "head_too_large"),
        (f"{_HEAD}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400, "invalid_http"),
        (f"{_HEAD}Content-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\nhello", 400, "invalid_http"),
        (f"{_HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "invalid_http"),
        ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "invalid_http"),
        (f"{_HEAD}Content-Length: -1\r\n\r\n", 400, "invalid_http"),
        (f"{_HEAD}Content-Length: {'9' * 5000}\r\n\r\n", 400, "invalid_http"),
        (f"{_HEAD}Name : x\r\n\r\n", 400, "invalid_http"),
        ("\r\n" * 1000 + "\x16\x03\x01\x02\x00\x01", 400, "invalid_http"),
    ],
    ids="long 100k many path lengths coding two old negative huge blank tls".split(),
)
async def test_malformed_and_oversized_heads_are_refused(
    server: Server, head: str, status: int, code: str
) -> None:
    following = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    response = await send_raw(port_of(server), (head + following).encode("latin-1"))
    assert response.startswith(f"HTTP/1.1 {status} ".encode()), response[:200]
    assert response.count(b"HTTP/1.1 ") == 1
    start, _, body = response.partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert b"\r\nconnection: close" in start
    assert problem["code"] == code
    assert f"x-job-id: {problem['job_id']}".encode() in start
    assert _KEY.encode() not in response
    await assert_healthy(server)


async def test_a_malformed_body_is_refused(server: Server) -> None:
    """Its beginning is valid HTTP."""
    chunk = '4\r\n{"a"\r\n'
    response = await send_raw(port_of(server), f"{_HEAD}Transfer-Encoding: chunked\r\n\r\n{chunk}zz\r\n".encode())
    assert response.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 415 ")), response
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


async def connect_slowly(port: int, request: bytes) -> socket.socket:
    """Send a request; the socket holds little of a response that is not read."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", port))
    await loop.sock_sendall(client, request)
    return client


@pytest.fixture
async def large_port() -> AsyncIterator[int]:
    """The port of an API whose jobs have results of 16 MB."""

    async def run(_job: Job, job_id: str) -> JobResult:
        return PreviewResult(
            job_id=job_id, image="x" * 16_000_000, t=0, width=1, height=1, duration=1, stats=_NO_COST
        )

    async with serve_api(make_fake_services(run, api_keys=_KEY)) as opened:
        yield opened


_JSON = "Content-Type: application/json\r\n"
_PREVIEW = _HEAD.replace(_PROCESS, "/api/canvas/preview").encode() + _JSON.encode()


@pytest.mark.parametrize("more", [b"", b"Connection: close\r\n", b"Accept: application/x-ndjson\r\n"])
async def test_a_connection_whose_response_is_not_read_is_closed(
    large_port: int, monkeypatch: pytest.MonkeyPatch, more: bytes
) -> None:
    monkeypatch.setattr(bounded_connection, "READ_TIMEOUT_S", 0.5)
    before = open_descriptors()
    clients = [await connect_slowly(large_port, _with_body(_PREVIEW + more)) for _ in range(5)]
    await until_async(lambda: open_descriptors() >= before + 15)  # two ends, and the body in a file
    await until_async(lambda: open_descriptors() <= before + len(clients))
    for client in clients:
        client.close()


async def test_a_slowly_read_response_arrives(large_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_connection, "READ_TIMEOUT_S", 0.5)
    client = await connect_slowly(large_port, _with_body(_PREVIEW + b"Connection: close\r\n"))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    received, loop = bytearray(), asyncio.get_running_loop()
    while data := await loop.sock_recv(client, 1 << 20):
        received += data
        if len(received) < 4 << 20:
            await asyncio.wait({asyncio.ensure_future(asyncio.Event().wait())}, timeout=0.1)
    assert json.loads(received.partition(b"\r\n\r\n")[2])["image"] == "x" * 16_000_000
    client.close()


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
