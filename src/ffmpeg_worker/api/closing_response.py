"""Responses that need something until they have been sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ffmpeg_worker.tasks import finish_shielded


class ClosingResponse(Response):
    """A response after which `close` is called, however it ends."""

    def __init__(self, response: Response, close: Callable[[], Awaitable[None]]) -> None:
        self.status_code = response.status_code
        self.raw_headers = response.raw_headers
        self.background = None
        self._response = response
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        try:
            await self._response(scope, receive, send)
        finally:
            await finish_shielded(self._close())
