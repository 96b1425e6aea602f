"""Bodies are limited in type, size and time before they are parsed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from starlette.requests import Request
from starlette.types import Message

from ffmpeg_worker.api.app import make_app
from ffmpeg_worker.api.body import read_body
from ffmpeg_worker.errors import InvalidJob, JobCancelled
from support.servers.asgi_client import Reply, request
from support.servers.fake_services import make_fake_services

JSON = ("content-type", "application/json")
BODY = json.dumps({"chainCmds": "-i a.mp4 b.mp4"}).encode()


async def post(body: bytes | list[bytes], *headers: tuple[str | bytes, str | bytes], limit: int = 1024) -> Reply:
    app = make_app(make_fake_services(max_body_bytes=limit))
    return await request(app, "POST", "/api/ffmpeg/process", body, headers=headers)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
    ],
)
async def test_json_by_any_of_its_spellings(content_type: str) -> None:
    assert (await post(BODY, ("content-type", content_type))).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("content-type", "")],
        [("content-type", "text/plain")],
        [("content-type", "application/x-www-form-urlencoded")],
        [("content-type", "application/json; charset=utf-16")],
        [("content-type", b"application/json\xff")],
        [JSON, ("content-encoding", "gzip")],
    ],
)
async def test_other_types_are_refused(headers: list[tuple[str | bytes, str | bytes]]) -> None:
    reply = await post(BODY, *headers)
    assert (reply.status, reply.json()["code"]) == (415, "content_type_refused")
    assert "application/json" in reply.json()["hint"]


async def test_a_body_in_pieces() -> None:
    assert (await post([BODY[:5], b"", BODY[5:]], JSON)).status == 200


async def test_a_declared_length_is_judged_before_anything_is_read() -> None:
    async def never() -> Message:
        raise AssertionError("read")

    with pytest.raises(InvalidJob) as caught:
        await read_body(make_request(never, ("content-length", "1025")), 1024)
    assert caught.value.code == "body_too_large"


async def test_the_largest_body_there_may_be() -> None:
    assert (await post(BODY.ljust(1024), JSON, ("content-length", "1024"))).status == 200


@pytest.mark.parametrize("body", [BODY.ljust(1025), [b" " * 600, b" " * 600]])
async def test_received_bytes_are_counted(body: bytes | list[bytes]) -> None:
    reply = await post(body, JSON)
    assert (reply.status, reply.json()["code"]) == (413, "body_too_large")
    assert "1024" in reply.json()["error"]


async def test_an_endless_body_is_not_kept() -> None:
    pulled = 0

    async def endless() -> Message:
        nonlocal pulled
        pulled += 1
        return {"type": "http.request", "body": b"x" * 512, "more_body": True}

    with pytest.raises(InvalidJob):
        await read_body(make_request(endless), 1024)
    assert pulled == 3


async def test_a_body_that_does_not_come() -> None:
    async def never() -> Message:
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    with pytest.raises(InvalidJob) as caught:
        await read_body(make_request(never), 1024, timeout_s=0.01)
    assert caught.value.code == "body_timeout"


async def test_a_caller_that_goes_away_while_sending() -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    with pytest.raises(JobCancelled):
        await read_body(make_request(gone), 1024)


def make_request(receive: Callable[[], Awaitable[Message]], *headers: tuple[str, str]) -> Request:
    raw = [(name.encode(), value.encode()) for name, value in (JSON, *headers)]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw}, receive)
