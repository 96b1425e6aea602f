"""Reads an answer of the HTTP door that tells progress first, line by line."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from ffmpeg_worker.runpod_worker.problems import bad_answer

MEDIA_TYPE = "application/x-ndjson"


class BrokenOff(Exception):
    """It ended before the answer did."""


async def read_followed(
    chunks: AsyncIterator[bytes], tell: Callable[[dict[str, Any]], None], *, max_bytes: int
) -> tuple[int, bytes]:
    """Pass lines `{"progress": {…}}` on to `tell`; returns status and body of the answer after them.

    Raises:
        BrokenOff: there was no answer at the end.
        JobFailed: a line is none of those (`api_bad_answer`), or the answer is too long.
    """
    buffer, status = bytearray(), None
    async for chunk in chunks:
        buffer += chunk
        while status is None and (end := buffer.find(b"\n")) >= 0:
            status = _read_line(bytes(buffer[:end]), tell)
            del buffer[: end + 1]
        if len(buffer) > max_bytes:
            raise bad_answer(f"it is longer than {max_bytes} bytes.")
    if status is None or not buffer:
        raise BrokenOff
    return status, bytes(buffer)


def _read_line(line: bytes, tell: Callable[[dict[str, Any]], None]) -> int | None:
    """The status, from the line before the answer."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    match value:
        case {"progress": dict(progress)}:
            tell(progress)
            return None
        case {"status": int(status)}:
            return status
    raise bad_answer("a line of its progress is none.")
