"""API keys: which requests are accepted."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from ffmpeg_worker.api.link_access import LinkAccess
from ffmpeg_worker.api.open_paths import OPEN_PATHS
from ffmpeg_worker.api.problems import problem_response
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.errors import InvalidJob, JobOutputError, KeyLimitReached, WorkerError
from ffmpeg_worker.owners import ANONYMOUS, counted, label_key

LINKS = "links"
"""Stands for the owner in the count of open requests with a signed link."""
_KEY_HINT = "Send the API key in the header Authorization: Bearer <key>, or X-API-Key: <key>."


class ApiKeys:
    """The accepted API keys, stored as digests. Without keys, every request is accepted."""

    def __init__(self, keys: Iterable[SecretStr]) -> None:
        values = {key.get_secret_value() for key in keys}
        self._labels = {hashlib.sha256(value.encode()).digest(): label_key(value) for value in values}

    def owner_of(self, scope: Scope) -> str | None:
        """Return the label of the key of a request, `anonymous` if none is needed; `None` refuses the request."""
        if not self._labels:
            return ANONYMOUS
        key = _find_key(scope)
        digest = hashlib.sha256(key or b"").digest()
        owner = None
        for known, label in self._labels.items():  # compare with all, so that the time taken reveals nothing
            if hmac.compare_digest(known, digest):
                owner = label
        return owner if key else None


def _find_key(scope: Scope) -> bytes | None:
    """Return the key of a request; `None` where there is none, or several.

    With `X-API-Key`, `Authorization` belongs to a platform in front of the worker, such as RunPod's load balancer.
    """
    given = [value.strip() for name, value in scope["headers"] if name == b"authorization"]
    keys = [value.strip() for name, value in scope["headers"] if name == b"x-api-key"]
    if keys:
        return keys[0] if len(keys) == 1 else None
    if len(given) != 1:
        return None
    scheme, _, key = given[0].partition(b" ")
    return key.strip() if scheme.lower() == b"bearer" else None


def _refuse(scope: Scope) -> InvalidJob:
    """Say what is wrong with the key of a request, without showing any of it."""
    names = {name for name, _ in scope["headers"]}
    if not names & {b"authorization", b"x-api-key"}:
        message, hint = "This worker needs an API key.", _KEY_HINT
    elif _find_key(scope):
        message, hint = "This worker does not accept that API key.", "Check the key; its operator has the list."
    else:
        message, hint = "The request has no usable API key, or several different ones.", _KEY_HINT
    return InvalidJob(message, code="unauthorized", hint=hint)


class OpenRequests:
    """Counts the requests that are being served, and limits those of one owner.

    Where there are several keys, an owner may have no more than it leaves free of `max_open`.
    """

    def __init__(self, max_open: int, *, max_per_key: int | None = None, has_several_keys: bool = False) -> None:
        self._max_open = max_open
        self._max_per_key = max_per_key
        self._has_several_keys = has_several_keys
        self.by_owner: Counter[str] = Counter()
        """Open requests by owner; those without one are not listed."""

    @contextmanager
    def admit(self, owner: str) -> Iterator[None]:
        """Count a request as open.

        Raises:
            KeyLimitReached: too many requests of this owner are open.
        """
        own = self.by_owner[owner]
        left_free = self._max_open - self.by_owner.total()
        max_own = None if owner == LINKS else self._max_per_key
        if (max_own is not None and own >= max_own) or (self._has_several_keys and own + 1 > left_free - 1):
            raise KeyLimitReached(
                f"{own} requests of this API key are open; the worker accepts no more of it.",
                code="key_requests_full",
                hint="Send it again when one of them has been answered.",
            )
        with counted(self.by_owner, owner):
            yield


class ApiKeyMiddleware:
    """ASGI middleware that refuses requests without an accepted key, and too many requests of one key.

    A signed link to an output stands for a key.
    """

    def __init__(self, app: ASGIApp, keys: ApiKeys, links: LinkAccess, open_requests: OpenRequests) -> None:
        self._app = app
        self._keys = keys
        self._links = links
        self._open_requests = open_requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its owner in its record, or respond with 401, 403 or 429."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        record = request_record_of(scope)
        owner = self._keys.owner_of(scope)
        refused: WorkerError = _refuse(scope)
        try:
            is_linked = self._links.admit(scope)
        except JobOutputError as error:
            is_linked, refused = False, error
        if owner is None and not is_linked:
            record.error = refused
            await problem_response(record.error, record.job_id)(scope, receive, send)
            return
        record.owner = owner or ANONYMOUS
        with ExitStack() as place:
            try:
                place.enter_context(self._open_requests.admit(LINKS if is_linked else record.owner))
            except KeyLimitReached as error:
                record.error = error
                # The key should not keep the connection either.
                refusal = problem_response(error, record.job_id, headers={"Connection": "close"})
                await refusal(scope, receive, send)
                return
            await self._app(scope, receive, send)
