"""Requests for ranges of one object."""

from __future__ import annotations

from collections.abc import AsyncIterator
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
        self.shown = shown

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
            reply = await await_reply(request, self._ticket, f'input "{self.shown}"')
            found = self._check(reply, start, end, version)
        except CLIENT_ERRORS as error:
            raise self.error_of(error, is_first=version is None) from None
        yield RangeAnswer(found, _Body(self, reply, min(end, found.size) - start))

    def _check(self, reply: GetResult, start: int, end: int, version: SourceVersion | None) -> SourceVersion:
        size, etag = reply.meta["size"], reply.meta["e_tag"]
        if version is None:
            if not etag or etag.startswith("W/") or reply.range != (start, min(end, size)):
                raise NotRanged
            return SourceVersion(size, etag)
        if size != version.size or etag != version.validator or reply.range != (start, end):
            raise source_changed(self.shown)
        return version

    def error_of(self, error: Exception, *, is_first: bool) -> Exception:
        """The error of a request, or of the transfer of its bytes, as the worker's own."""
        failure = classify(error)
        if failure is Failure.UNAVAILABLE:
            return AttemptFailed(source_error(failure, self.shown))
        if is_first:
            # A store refuses ranges of empty objects.
            return NotRanged() if failure is Failure.REFUSED else source_error(failure, self.shown)
        if failure is Failure.FORBIDDEN:
            return source_access_expired(self.shown)
        if failure is Failure.CHANGED:
            return source_changed(self.shown)
        if failure is Failure.NOT_FOUND:
            return AttemptFailed(source_changed(self.shown))
        return source_error(failure, self.shown)


class _Body:
    """`RangeBody` of an answer that must be `size` bytes long."""

    def __init__(self, requests: ObjectRanges, reply: GetResult, size: int) -> None:
        self._requests = requests
        self._blocks = aiter(reply.stream(_CHUNK_BYTES))
        self._size = size
        self._received = 0
        self._block = memoryview(b"")

    async def read_into(self, buffer: memoryview) -> int:
        """See `RangeBody.read_into`."""
        if not self._block:
            self._block = await self._next()
        count = min(len(self._block), len(buffer))
        buffer[:count] = self._block[:count]
        self._block = self._block[count:]
        return count

    @property
    def connection(self) -> None:
        """See `RangeBody.connection`."""
        return

    def note_received(self, count: int) -> None:
        """See `RangeBody.note_received`."""

    async def _next(self) -> memoryview:
        try:
            block = memoryview(await anext(self._blocks, b""))
        except CLIENT_ERRORS as error:
            raise self._requests.error_of(error, is_first=False) from None
        self._received += len(block)
        if self._received > self._size:
            raise source_changed(self._requests.shown)
        if not block and self._received < self._size:
            raise AttemptFailed(source_incomplete(self._requests.shown, self._received, self._size))
        return block
