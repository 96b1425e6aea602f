"""Reads a response that reports progress: NDJSON lines of progress, then the status, then the body."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from ffmpeg_worker.client.errors import bad_response

NDJSON = "application/x-ndjson"

OnProgress = Callable[[dict[str, Any]], None]
"""Receives `{"stage", "percent", …}` on the event loop; must return at once."""


class ResponseCutOff(Exception):
    """The response ended before the final status and body."""


async def read_progress(
    chunks: AsyncIterator[bytes], on_progress: OnProgress, *, max_bytes: int
) -> tuple[int, bytes]:
    """Pass each progress report to `on_progress`; return the status and the body that follow the reports.

    Raises:
        ResponseCutOff: the response ended too early.
        ApiError: a line has the wrong shape, or the response is larger than `max_bytes` (`api_bad_answer`).
    """
    buffer, status = bytearray(), None
    async for chunk in chunks:
        buffer += chunk
        while status is None and (end := buffer.find(b"\n")) >= 0:
            status = _read_line(bytes(buffer[:end]), on_progress)
            del buffer[: end + 1]
        if len(buffer) > max_bytes:
            raise bad_response(f"it is larger than {max_bytes} bytes.")
    if status is None or not buffer:
        raise ResponseCutOff
    return status, bytes(buffer)


def _read_line(line: bytes, on_progress: OnProgress) -> int | None:
    """Handle one line; return the status if it is the status line."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    match value:
        case {"progress": dict(progress)}:
            on_progress(progress)
            return None
        case {"status": int(status)}:
            return status
    raise bad_response("a line of its progress has the wrong shape.")
