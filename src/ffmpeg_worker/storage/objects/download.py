"""Download of one object: several ranges at once, all of the same version."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

import obstore

from ffmpeg_worker.outbound.proxy import ProxyTicket
from ffmpeg_worker.retry import AttemptFailed, backoff, retry
from ffmpeg_worker.storage.errors import disk_full, source_empty, source_incomplete, source_too_large
from ffmpeg_worker.storage.objects.bucket_clients import Client
from ffmpeg_worker.storage.objects.errors import CLIENT_ERRORS, Failure, await_reply, classify, source_error
from ffmpeg_worker.storage.transfer import DownloadLimits, StallGuard, TransferMeter, write_block
from ffmpeg_worker.tasks import run_all

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


@dataclass(slots=True)
class ObjectDownload:
    """Downloads one object to `path`, which must not exist yet; `shown` names the input in errors."""

    client: Client
    ticket: ProxyTicket
    key: str
    shown: str
    path: Path
    limits: DownloadLimits
    meter: TransferMeter

    async def run(self, known: str | None) -> Version:
        """Download, unless the object still has the version `known`; returns its version.

        An object that changes during the download is downloaded again. Errors as for `SourceBackend.download`.
        """

        async def attempt() -> Version:
            version = await self._request_version()
            if version.etag is not None and version.etag == known:
                return version
            self._check(version)
            try:
                await self._receive(version)
            except _Changed:
                self.path.unlink(missing_ok=True)
                raise AttemptFailed(source_error(Failure.CHANGED, self.shown)) from None
            return version

        return await retry(attempt, [0.0] * self.limits.retries)

    async def _request_version(self) -> Version:
        request = obstore.head_async(self.client, self.key)
        try:
            found = await await_reply(request, self.ticket, f'input "{self.shown}"')
        except CLIENT_ERRORS as error:
            raise source_error(classify(error), self.shown) from None
        etag = found["e_tag"]
        return Version(found["size"], etag if etag and not etag.startswith("W/") else None)

    def _check(self, version: Version) -> None:
        if version.size > self.limits.max_bytes:
            raise source_too_large(self.shown, self.limits.max_bytes)
        if version.size == 0:
            raise source_empty(self.shown)
        if version.size > shutil.disk_usage(self.path.parent).free - self.limits.min_free_bytes:
            raise disk_full()

    async def _receive(self, version: Version) -> None:
        self.meter.expect(version.size)
        starts = iter(range(0, version.size, RANGE_BYTES))
        guard = StallGuard(self.limits.min_bytes_per_s, self.limits.window_s)
        with self.path.open("xb", buffering=0) as file:

            async def receive_ranges() -> None:
                for start in starts:
                    end = min(start + RANGE_BYTES, version.size)
                    await self._receive_range(start, end, version, file, guard)

            await run_all(receive_ranges() for _ in range(MAX_RANGES))

    async def _receive_range(
        self, start: int, end: int, version: Version, file: FileIO, guard: StallGuard
    ) -> None:
        """Receive one range; a retry requests only what is missing."""

        async def attempt() -> None:
            nonlocal start
            try:
                async for block in self._blocks(start, end, version):
                    await write_block(file, block, start, min_free_bytes=self.limits.min_free_bytes)
                    start += len(block)
                    self.meter.add(len(block))
                    guard.count(len(block))
            except CLIENT_ERRORS as error:
                self._raise_unless_retryable(error)
            if start < end:
                raise AttemptFailed(source_incomplete(self.shown, self.meter.done, self.meter.total))

        await retry(attempt, backoff(self.limits.retries, self.limits.backoff_s))

    async def _blocks(self, start: int, end: int, version: Version) -> AsyncIterator[bytes]:
        options: obstore.GetOptions = {"range": (start, end)}
        if version.etag is not None:
            options["if_match"] = version.etag
        request = obstore.get_async(self.client, self.key, options=options)
        reply = await await_reply(request, self.ticket, f'input "{self.shown}"')
        if reply.range != (start, end) or reply.meta["size"] != version.size:
            raise _Changed
        async for block in reply.stream(_BLOCK_BYTES):
            start += len(block)
            if start > end:
                raise _Changed
            yield block

    def _raise_unless_retryable(self, error: Exception) -> None:
        failure = classify(error)
        if failure in {Failure.CHANGED, Failure.NOT_FOUND}:
            raise _Changed from None
        if failure is not Failure.UNAVAILABLE:
            raise source_error(failure, self.shown) from None
