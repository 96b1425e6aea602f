"""API keys: which requests are accepted."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from ffmpeg_worker.api.problems import problem_response
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.api.routes.composition_schema import SCHEMA_PATH
from ffmpeg_worker.errors import InvalidJob

OPEN_PATHS = frozenset({"/health", "/docs", "/openapi.json", SCHEMA_PATH})
"""Paths that need no key: `/health` then reports only its status, production hides `/docs` and `/openapi.json`,
and the schema of compositions is the same on every worker."""


class ApiKeys:
    """The accepted API keys, stored as digests. Without keys, every request is accepted."""

    def __init__(self, keys: Iterable[SecretStr]) -> None:
        self._digests = tuple(hashlib.sha256(key.get_secret_value().encode()).digest() for key in keys)

    def accept(self, scope: Scope) -> bool:
        """Whether a request has an accepted key, or none is needed."""
        if not self._digests:
            return True
        values = [value for name, value in scope["headers"] if name == b"authorization"]
        scheme, _, key = values[0].partition(b" ") if len(values) == 1 else (b"", b"", b"")
        digest = hashlib.sha256(key.strip()).digest()
        accepted = False
        for known in self._digests:  # compare with all of them, so that the time taken reveals nothing
            accepted |= hmac.compare_digest(known, digest)
        return accepted and scheme.lower() == b"bearer"


class ApiKeyMiddleware:
    """ASGI middleware that refuses requests without an accepted key."""

    def __init__(self, app: ASGIApp, keys: ApiKeys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or respond with 401."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS or self._keys.accept(scope):
            await self._app(scope, receive, send)
            return
        record = request_record_of(scope)
        record.error = InvalidJob(
            "This worker needs an API key.",
            code="unauthorized",
            hint="Send the header Authorization: Bearer <key>.",
        )
        await problem_response(record.error, record.job_id)(scope, receive, send)
