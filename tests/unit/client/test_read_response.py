"""Reading a response that reports progress."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from ffmpeg_worker.client.errors import ApiError
from ffmpeg_worker.client.read_response import read_progress

RESPONSE = b'{"progress": {"percent": 1}}\n{"progress": {"percent": 2}}\n{"status": 422}\n{"error": "\xc3\xa4\\n"}'


async def read(text: bytes, size: int = 7, max_bytes: int = 1000) -> tuple[list[Any], int, bytes]:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(text), size):
            yield text[start : start + size]

    reports: list[Any] = []
    status, body = await read_progress(chunks(), reports.append, max_bytes=max_bytes)
    return reports, status, body


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_lines_split_anywhere(size: int) -> None:
    reports, status, body = await read(RESPONSE, size)
    assert reports == [{"percent": 1}, {"percent": 2}]
    assert (status, body) == (422, RESPONSE.rpartition(b"\n")[2])


@pytest.mark.parametrize("text", [b"", RESPONSE[:20], RESPONSE[:40], RESPONSE[: RESPONSE.index(b'{"error')]])
async def test_a_response_that_ends_too_early(text: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        await read(text)
    assert caught.value.code == "api_unreachable"


@pytest.mark.parametrize("text", [b"<html>\n", b"[]\n", b'{"progress": 7}\n', b"[" * 5000 + b"\n", b"x" * 2000])
async def test_lines_of_the_wrong_shape(text: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        await read(text)
    assert caught.value.code == "api_bad_answer"
