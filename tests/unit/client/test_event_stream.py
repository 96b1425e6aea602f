"""Server-sent events, as servers and proxies cut them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import pytest

from ffmpeg_worker.client.errors import ApiError
from ffmpeg_worker.client.event_stream import read_events

STREAM = b': hello\n\nid: 1\nevent: progress\ndata: {"a":\ndata:1}\n\nretry: 5\n\ndata:last\n\ndata: cut off\n'
EVENTS = [b'{"a":\n1}', b"last"]


async def in_pieces(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def read(pieces: Iterable[bytes], *, max_bytes: int = 1000) -> list[bytes]:
    return [data async for data in read_events(in_pieces(pieces), max_bytes=max_bytes)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_events_do_not_depend_on_pieces_or_ends_of_lines(end: bytes, size: int) -> None:
    stream = STREAM.replace(b"\n", end)
    assert await read(stream[at : at + size] for at in range(0, len(stream), size)) == EVENTS


async def test_a_byte_order_mark_is_left_out() -> None:
    assert await read([b"\xef\xbb\xbfdata: 1\n\n"]) == [b"1"]


@pytest.mark.parametrize("stream", [b"data: " + b"x" * 2000, b"data: 1234567\n" * 200 + b"\n"])
async def test_an_endless_event_is_refused(stream: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        await read([stream[at : at + 100] for at in range(0, len(stream), 100)])
    assert caught.value.code == "api_bad_answer"
