"""The application of a server whose worker may still be starting."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ffmpeg_worker.api.open_paths import PING_PATH
from ffmpeg_worker.api.problems import unavailable_response


class StartingApp:
    """ASGI application that answers `/ping` with 204 and all else with 503, until it is given the proper one."""

    def __init__(self) -> None:
        self._app: ASGIApp | None = None

    def open(self, app: ASGIApp) -> None:
        """Pass all further requests on."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            is_ping = scope["path"] == PING_PATH
            response = Response(None, 204) if is_ping else unavailable_response({"status": "starting"})
            await response(scope, receive, send)
