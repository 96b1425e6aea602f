"""Sends jobs to the worker, and keeps their responses."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

import aiohttp

from ffmpeg_worker.job.actions import ACTIONS

RESPONSE_WITHIN_S = 100.0


@dataclass(frozen=True)
class Response:
    """The response to a job: `began` and `ended` are monotonic seconds."""

    status: int
    body: bytes
    job_id: str | None
    retry_after_s: float
    began: float
    ended: float

    def json(self) -> dict[str, Any]:
        """The body as an object; an empty one if it is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class NoResponse(Exception):
    """The worker did not respond in time, or the connection broke."""


def path_of(action: str) -> str:
    """The path of the route of an action."""
    return f"/api{ACTIONS[action].path}"


async def send(
    session: aiohttp.ClientSession, path: str, body: Any, key: str, headers: dict[str, str] | None = None
) -> Response:
    """POST a body: bytes as they are, or JSON.

    Raises:
        NoResponse: there was none.
    """
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **(headers or {})}
    began = time.monotonic()
    try:
        async with session.post(path, data=data, headers=given) as response:
            content = await response.read()
            wait = float(response.headers.get("Retry-After", "1"))
            return Response(
                response.status, content, response.headers.get("X-Job-Id"), wait, began, time.monotonic()
            )
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise NoResponse(f"{error!r} after {time.monotonic() - began:.1f} s") from None


def open_session(url: str) -> aiohttp.ClientSession:
    """A session without kept connections: one that the server closes meanwhile fails a POST."""
    return aiohttp.ClientSession(
        url,
        connector=aiohttp.TCPConnector(force_close=True, limit=0),
        timeout=aiohttp.ClientTimeout(total=RESPONSE_WITHIN_S),
    )
