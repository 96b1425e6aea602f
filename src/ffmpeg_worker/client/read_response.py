"""Reads the API's response to a job: progress, and then a result, a problem, or something else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from ffmpeg_worker.client.errors import ApiError, bad_response, unreachable

NDJSON = "application/x-ndjson"
ENDED_EARLY = "it closed the connection before it responded."

OnProgress = Callable[[dict[str, Any]], None]
"""Receives `{"stage", "percent", …}` on the event loop; must return at once."""


async def read_progress(
    chunks: AsyncIterator[bytes], on_progress: OnProgress, *, max_bytes: int
) -> tuple[int, bytes]:
    """Pass each progress report, a line of NDJSON, to `on_progress`; return the status and the body that follow.

    Raises:
        ApiError: a line has the wrong shape, or the response is larger than `max_bytes` (`api_bad_answer`); it
            ended before the status and the body (`api_unreachable`).
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
        raise unreachable(ENDED_EARLY)
    return status, bytes(buffer)


def read_result(action: str, status: int, raw: bytes) -> dict[str, Any]:
    """Return the result in a response of the API to this action.

    Raises:
        ApiError: the response is a problem, or neither a result nor a problem (`api_bad_answer`).
    """
    from ffmpeg_worker.job.actions import ACTIONS  # noqa: PLC0415 - with pydantic, which not every caller needs

    keys = ACTIONS[action].result_keys
    return read_answer(status, raw, is_result=lambda value: bool(keys & value.keys()))


def read_answer(status: int, raw: bytes, *, is_result: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the result in a response; `is_result` says whether an object is one.

    Raises:
        ApiError: the response is a problem, or neither a result nor a problem (`api_bad_answer`).
    """
    try:
        value = json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise bad_response(f"HTTP {status} with a body that is not JSON.", status=status) from None
    if not isinstance(value, dict):
        raise bad_response(f"HTTP {status} with a body that is not a JSON object.", status=status)
    if status == 200 and is_result(value):
        return value
    match value:
        case {"error": str(message), "code": str()} if message and status >= 400:
            raise ApiError(value, status=status)
    raise bad_response(f"HTTP {status} with neither a result nor a problem.", status=status)


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


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)
