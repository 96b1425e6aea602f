"""Requests for ranges of one object."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

import obstore

from ffmpeg_worker.outbound.proxy import ProxyTicket
from ffmpeg_worker.retry import AttemptFailed
from ffmpeg_worker.storage.errors import source_access_expired, source_changed, source_incomplete
from ffmpeg_worker.storage.objects.bucket_clients import Client
from ffmpeg_worker.storage.objects.download import MAX_RANGES
from ffmpeg_worker.storage.objects.errors import CLIENT_ERRORS, Failure, await_reply, classify, source_error
from ffmpeg_worker.storage.ranged.range_requests import NotRanged, RangeAnswer, SourceVersion
from ffmpeg_worker.storage.transfer import safe_suffix

if TYPE_CHECKING:
    from obstore import GetResult

_CHUNK_BYTES = 256 << 10


class ObjectRanges:
    """`RangeRequests` for one object, all by one client."""

    def __init__(self, client: Client, ticket: ProxyTicket, key: str, shown: str) -> None:
        """`shown` names the input in errors."""
        self._client = client
        self._ticket = ticket
        self._key = key
        self._shown = shown

    @property
    def max_parallel(self) -> int:
        """See `RangeRequests.max_parallel`."""
        return MAX_RANGES

    @property
    def name(self) -> str:
        """See `RangeRequests.name`."""
        return f"input{safe_suffix(self._key)}"

    def open(self, end: int) -> AbstractAsyncContextManager[RangeAnswer]:
        """See `RangeRequests.open`."""
        return self._request(0, end, None)

    def request(self, start: int, end: int, version: SourceVersion) -> AbstractAsyncContextManager[RangeAnswer]:
        """See `RangeRequests.request`."""
        return self._request(start, end, version)

    async def close(self) -> None:
        """See `RangeRequests.close`."""
        self._ticket.close_connections()

    @asynccontextmanager
    async def _request(self, start: int, end: int, version: SourceVersion | None) -> AsyncIterator[RangeAnswer]:
        options: obstore.GetOptions = {"range": (start, end)}
        if version is not None:
            options["if_match"] = version.validator
        request = obstore.get_async(self._client, self._key, options=options)
        try:
            reply = await await_reply(request, self._ticket, f'input "{self._shown}"')
            found = self._check(reply, start, end, version)
        except CLIENT_ERRORS as error:
            raise self._error_of(error, is_first=version is None) from None
        yield RangeAnswer(found, self._blocks(reply, start, min(end, found.size)))

    def _check(self, reply: GetResult, start: int, end: int, version: SourceVersion | None) -> SourceVersion:
        size, etag = reply.meta["size"], reply.meta["e_tag"]
        if version is None:
            if not etag or etag.startswith("W/") or reply.range != (start, min(end, size)):
                raise NotRanged
            return SourceVersion(size, etag)
        if size != version.size or etag != version.validator or reply.range != (start, end):
            raise source_changed(self._shown)
        return version

    def _error_of(self, error: Exception, *, is_first: bool) -> Exception:
        failure = classify(error)
        if failure is Failure.UNAVAILABLE:
            return AttemptFailed(source_error(failure, self._shown))
        if is_first:
            # A store refuses ranges of empty objects.
            return NotRanged() if failure is Failure.REFUSED else source_error(failure, self._shown)
        if failure is Failure.FORBIDDEN:
            return source_access_expired(self._shown)
        if failure is Failure.CHANGED:
            return source_changed(self._shown)
        if failure is Failure.NOT_FOUND:
            return AttemptFailed(source_changed(self._shown))
        return source_error(failure, self._shown)

    async def _blocks(self, reply: GetResult, start: int, end: int) -> AsyncGenerator[bytes, None]:
        received = start
        try:
            async for block in reply.stream(_CHUNK_BYTES):
                received += len(block)
                if received > end:
                    raise source_changed(self._shown)
                yield bytes(block)
        except CLIENT_ERRORS as error:
            raise self._error_of(error, is_first=False) from None
        if received < end:
            raise AttemptFailed(source_incomplete(self._shown, received - start, end - start))
