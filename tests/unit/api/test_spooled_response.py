"""Large responses, which wait for their readers in files."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from starlette.responses import Response
from starlette.types import Message

from ffmpeg_worker.api import spooled_response
from ffmpeg_worker.api.spooled_response import MAX_BODY_IN_MEMORY, SpooledResponse, close_body, send_body, spool
from ffmpeg_worker.errors import DiskFull

BODY = os.urandom(MAX_BODY_IN_MEMORY + 1)


class Reader:
    """A client that takes `limit` messages and then no more."""

    def __init__(self, limit: int = 1000) -> None:
        self.messages: list[Message] = []
        self._limit = limit

    async def send(self, message: Message) -> None:
        if len(self.messages) == self._limit:
            await asyncio.Event().wait()
        self.messages.append(message)

    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)


async def receive() -> Message:
    raise AssertionError


async def test_a_small_response_stays_as_it_is(tmp_path: Path) -> None:
    response = Response(BODY[:MAX_BODY_IN_MEMORY])
    assert await spool(response, tmp_path) is response
    reader = Reader()
    await send_body(response, reader.send)
    assert reader.messages == [{"type": "http.response.body", "body": response.body, "more_body": False}]


async def test_a_large_response_is_sent_unchanged(tmp_path: Path) -> None:
    response = await spool(Response(BODY, 201, {"X-A": "b"}, "image/png"), tmp_path)
    assert list(tmp_path.iterdir()) == []
    reader = Reader()
    await response({"type": "http"}, receive, reader.send)
    assert reader.messages[0] == {
        "type": "http.response.start",
        "status": 201,
        "headers": [(b"x-a", b"b"), (b"content-length", str(len(BODY)).encode()), (b"content-type", b"image/png")],
    }
    assert reader.body() == BODY
    assert [message["more_body"] for message in reader.messages[1:]] == [True] * 3 + [False]
    assert max(len(message["body"]) for message in reader.messages[1:]) <= 64 << 10


async def test_a_reader_that_is_too_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spooled_response, "READ_GRACE_S", 0.1)
    monkeypatch.setattr(spooled_response, "MIN_BYTES_PER_S", 10 * len(BODY))
    response, reader = await spool(Response(BODY), tmp_path), Reader(limit=2)
    async with asyncio.timeout(5):
        await response({"type": "http"}, receive, reader.send)
    assert len(reader.messages) == 2
    assert isinstance(response, SpooledResponse)
    assert response.file.closed


async def test_the_file_is_closed_if_nothing_is_sent(tmp_path: Path) -> None:
    response = await spool(Response(BODY), tmp_path)
    close_body(response)
    assert isinstance(response, SpooledResponse)
    assert response.file.closed
    close_body(Response(b""))


async def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spooled_response, "_write", fail)
    with pytest.raises(DiskFull):
        await spool(Response(BODY), tmp_path)
