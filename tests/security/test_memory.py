"""Callers who read nothing and stores that read nothing, all at once: the server's own memory stays bounded."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from aiohttp import web

from support.attacks.sandboxes import needs_sandbox
from support.processes import resident_bytes
from support.servers.api_server import Server, running_server
from support.servers.serve_app import serve_handler
from support.wait_until import until_async

pytestmark = needs_sandbox

_LIMIT_BYTES = 400_000_000
_KEPT = 27
"""Descriptors that a worker keeps: a lock for each of 16 numbers of jobs' users, those of its clients, and three
of each idle probe."""
_SIDE = 2400
_PREVIEWS, _PRESIGNED, _TO_BUCKET = 3, 20, 12
_PARTS = 12
_UPLOAD_BYTES = 24 << 20
_STARTED = "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
_CREDENTIALS = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "aws_region": "x"}
_COMPOSITION = {
    "width": _SIDE,
    "height": _SIDE,
    "layers": [{"type": "image", "src": "noise.png", "duration": 1}],
}
_SETTINGS = {
    "FFMPEG_WORKER_ALLOW_HTTP_INPUTS": "1",
    "FFMPEG_WORKER_FETCH_ALLOW_CIDRS": "127.0.0.0/8",
    "MAX_CONCURRENCY": "2",
}


class StalledStore:
    """A store that starts uploads and reads no part."""

    def __init__(self) -> None:
        self.parts = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            return web.Response(text=_STARTED, content_type="application/xml")
        if request.method == "PUT":
            self.parts += 1
            await asyncio.Event().wait()
        raise web.HTTPNotFound


class Callers:
    """Connections whose responses are not read."""

    def __init__(self, server: Server) -> None:
        self._address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        self._open: list[socket.socket] = []

    async def send(self, path: str, job: dict[str, Any], more: str = "") -> None:
        caller = socket.socket()
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        caller.setblocking(False)
        self._open.append(caller)
        body = json.dumps(job)
        head = f"POST /api/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{more}"
        loop = asyncio.get_running_loop()
        await loop.sock_connect(caller, self._address)
        await loop.sock_sendall(caller, f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())

    def hang_up(self) -> None:
        for caller in self._open:
            caller.close()


class Peak:
    """The largest memory of a server that has been seen."""

    def __init__(self, server: Server) -> None:
        self._pid = server.pid
        self.bytes = 0

    async def watch(self) -> None:
        while True:
            self.bytes = max(self.bytes, resident_bytes(self._pid))
            await asyncio.sleep(0.02)


@asynccontextmanager
async def _watched(server: Server) -> AsyncIterator[Peak]:
    peak = Peak(server)
    watching = asyncio.ensure_future(peak.watch())
    try:
        yield peak
    finally:
        watching.cancel()


def _descriptors(server: Server) -> int:
    return len(list(Path(f"/proc/{server.pid}/fd").iterdir()))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    noise = np.random.default_rng(1).integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)
    cv2.imwrite(str(folder / "noise.png"), noise, [cv2.IMWRITE_PNG_COMPRESSION, 0])
    with (folder / "large.bin").open("wb") as file:
        file.truncate(_UPLOAD_BYTES)
    return tmp_path


async def test_callers_and_stores_that_read_nothing(data: Path) -> None:
    store = StalledStore()
    with (
        socket.create_server(("127.0.0.1", 0), backlog=200) as stalled,
        running_server(data, **_SETTINGS) as server,
    ):
        async with serve_handler(store.answer) as url, _watched(server) as peak:
            before = _descriptors(server)
            callers = Callers(server)
            bucket = {
                "bucket": "b",
                "key": "o/",
                "cloud_type": "AWS",
                "credentials": {**_CREDENTIALS, "aws_url": url},
            }
            presigned = {"url": f"http://127.0.0.1:{stalled.getsockname()[1]}/o"}
            for upload in [bucket] * _TO_BUCKET + [presigned] * _PRESIGNED:
                await callers.send("storage/upload", {"input": "large.bin", "upload": upload})
            for accepted in ("image/png", "application/json", "application/x-ndjson") * (_PREVIEWS // 3):
                await callers.send("canvas/preview", _COMPOSITION, f"Accept: {accepted}\r\n")
            await until_async(lambda: len(server.log_lines("job ended")) == _PREVIEWS, within_s=60, poll_s=0.1)
            await until_async(lambda: store.parts >= _PARTS, within_s=60, poll_s=0.1)
            callers.hang_up()
            await until_async(lambda: _descriptors(server) <= before + _KEPT, within_s=20, poll_s=0.1)
            await until_async(server.is_idle, within_s=20, poll_s=0.1)
        assert peak.bytes < _LIMIT_BYTES
