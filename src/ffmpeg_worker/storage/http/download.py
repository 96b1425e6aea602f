"""Download of one file by HTTP: retried after passing failures, resumed where it broke off."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import aiohttp

from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.retry import AttemptFailed, backoff, retry
from ffmpeg_worker.storage.errors import (
    DISK_FULL_ERRNOS,
    disk_full,
    source_empty,
    source_incomplete,
    source_too_large,
)
from ffmpeg_worker.storage.http.errors import (
    CONNECTION_ERRORS,
    source_bad_answer,
    source_certificate_invalid,
    source_status_error,
    source_unreachable,
)
from ffmpeg_worker.storage.transfer import DownloadLimits, StallGuard, TransferMeter
from ffmpeg_worker.tasks import finish_then_cancel

_BLOCK_BYTES = 1 << 20
_WEB_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")
# Weak ETags promise an equivalent representation, not equal bytes (RFC 9110, section 8.8.1).
_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]{1,256}"')


class HttpDownload:
    """Downloads one source to `path`, unless the server says that it still has the version `known`.

    After `run`, these are set: `content_type`, `version` (a strong ETag, or `None`), `is_unchanged` (nothing was
    downloaded).
    """

    def __init__(
        self,
        outbound: OutboundClient,
        source: FileSource,
        path: Path,
        limits: DownloadLimits,
        meter: TransferMeter,
        known: str | None = None,
    ) -> None:
        self.path = path
        self.content_type = ""
        self.version: str | None = None
        self.is_unchanged = False
        self._outbound = outbound
        self._source = source
        self._limits = limits
        self._meter = meter
        self._known = known
        self._shown = display_name(source.url)
        self._received = 0
        self._total: int | None = None

    async def run(self) -> None:
        """Download, with retries.

        Raises:
            AddressNotAllowed, InvalidJob: see `OutboundClient.get`.
            SourceError: not found, not allowed, too large, incomplete, unreachable, or not usable.
            DiskFull: the disk has no space for it.
        """
        await retry(self._attempt, backoff(self._limits.retries, self._limits.backoff_s))

    async def _attempt(self) -> None:
        headers = self._conditional_headers()
        try:
            async with self._outbound.get(self._source.url, self._source.plain_headers, headers) as response:
                if response.status == 304 and "If-None-Match" in headers:
                    self.is_unchanged = True
                    return
                self._check_status(response, is_resumed="Range" in headers)
                self._check_headers(response)
                await self._receive(response)
        except aiohttp.ClientConnectorCertificateError:
            raise source_certificate_invalid(self._shown) from None
        except aiohttp.ClientResponseError:
            raise source_bad_answer(self._shown, "it is not valid HTTP") from None
        except CONNECTION_ERRORS:
            has_started = self._received or self._total is not None
            raise self._interrupted() if has_started else AttemptFailed(source_unreachable(self._shown)) from None
        if self._total is not None and self._received != self._total:
            raise self._interrupted()
        if self._received == 0:
            raise source_empty(self._shown)

    def _conditional_headers(self) -> dict[str, str]:
        """Headers that ask for the missing rest, or for the file only if it is not the known version."""
        if self._received and self.version:
            return {"Range": f"bytes={self._received}-", "If-Range": self.version}
        return {"If-None-Match": self._known} if self._known else {}

    def _check_status(self, response: aiohttp.ClientResponse, *, is_resumed: bool) -> None:
        status = response.status
        if status == 200:
            self._start_over(response)
        elif status == 206 and is_resumed:
            self._check_range(response)
        elif status == 416 and is_resumed:
            self._discard()
            raise self._interrupted()
        else:
            raise source_status_error(self._shown, response)

    def _start_over(self, response: aiohttp.ClientResponse) -> None:
        self._discard()
        self._total = response.content_length
        self.content_type = response.content_type
        etag = response.headers.get("ETag", "")
        self.version = etag if _STRONG_ETAG.fullmatch(etag) else None
        self._meter.expect(self._total)

    def _discard(self) -> None:
        self._received = 0
        self._total = None
        self.version = None
        self.path.unlink(missing_ok=True)

    def _check_range(self, response: aiohttp.ClientResponse) -> None:
        match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if match is None or (int(match.group(1)), int(match.group(2))) != (self._received, self._total):
            failed = self._interrupted()
            self._discard()
            raise failed

    def _check_headers(self, response: aiohttp.ClientResponse) -> None:
        content_encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        transfer_encoding = response.headers.get("Transfer-Encoding", "chunked").strip().lower()
        if content_encoding not in {"", "identity"} or transfer_encoding != "chunked":
            raise source_bad_answer(self._shown, "its body is compressed although that was not requested")
        if response.content_type in _WEB_PAGES:
            raise source_bad_answer(self._shown, "it is a web page, perhaps a login form")
        if self._total is not None:
            if self._total > self._limits.max_bytes:
                raise source_too_large(self._shown, self._limits.max_bytes)
            if self._total - self._received > shutil.disk_usage(self.path.parent).free:
                raise disk_full()

    async def _receive(self, response: aiohttp.ClientResponse) -> None:
        guard = StallGuard(self._limits.min_bytes_per_s, self._limits.window_s)
        block = bytearray()
        try:
            async for chunk in response.content.iter_any():
                block += chunk
                if self._received + len(block) > self._limits.max_bytes:
                    raise source_too_large(self._shown, self._limits.max_bytes)
                guard.count(len(chunk))
                if len(block) >= _BLOCK_BYTES:
                    await self._write(block)
                    block = bytearray()
        except CONNECTION_ERRORS:
            await self._write(block)
            raise
        await self._write(block)

    async def _write(self, block: bytearray) -> None:
        """Append to the file; a cancellation is raised only after that is done."""
        try:
            await finish_then_cancel(asyncio.to_thread(_append, self.path, block))
        except OSError as error:
            if error.errno in DISK_FULL_ERRNOS:
                raise disk_full() from None
            raise
        self._received += len(block)
        self._meter.add(len(block))

    def _interrupted(self) -> AttemptFailed:
        return AttemptFailed(source_incomplete(self._shown, self._received, self._total))


def _append(path: Path, block: bytearray) -> None:
    with path.open("ab", buffering=0) as file:
        rest = memoryview(block)
        while rest:
            rest = rest[file.write(rest) :]
