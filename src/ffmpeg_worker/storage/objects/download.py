"""One object brought to this machine: several ranges at once, all of one version."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import obstore

from ffmpeg_worker.errors import SourceTooLarge, SourceUnreachable, SourceUnreadable
from ffmpeg_worker.outbound.proxy import ProxyTicket
from ffmpeg_worker.retry import AttemptFailed, backoff, retry
from ffmpeg_worker.storage.arrival import FULL, disk_full
from ffmpeg_worker.storage.http.download import TransferLimits
from ffmpeg_worker.storage.objects.bucket import Client
from ffmpeg_worker.storage.objects.errors import CLIENT_ERRORS, Failure, ask, failure_of, source_error
from ffmpeg_worker.storage.pace import StallGuard
from ffmpeg_worker.storage.transfer import TransferMeter
from ffmpeg_worker.tasks import finish_then_cancel, run_all

RANGE_BYTES = 16 << 20
RANGES_AT_ONCE = 4

_BLOCK_BYTES = 1 << 20


class _Changed(Exception):
    """The object is no longer the version that the transfer began with."""


@dataclass(frozen=True, slots=True)
class Version:
    """What a store says of an object."""

    size: int
    etag: str | None
    """Only a strong one: equal ones mean equal bytes."""


class ObjectDownload:
    """Brings one object to `path`, which must not be there yet."""

    def __init__(
        self,
        client: Client,
        ticket: ProxyTicket,
        key: str,
        shown: str,
        path: Path,
        limits: TransferLimits,
        meter: TransferMeter,
    ) -> None:
        self._client = client
        self._permit = ticket
        self._key = key
        self._shown = shown
        self._path = path
        self._limits = limits
        self._meter = meter

    async def run(self, known: str | None) -> Version | None:
        """Download; `None` when the object still has the version `known`.

        Raises:
            AddressNotAllowed, SourceError, DiskFull: see `SourceBackend.download`.
        """

        async def attempt() -> Version | None:
            version = await self._ask_version()
            if version.etag is not None and version.etag == known:
                return None
            self._judge(version)
            try:
                await self._receive(version)
            except _Changed:
                self._path.unlink(missing_ok=True)
                raise AttemptFailed(source_error(Failure.CHANGED, self._shown)) from None
            return version

        return await retry(attempt, [0.0] * self._limits.retries)

    async def _ask_version(self) -> Version:
        try:
            found = await ask(obstore.head_async(self._client, self._key), self._permit, f'input "{self._shown}"')
        except CLIENT_ERRORS as error:
            raise source_error(failure_of(error), self._shown) from None
        etag = found["e_tag"]
        return Version(found["size"], etag if etag and not etag.startswith("W/") else None)

    def _judge(self, version: Version) -> None:
        if version.size > self._limits.max_bytes:
            raise SourceTooLarge(
                f'The input "{self._shown}" is larger than the {self._limits.max_bytes} bytes that this '
                "worker takes.",
                hint="Send a smaller file; the operator's limit is FFMPEG_WORKER_MAX_INPUT_BYTES.",
            )
        if version.size == 0:
            raise SourceUnreadable(
                f'The input "{self._shown}" is empty (0 bytes).',
                code="source_empty",
                hint="Check that its upload was complete.",
            )
        if version.size > shutil.disk_usage(self._path.parent).free:
            raise disk_full()

    async def _receive(self, version: Version) -> None:
        self._meter.expect(version.size)
        starts = iter(range(0, version.size, RANGE_BYTES))
        pace = StallGuard(self._limits.min_bytes_per_s, self._limits.pace_s)
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            await run_all(self._receive_ranges(starts, version, file, pace) for _ in range(RANGES_AT_ONCE))
        finally:
            os.close(file)

    async def _receive_ranges(self, starts: Iterator[int], version: Version, file: int, pace: StallGuard) -> None:
        """Receive one range after the other until none is left."""
        for start in starts:
            await self._receive_range(start, min(start + RANGE_BYTES, version.size), version, file, pace)

    async def _receive_range(self, start: int, end: int, version: Version, file: int, pace: StallGuard) -> None:
        async def attempt() -> None:
            nonlocal start
            try:
                async for block in self._blocks(start, end, version):
                    await _write(file, block, start)
                    start += len(block)
                    self._meter.add(len(block))
                    pace.count(len(block))
            except (*CLIENT_ERRORS, TimeoutError) as error:
                self._raise_unless_retryable(error)
            if start < end:
                raise AttemptFailed(self._incomplete())

        await retry(attempt, backoff(self._limits.retries, self._limits.backoff_s))

    async def _blocks(self, start: int, end: int, version: Version) -> AsyncIterator[bytes]:
        options: obstore.GetOptions = {"range": (start, end)}
        if version.etag is not None:
            options["if_match"] = version.etag
        answer = await ask(
            obstore.get_async(self._client, self._key, options=options), self._permit, f'input "{self._shown}"'
        )
        if answer.range != (start, end) or answer.meta["size"] != version.size:
            raise _Changed
        async for block in answer.stream(_BLOCK_BYTES):
            start += len(block)
            if start > end:
                raise _Changed
            yield block

    def _raise_unless_retryable(self, error: Exception) -> None:
        if isinstance(error, OSError) and error.errno in FULL:
            raise disk_full() from None
        failure = failure_of(error)
        if failure in {Failure.CHANGED, Failure.NOT_FOUND}:
            raise _Changed from None
        if failure is not Failure.UNAVAILABLE:
            raise source_error(failure, self._shown) from None

    def _incomplete(self) -> SourceUnreachable:
        return SourceUnreachable(
            f'The transfer of the input "{self._shown}" broke off or stalled after '
            f"{self._meter.done} of {self._meter.total} bytes.",
            code="source_incomplete_transfer",
            hint="Try again later, or put the file into a faster store.",
        )


async def _write(file: int, block: bytes, offset: int) -> None:
    """Put a block to its place; returns when that is done, also out of a cancellation."""
    await finish_then_cancel(asyncio.to_thread(_write_all, file, block, offset))


def _write_all(file: int, block: bytes, offset: int) -> None:
    rest = memoryview(block)
    while rest:
        written = os.pwrite(file, rest, offset)
        rest, offset = rest[written:], offset + written
