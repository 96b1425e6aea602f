"""Download of one file by HTTP: retried after passing failures, resumed where it broke off."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

import aiohttp

from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.retry import AttemptFailed, backoff, retry
from ffmpeg_worker.storage.errors import disk_full, source_empty, source_incomplete, source_too_large
from ffmpeg_worker.storage.http.errors import (
    CONNECTION_ERRORS,
    source_bad_answer,
    source_certificate_invalid,
    source_status_error,
    source_unreachable,
)
from ffmpeg_worker.storage.http.source_names import WEB_PAGES, name_of
from ffmpeg_worker.storage.transfer import DownloadLimits, StallGuard, TransferMeter, write_block

_BLOCK_BYTES = 1 << 20
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")
# Weak ETags promise an equivalent representation, not equal bytes (RFC 9110, section 8.8.1).
_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]{1,256}"')


@dataclass(slots=True)
class HttpDownload:
    """Downloads one source to `path`, unless the server says that it still has the version `known`."""

    outbound: OutboundClient
    source: FileSource
    path: Path
    limits: DownloadLimits
    meter: TransferMeter
    known: str | None = None
    content_type: str = ""
    version: str | None = None
    """A strong ETag; `None` if the server has sent none."""
    is_unchanged: bool = False
    """Whether nothing was downloaded."""
    received: int = 0
    total: int | None = None
    _begun: aiohttp.ClientResponse | None = field(default=None, init=False)

    @property
    def shown(self) -> str:
        """The name of the source in errors."""
        return display_name(self.source.url)

    async def run(self, begun: aiohttp.ClientResponse | None = None) -> None:
        """Download, with retries; errors as for `SourceBackend.download`.

        `begun`: an answer whose body is the whole source, used instead of a first request.
        """
        self._begun = begun
        await retry(self._attempt, backoff(self.limits.retries, self.limits.backoff_s))

    def give_name(self) -> Path:
        """Name the downloaded file as the source is named; returns its path."""
        return self.path.rename(self.path.with_name(name_of(self.source.url, self.content_type)))

    async def _attempt(self) -> None:
        headers = self._conditional_headers()
        begun, self._begun = self._begun, None
        try:
            if begun is not None:
                await self._take(begun, headers)
            else:
                async with self.outbound.get(self.source.url, self.source.plain_headers, headers) as response:
                    await self._take(response, headers)
        except aiohttp.ClientConnectorCertificateError:
            raise source_certificate_invalid(self.shown) from None
        except aiohttp.ClientResponseError:
            raise source_bad_answer(self.shown, "it is not valid HTTP") from None
        except CONNECTION_ERRORS:
            has_started = self.received or self.total is not None
            raise self._interrupted() if has_started else AttemptFailed(source_unreachable(self.shown)) from None
        if self.is_unchanged:
            return
        if self.total is not None and self.received != self.total:
            raise self._interrupted()
        if self.received == 0:
            raise source_empty(self.shown)

    async def _take(self, response: aiohttp.ClientResponse, headers: Mapping[str, str]) -> None:
        """Read the answer to a request with these headers."""
        if response.status == 304 and "If-None-Match" in headers:
            self.is_unchanged = True
            return
        self._check_status(response, is_resumed="Range" in headers)
        self._check_headers(response)
        await self._receive(response)

    def _conditional_headers(self) -> dict[str, str]:
        """Headers that ask for the missing rest, or for the file only if it is not the known version."""
        if self.received and self.version:
            return {"Range": f"bytes={self.received}-", "If-Range": self.version}
        return {"If-None-Match": self.known} if self.known else {}

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
            raise source_status_error(self.shown, response)

    def _start_over(self, response: aiohttp.ClientResponse) -> None:
        self._discard()
        self.total = response.content_length
        self.content_type = response.content_type
        etag = response.headers.get("ETag", "")
        self.version = etag if _STRONG_ETAG.fullmatch(etag) else None
        self.meter.expect(self.total)

    def _discard(self) -> None:
        self.received = 0
        self.total = None
        self.version = None
        self.path.write_bytes(b"")

    def _check_range(self, response: aiohttp.ClientResponse) -> None:
        match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if match is None or (int(match.group(1)), int(match.group(2))) != (self.received, self.total):
            failed = self._interrupted()
            self._discard()
            raise failed

    def _check_headers(self, response: aiohttp.ClientResponse) -> None:
        content_encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        transfer_encoding = response.headers.get("Transfer-Encoding", "chunked").strip().lower()
        if content_encoding not in {"", "identity"} or transfer_encoding != "chunked":
            raise source_bad_answer(self.shown, "its body is compressed although that was not requested")
        if response.content_type in WEB_PAGES:
            raise source_bad_answer(self.shown, "it is a web page, perhaps a login form")
        if self.total is not None:
            if self.total > self.limits.max_bytes:
                raise source_too_large(self.shown, self.limits.max_bytes)
            free = shutil.disk_usage(self.path.parent).free - self.limits.min_free_bytes
            if self.total - self.received > free:
                raise disk_full()

    async def _receive(self, response: aiohttp.ClientResponse) -> None:
        guard = StallGuard(self.limits.min_bytes_per_s, self.limits.window_s)
        block = bytearray()
        with self.path.open("r+b", buffering=0) as file:
            try:
                async for chunk in response.content.iter_any():
                    block += chunk
                    if self.received + len(block) > self.limits.max_bytes:
                        raise source_too_large(self.shown, self.limits.max_bytes)
                    guard.count(len(chunk))
                    if len(block) >= _BLOCK_BYTES:
                        await self._write(file, block)
                        block = bytearray()
            except CONNECTION_ERRORS:
                await self._write(file, block)
                raise
            await self._write(file, block)

    async def _write(self, file: FileIO, block: bytearray) -> None:
        await write_block(file, block, self.received, min_free_bytes=self.limits.min_free_bytes)
        self.received += len(block)
        self.meter.add(len(block))

    def _interrupted(self) -> AttemptFailed:
        return AttemptFailed(source_incomplete(self.shown, self.received, self.total))
