"""Cross-origin requests: pages of other origins that the operator allows may call the API."""

from __future__ import annotations

from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALL = "*"
_METHODS = b"GET, HEAD, POST, PUT, DELETE"
_SENT = (
    b"Accept, Authorization, Content-Range, Content-Type, Idempotency-Key, If-Match, If-Modified-Since, "
    b"If-None-Match, If-Range, Last-Event-ID, Prefer, Range, Traceparent, Tracestate, X-API-Key"
)
_EXPOSED = (
    b"Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Idempotent-Replayed, Last-Modified,"
    b" Location, Preference-Applied, Range, Retry-After, X-Job-Id"
)
_MAX_AGE = b"600"


class CorsMiddleware:
    """ASGI middleware that answers the questions of browsers, and lets pages of allowed origins read answers.

    Cookies are never sent: a page needs the API key, where there is one. Other origins get no header.
    """

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight request, or pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        origin = headers.get(b"origin")
        is_allowed = origin is not None and (
            _ALL in self._origins or origin.decode("latin-1").lower() in self._origins
        )
        if scope["method"] == "OPTIONS" and origin is not None and b"access-control-request-method" in headers:
            asks_private = headers.get(b"access-control-request-private-network") == b"true"
            await _answer_preflight(send, origin if is_allowed else None, asks_private=asks_private)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"vary", b"Origin")]}
                if is_allowed and not any(
                    name == b"access-control-allow-origin" for name, _ in message["headers"]
                ):
                    message["headers"] += [
                        (b"access-control-allow-origin", origin),
                        (b"access-control-expose-headers", _EXPOSED),
                    ]
            await send(message)

        await self._app(scope, receive, send_with_headers)


async def _answer_preflight(send: Send, origin: bytes | None, *, asks_private: bool) -> None:
    headers = [(b"vary", b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers")]
    if origin is not None:
        headers += [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _SENT),
            (b"access-control-max-age", _MAX_AGE),
        ]
        if asks_private:  # a page of the internet, and a worker of the local network
            headers.append((b"access-control-allow-private-network", b"true"))
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
