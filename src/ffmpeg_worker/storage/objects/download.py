"""Download of one object: several ranges at once, all of the same version."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import obstore

from ffmpeg_worker.outbound.proxy import ProxyTicket
from ffmpeg_worker.retry import AttemptFailed, backoff, retry
from ffmpeg_worker.storage.errors import (
    DISK_FULL_ERRNOS,
    disk_full,
    source_empty,
    source_incomplete,
    source_too_large,
)
from ffmpeg_worker.storage.objects.bucket import Client
from ffmpeg_worker.storage.objects.errors import CLIENT_ERRORS, Failure, await_reply, classify, source_error
from ffmpeg_worker.storage.transfer import DownloadLimits, StallGuard, TransferMeter
from ffmpeg_worker.tasks import finish_then_cancel, run_all

RANGE_BYTES = 16 << 20
MAX_RANGES = 4
"""Concurrent requests for one object."""

_BLOCK_BYTES = 1 << 20


class _Changed(Exception):
    """The object is no longer the version that the download began with."""


@dataclass(frozen=True, slots=True)
class Version:
    """The size and version of an object in its store."""

    size: int
    etag: str | None
    """A strong one only: equal ETags mean equal bytes."""


class ObjectDownload:
    """Downloads one object to `path`, which must not exist yet."""

    def __init__(
        self,
        client: Client,
        ticket: ProxyTicket,
        key: str,
        shown: str,
        path: Path,
        limits: DownloadLimits,
        meter: TransferMeter,
    ) -> None:
        self._client = client
        self._ticket = ticket
        self._key = key
        self._shown = shown
        self._path = path
        self._limits = limits
        self._meter = meter

    async def run(self, known: str | None) -> Version | None:
        """Download; `None` if the object still has the version `known`.

        An object that changes during the download is downloaded again.

        Raises:
            AddressNotAllowed, SourceError, DiskFull: see `SourceBackend.download`.
        """

        async def attempt() -> Version | None:
            version = await self._request_version()
            if version.etag is not None and version.etag == known:
                return None
            self._check(version)
            try:
                await self._receive(version)
            except _Changed:
                self._path.unlink(missing_ok=True)
                raise AttemptFailed(source_error(Failure.CHANGED, self._shown)) from None
            return version

        return await retry(attempt, [0.0] * self._limits.retries)

    async def _request_version(self) -> Version:
        request = obstore.head_async(self._client, self._key)
        try:
            found = await await_reply(request, self._ticket, f'input "{self._shown}"')
        except CLIENT_ERRORS as error:
            raise source_error(classify(error), self._shown) from None
        etag = found["e_tag"]
        return Version(found["size"], etag if etag and not etag.startswith("W/") else None)

    def _check(self, version: Version) -> None:
        if version.size > self._limits.max_bytes:
            raise source_too_large(self._shown, self._limits.max_bytes)
        if version.size == 0:
            raise source_empty(self._shown)
        if version.size > shutil.disk_usage(self._path.parent).free:
            raise disk_full()

    async def _receive(self, version: Version) -> None:
        self._meter.expect(version.size)
        starts = iter(range(0, version.size, RANGE_BYTES))
        guard = StallGuard(self._limits.min_bytes_per_s, self._limits.window_s)
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            await run_all(self._receive_ranges(starts, version, file, guard) for _ in range(MAX_RANGES))
        finally:
            os.close(file)

    async def _receive_ranges(self, starts: Iterator[int], version: Version, file: int, guard: StallGuard) -> None:
        """Receive one range after the other until none is left."""
        for start in starts:
            await self._receive_range(start, min(start + RANGE_BYTES, version.size), version, file, guard)

    async def _receive_range(self, start: int, end: int, version: Version, file: int, guard: StallGuard) -> None:
        """Receive one range; a retry requests only what is missing."""

        async def attempt() -> None:
            nonlocal start
            try:
                async for block in self._blocks(start, end, version):
                    await _write(file, block, start)
                    start += len(block)
                    self._meter.add(len(block))
                    guard.count(len(block))
            except (*CLIENT_ERRORS, TimeoutError) as error:
                self._raise_unless_retryable(error)
            if start < end:
                raise AttemptFailed(source_incomplete(self._shown, self._meter.done, self._meter.total))

        await retry(attempt, backoff(self._limits.retries, self._limits.backoff_s))

    async def _blocks(self, start: int, end: int, version: Version) -> AsyncIterator[bytes]:
        options: obstore.GetOptions = {"range": (start, end)}
        if version.etag is not None:
            options["if_match"] = version.etag
        request = obstore.get_async(self._client, self._key, options=options)
        reply = await await_reply(request, self._ticket, f'input "{self._shown}"')
        if reply.range != (start, end) or reply.meta["size"] != version.size:
            raise _Changed
        async for block in reply.stream(_BLOCK_BYTES):
            start += len(block)
            if start > end:
                raise _Changed
            yield block

    def _raise_unless_retryable(self, error: Exception) -> None:
        if isinstance(error, OSError) and error.errno in DISK_FULL_ERRNOS:
            raise disk_full() from None
        failure = classify(error)
        if failure in {Failure.CHANGED, Failure.NOT_FOUND}:
            raise _Changed from None
        if failure is not Failure.UNAVAILABLE:
            raise source_error(failure, self._shown) from None


async def _write(file: int, block: bytes, offset: int) -> None:
    """Write a block at its offset; a cancellation is raised only after that is done."""
    await finish_then_cancel(asyncio.to_thread(_write_all, file, block, offset))


def _write_all(file: int, block: bytes, offset: int) -> None:
    rest = memoryview(block)
    while rest:
        written = os.pwrite(file, rest, offset)
        rest, offset = rest[written:], offset + written
