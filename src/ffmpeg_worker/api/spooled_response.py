"""Large responses: their bodies wait for slow readers in a file, so that they take no memory."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.json_response import json_response
from ffmpeg_worker.errors import DiskFull
from ffmpeg_worker.logs import log
from ffmpeg_worker.tasks import finish_then_cancel

MAX_BODY_IN_MEMORY = 128 << 10
MIN_BYTES_PER_S = 20_000
"""Rate at which a client must read a body in a file on average, after `READ_GRACE_S`."""
READ_GRACE_S = 30.0

_PIECE_BYTES = 64 << 10


class SpooledResponse(Response):
    """A response whose body is in a file without a name, which exists until it has been sent."""

    def __init__(self, response: Response, file: IO[bytes]) -> None:
        self.status_code = response.status_code
        self.raw_headers = response.raw_headers
        self.background = None
        self.file = file
        self._size = file.seek(0, 2)
        file.seek(0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        del scope, receive  # parameters of every ASGI application
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        except BaseException:
            self.file.close()
            raise
        await self.send_body(send)

    async def send_body(self, send: Send) -> None:
        """Send the body; a client that reads too slowly gets a part of it, and uvicorn closes the connection."""
        with self.file:
            try:
                async with asyncio.timeout(READ_GRACE_S + self._size / MIN_BYTES_PER_S):
                    while piece := await asyncio.to_thread(self.file.read, _PIECE_BYTES):
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
            except TimeoutError:
                log(logging.INFO, "response not read", bytes=self._size)


async def spool(response: Response, folder: Path) -> Response:
    """Move the body of a response into a file in `folder` if it is large.

    Raises:
        DiskFull: the file cannot be written.
    """
    if len(response.body) <= MAX_BODY_IN_MEMORY:
        return response
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (closed when the response has been sent)
    try:
        await finish_then_cancel(asyncio.to_thread(_write, file, response.body))
        return SpooledResponse(response, file)
    except BaseException as error:
        file.close()
        if isinstance(error, OSError):
            raise DiskFull("The worker's disk has no space for the response.", hint="Try again later.") from None
        raise


async def spool_json(
    request: Request, value: Any, status: int = 200, *, headers: Mapping[str, str] | None = None
) -> Response:
    """Respond with JSON; large responses wait for slow readers in a file.

    Raises:
        DiskFull: see `spool`.
    """
    folder = app_state_of(request).services.resources.scratch.root
    return await spool(json_response(value, status, headers=headers), folder)


async def send_body(response: Response, send: Send) -> None:
    """Send the body of a response, spooled or not, and end the message."""
    if isinstance(response, SpooledResponse):
        await response.send_body(send)
    else:
        await send({"type": "http.response.body", "body": response.body, "more_body": False})


def close_body(response: Response) -> None:
    """Remove the body of a response that will not be sent."""
    if isinstance(response, SpooledResponse):
        response.file.close()


def _write(file: IO[bytes], body: bytes | memoryview) -> None:
    file.write(body)
    file.flush()
