"""Responses with files: slow readers, readers that leave, and files that change."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import IO

import pytest
from starlette.types import Message

from ffmpeg_worker.api import file_response
from ffmpeg_worker.api.file_response import FileResponse

BODY = os.urandom(500_000)


class Client:
    """A client that takes `limit` messages, and then hangs up or takes no more."""

    def __init__(self, limit: int = 1000, *, hangs_up: bool = False) -> None:
        self.messages: list[Message] = []
        self._limit = limit
        self._hangs_up = hangs_up
        self._gone = asyncio.Event()

    async def send(self, message: Message) -> None:
        if len(self.messages) < self._limit:
            self.messages.append(message)
        elif self._hangs_up:
            self._gone.set()
            await asyncio.sleep(0)  # like the server, which takes anything then
        else:
            await asyncio.Event().wait()

    async def receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)


def response(tmp_path: Path, part: range = range(len(BODY))) -> tuple[FileResponse, IO[bytes]]:
    path = tmp_path / "a.mp4"
    path.write_bytes(BODY)
    file = path.open("rb", buffering=0)
    return FileResponse(file, part, 200, {"X-A": "b"}), file


async def test_all_of_a_file_that_was_removed_meanwhile(tmp_path: Path) -> None:
    sent, file = response(tmp_path)
    (tmp_path / "a.mp4").unlink()
    client = Client()
    await sent({"type": "http", "method": "GET"}, client.receive, client.send)
    headers = [(b"x-a", b"b"), (b"content-length", str(len(BODY)).encode())]
    assert client.messages[0] == {"type": "http.response.start", "status": 200, "headers": headers}
    assert client.body() == BODY
    assert [message["more_body"] for message in client.messages[1:]] == [True] * 4 + [False]
    assert file.closed


async def test_a_part_and_head(tmp_path: Path) -> None:
    sent, _ = response(tmp_path, range(7, 400_001))
    client = Client()
    await sent({"type": "http", "method": "GET"}, client.receive, client.send)
    assert client.body() == BODY[7:400_001]
    sent, file = response(tmp_path)
    client = Client()
    await sent({"type": "http", "method": "HEAD"}, client.receive, client.send)
    assert (len(client.messages), client.body(), file.closed) == (2, b"", True)


async def test_a_reader_that_is_too_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_response, "READ_GRACE_S", 0.05)
    monkeypatch.setattr(file_response, "MIN_BYTES_PER_S", 100 * len(BODY))
    sent, file = response(tmp_path)
    client = Client(limit=2)
    async with asyncio.timeout(5):
        await sent({"type": "http", "method": "GET"}, client.receive, client.send)
    assert (len(client.messages), file.closed) == (2, True)


async def test_nothing_more_is_read_for_a_reader_that_has_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    pread = os.pread

    def counting(descriptor: int, count: int, at: int) -> bytes:
        reads.append(at)
        return pread(descriptor, count, at)

    monkeypatch.setattr(os, "pread", counting)
    monkeypatch.setattr(file_response, "_BLOCK_BYTES", 1000)
    sent, file = response(tmp_path)
    client = Client(limit=3, hangs_up=True)
    await sent({"type": "http", "method": "GET"}, client.receive, client.send)
    assert (len(reads) < 10, file.closed) == (True, True)


async def test_a_file_that_becomes_shorter(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sent, _ = response(tmp_path)
    os.truncate(tmp_path / "a.mp4", 10)
    client = Client()
    with caplog.at_level(logging.ERROR):
        await sent({"type": "http", "method": "GET"}, client.receive, client.send)
    assert client.body() == BODY[:10]
    assert client.messages[-1]["more_body"]  # incomplete, so that the server closes the connection
    assert "a file became shorter while it was sent" in caplog.text
