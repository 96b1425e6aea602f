"""Large bodies between sockets and files, past the parser: complete, limited, and never beyond their length."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from ffmpeg_worker.api import bounded_connection, receive_file
from ffmpeg_worker.api.bounded_connection import BoundedConnection
from ffmpeg_worker.api.file_response import FileResponse
from ffmpeg_worker.api.receive_file import receive_body
from ffmpeg_worker.api.request_log import RequestLog, RequestRecord
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.storage.local import draft as drafts
from ffmpeg_worker.storage.local.data_usage import DataUsage
from ffmpeg_worker.storage.local.draft import open_draft, open_resumable
from ffmpeg_worker.storage.local.file_area import FileArea
from ffmpeg_worker.storage.local.roots import LocalRoots
from ffmpeg_worker.storage.socket_copy import Turn, copy_from_socket
from support.processes import open_descriptors
from support.wait_until import until_async

BODY = os.urandom(900_000)


@dataclass
class Files:
    """A server of files: PUT takes a body for a name, GET sends the file, with `?from=` from a byte on."""

    area: FileArea
    port: int = 0
    records: list[RequestRecord] = field(default_factory=list)
    direct: list[int] = field(default_factory=list)
    """Bytes of each turn that went past the parser."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        name = request.url.path[1:]
        try:
            answer = await self._put(request, name) if request.method == "PUT" else self._get(request, name)
        except WorkerError as error:
            answer = PlainTextResponse(error.code, 400)
        await answer(scope, receive, send)

    async def _put(self, request: Request, name: str) -> Response:
        length = request.headers.get("content-length")
        opened = (
            open_resumable(self.area, name, len(BODY), starts=True) if name == "kept" else open_draft(self.area)
        )
        with opened as draft:
            expected = None if length is None else int(length)
            await receive_body(request, draft, expected=expected, max_bytes=10 * len(BODY))
            draft.place(name)
        return PlainTextResponse("stored")

    def _get(self, request: Request, name: str) -> Response:
        file = self.area.open(name)
        start = int(request.query_params.get("from", "0"))
        return FileResponse(file, range(start, os.fstat(file.fileno()).st_size), 200, {})

    async def exchange(self, request: bytes) -> bytes:
        """Send bytes, and return all that comes until the server closes the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        with contextlib.closing(writer):
            writer.write(request)
            return await asyncio.wait_for(reader.read(), 20)


def put(name: str, body: bytes = BODY, more: str = "") -> bytes:
    return f"PUT /{name} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


def get(path: str) -> bytes:
    return f"GET /{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()


@pytest.fixture
async def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Files]:
    roots = LocalRoots(tmp_path)
    served = Files(FileArea(roots, DataUsage(roots), "key-a"))

    def spy(connection: int, file: int, at: int, count: int) -> Turn:
        turn = copy_from_socket(connection, file, at, count)
        served.direct.append(turn.count)
        return turn

    monkeypatch.setattr(drafts, "copy_from_socket", spy)
    app = RequestLog(
        served,
        on_failure=lambda _: PlainTextResponse("failed", 500),
        on_end=lambda _, record, __: served.records.append(record),
    )
    config = uvicorn.Config(app, port=0, http=BoundedConnection, log_config=None, ws="none", lifespan="off")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    serving = asyncio.ensure_future(server._serve())
    await until_async(lambda: server.started)
    served.port = server.servers[0].sockets[0].getsockname()[1]
    yield served
    server.should_exit = True
    await serving


async def test_what_follows_a_body_is_the_next_request(files: Files) -> None:
    smuggled = get("nothing") + BODY[:300_000]
    answer = await files.exchange(put("a", BODY + smuggled) + put("b") + get("a?from=5"))
    assert answer.count(b"HTTP/1.1 200 ") == 3
    assert answer.endswith((BODY + smuggled)[5:])
    assert (files.area.root / "b").read_bytes() == BODY
    assert sum(files.direct) > len(BODY)
    bytes_in = [len(BODY + smuggled), len(BODY), 0]
    assert [record.bytes_in for record in files.records] == bytes_in
    assert files.records[2].bytes_out == len(BODY + smuggled) - 5


async def test_a_client_that_waits_for_the_permission_to_send(files: Files) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", files.port)
    head, body = put("a", more="Expect: 100-continue\r\n").split(b"\r\n\r\n", 1)
    writer.write(head + b"\r\n\r\n")
    assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20) == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(body)
    assert (await asyncio.wait_for(reader.readline(), 20)).startswith(b"HTTP/1.1 200 ")
    assert (files.area.root / "a").read_bytes() == BODY
    writer.close()


async def test_chunks_are_read_by_the_parser(files: Files) -> None:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (BODY[:400_000], BODY[400_000:]))
    head = b"PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    assert b" 200 " in await files.exchange(head + chunks + b"0\r\n\r\n")
    assert (files.area.root / "a").read_bytes() == BODY
    assert files.direct == []


async def test_what_arrived_before_the_end_of_the_connection_is_kept(files: Files) -> None:
    before = open_descriptors()
    _, writer = await asyncio.open_connection("127.0.0.1", files.port)
    writer.write(put("kept")[:-1000])
    await writer.drain()
    writer.close()
    await until_async(lambda: len(files.records) == 1)
    (path,) = files.area.uploads.iterdir()
    assert path.read_bytes() == BODY[:-1000]
    await until_async(lambda: open_descriptors() == before)


async def test_a_slow_sender(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive_file, "PATIENCE_S", 0.3)
    assert (await files.exchange(put("a", more="Connection: close\r\n")[:-1])).endswith(b"body_timeout")
    assert not files.area.uploads.exists()


async def test_a_full_disk(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of the body is dropped, and the connection can be used again."""

    def write(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwritev", write)
        answer = await files.exchange(put("a") + get("missing"))
    assert answer.count(b"HTTP/1.1 400 ") == 2
    assert b"disk_full" in answer
    assert not files.area.uploads.exists()


@pytest.fixture
def client() -> Iterator[socket.socket]:
    with socket.socket() as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        opened.setblocking(False)
        yield opened


async def test_a_reader_that_stops(
    files: Files, client: socket.socket, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bounded_connection, "READ_TIMEOUT_S", 0.3)
    (files.area.root / "large").write_bytes(bytes(16 << 20))
    before = open_descriptors()
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", files.port))
    await loop.sock_sendall(client, get("large"))
    with caplog.at_level("INFO", "ffmpeg_worker"):
        await until_async(lambda: "response not read" in caplog.text)
    await until_async(lambda: open_descriptors() <= before)


async def test_a_file_that_becomes_shorter(files: Files, client: socket.socket) -> None:
    path = files.area.root / "large"
    path.write_bytes(bytes(16 << 20))
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", files.port))
    await loop.sock_sendall(client, get("large"))
    assert await loop.sock_recv(client, 1) == b"H"
    os.truncate(path, 1000)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    received = 1
    while data := await asyncio.wait_for(loop.sock_recv(client, 1 << 20), 20):
        received += len(data)
    assert received < 16 << 20  # the connection ends


async def test_where_the_system_cannot_send_files(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.EINVAL, "not here")

    monkeypatch.setattr(os, "sendfile", refuse)
    (files.area.root / "a").write_bytes(BODY)
    assert (await files.exchange(get("a?from=9"))).endswith(BODY[9:])
