"""API keys: who may use the door."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from ffmpeg_worker.api.composition_schema import SCHEMA_PATH
from ffmpeg_worker.api.problems import problem
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.errors import InvalidJob

OPEN_PATHS = frozenset({"/health", "/docs", "/openapi.json", SCHEMA_PATH})
"""Served without a key: `/health` says less then, the next two are hidden in production, the schema of
compositions is the same everywhere."""


class ApiKeys:
    """The accepted API keys, known by their digests only. Without any, everybody is let in."""

    def __init__(self, keys: Iterable[SecretStr]) -> None:
        self._digests = tuple(hashlib.sha256(key.get_secret_value().encode()).digest() for key in keys)

    def admit(self, scope: Scope) -> bool:
        """Whether a request carries a key that is accepted, or none is needed."""
        if not self._digests:
            return True
        values = [value for name, value in scope["headers"] if name == b"authorization"]
        scheme, _, key = values[0].partition(b" ") if len(values) == 1 else (b"", b"", b"")
        digest = hashlib.sha256(key.strip()).digest()
        admitted = False
        for known in self._digests:  # all of them: the time taken says nothing
            admitted |= hmac.compare_digest(known, digest)
        return admitted and scheme.lower() == b"bearer"


class ApiKeyMiddleware:
    """ASGI middleware that refuses requests without an accepted key."""

    def __init__(self, app: ASGIApp, keys: ApiKeys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 401."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS or self._keys.admit(scope):
            await self._app(scope, receive, send)
            return
        exchange = request_record_of(scope)
        exchange.error = InvalidJob(
            "This worker needs an API key.",
            code="unauthorized",
            hint="Send the header Authorization: Bearer <key>.",
        )
        await problem(exchange.error, exchange.job_id)(scope, receive, send)
