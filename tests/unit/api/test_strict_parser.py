"""Heads of requests: their size, and what they say about the length of the body."""

from __future__ import annotations

import h11
import pytest

from ffmpeg_worker.api.strict_parser import MAX_HEAD_BYTES, RequestRefused, StrictParser


def head(size: int, *lines: str) -> bytes:
    """A head of `size` bytes."""
    start = "\r\n".join(["GET / HTTP/1.1", "Host: x", *lines, "X: "])
    return start.encode() + b"x" * (size - len(start) - 4) + b"\r\n\r\n"


def parse(*pieces: bytes) -> list[object]:
    parser, events = StrictParser(), list[object]()
    for piece in pieces:
        parser.receive_data(piece)
        while (event := parser.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            events.append(event)
    return events


def in_pieces(data: bytes) -> list[bytes]:
    return [data[start : start + 5000] for start in range(0, len(data), 5000)]


def test_the_largest_head() -> None:
    data = head(MAX_HEAD_BYTES)
    for pieces in ([data], in_pieces(data), [data + head(MAX_HEAD_BYTES)]):
        assert [type(event) for event in parse(*pieces)] == [h11.Request, h11.EndOfMessage]


@pytest.mark.parametrize("in_one", [True, False])
@pytest.mark.parametrize("size", [MAX_HEAD_BYTES + 1, 100_000])
def test_a_head_above_the_limit(size: int, in_one: bool) -> None:
    data = head(size)
    with pytest.raises(RequestRefused) as caught:
        parse(*([data] if in_one else in_pieces(data)))
    assert caught.value.error.code == "head_too_large"


def test_a_head_that_is_not_complete() -> None:
    with pytest.raises(RequestRefused) as caught:
        parse(head(200_000)[:-4])
    assert caught.value.error.code == "head_too_large"


def test_bodies_do_not_count() -> None:
    data = head(MAX_HEAD_BYTES, "Content-Length: 200000") + b"x" * 200_000
    events = parse(data)
    assert type(events[-1]) is h11.EndOfMessage
    assert sum(len(event.data) for event in events if isinstance(event, h11.Data)) == 200_000


@pytest.mark.parametrize(
    ("version", "lines"),
    [
        ("1.1", "Content-Length: 5\r\nTransfer-Encoding: chunked"),
        ("1.1", "transfer-encoding: Chunked\r\ncontent-length: 0"),
        ("1.0", "Transfer-Encoding: chunked"),
    ],
)
def test_two_lengths(version: str, lines: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        parse(f"POST / HTTP/{version}\r\nHost: x\r\n{lines}\r\n\r\n0\r\n\r\n".encode())
    assert caught.value.error.code == "invalid_http"


@pytest.mark.parametrize("lines", ["Content-Length: 5", "Transfer-Encoding: chunked", "Content-Length: 0"])
def test_one_length(lines: str) -> None:
    assert isinstance(parse(f"POST / HTTP/1.1\r\nHost: x\r\n{lines}\r\n\r\n".encode())[0], h11.Request)


def receiving(head: bytes) -> StrictParser:
    """A parser that has read a head and what came with it."""
    parser = StrictParser()
    parser.receive_data(head)
    while parser.next_event() not in (h11.NEED_DATA, h11.PAUSED):
        pass
    return parser


def test_a_body_that_arrives_past_the_parser() -> None:
    parser = receiving(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
    assert parser.announced_bytes == 6
    with pytest.raises(ValueError, match="more bytes"):
        parser.count_received(7)
    parser.count_received(6)
    assert isinstance(parser.next_event(), h11.EndOfMessage)
    assert parser.announced_bytes == 0


@pytest.mark.parametrize(
    "data",
    [
        b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nabGET / HTTP/1.1\r\n",
        b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Le",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_other_bodies_do_not_pass_the_parser(data: bytes) -> None:
    assert receiving(data).announced_bytes == 0


def test_a_response_that_is_sent_past_the_parser() -> None:
    parser = receiving(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    parser.send(h11.Response(status_code=200, headers=[("Content-Length", "9")]))
    parser.count_sent(9)
    with pytest.raises(h11.LocalProtocolError):
        parser.count_sent(1)


def test_a_response_of_unknown_length_is_not() -> None:
    parser = receiving(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    parser.send(h11.Response(status_code=200, headers=[]))
    with pytest.raises(h11.LocalProtocolError):
        parser.count_sent(9)
