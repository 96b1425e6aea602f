"""One download: tried again when it fails for a while, resumed where it broke off."""

from __future__ import annotations

import asyncio
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from ffmpeg_worker.errors import (
    SourceError,
    SourceNotFound,
    SourceTooLarge,
    SourceUnreachable,
    SourceUnreadable,
)
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.retry import AttemptFailed, backoff, is_retryable, parse_retry_after, retry
from ffmpeg_worker.storage.arrival import FULL, disk_full
from ffmpeg_worker.storage.http.errors import CONNECTION_ERRORS
from ffmpeg_worker.storage.pace import StallGuard
from ffmpeg_worker.storage.transfer import TransferMeter
from ffmpeg_worker.tasks import finish_then_cancel

_BLOCK_BYTES = 1 << 20
_WEB_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")
# A weak one says that two contents mean the same, not that their bytes are the same.
_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]{1,256}"')


@dataclass(frozen=True, slots=True)
class TransferLimits:
    """How large one input may be, and how long it may take."""

    max_bytes: int
    total_s: float = 900.0
    min_bytes_per_s: float = 10_000.0
    pace_s: float = 60.0
    """Seconds over which the rate is averaged."""
    retries: int = 3
    backoff_s: float = 0.5
    """Seconds before the first retry, about; twice as long before each further one."""


class HttpDownload:
    """Brings one source to `path`, unless the server says that it still has the version `known`.

    Afterwards are known: `content_type`, `version` (a strong ETag, or `None`), `is_unchanged` (nothing came).
    """

    def __init__(
        self,
        outbound: OutboundClient,
        source: FileSource,
        path: Path,
        limits: TransferLimits,
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
            SourceError: not there, not allowed, too large, incomplete, unreachable, or not usable.
            DiskFull: no room for it.
        """
        await retry(self._attempt, backoff(self._limits.retries, self._limits.backoff_s))

    async def _attempt(self) -> None:
        own = self._conditions()
        try:
            async with self._outbound.get(self._source.url, self._source.plain_headers, own) as response:
                if response.status == 304 and "If-None-Match" in own:
                    self.is_unchanged = True
                    return
                self._judge_status(response, is_resumed="Range" in own)
                self._judge_body(response)
                await self._receive(response)
        except aiohttp.ClientConnectorCertificateError:
            raise SourceError(
                f'The server of the input "{self._shown}" has no valid certificate.',
                code="source_certificate_invalid",
                hint="Use the host's right name, or renew its certificate.",
            ) from None
        except aiohttp.ClientResponseError:
            raise self._unusable("it is not proper HTTP") from None
        except CONNECTION_ERRORS:
            has_begun = self._received or self._total is not None
            raise AttemptFailed(self._incomplete() if has_begun else self._unreachable()) from None
        if self._total is not None and self._received != self._total:
            raise AttemptFailed(self._incomplete())
        if self._received == 0:
            raise SourceUnreadable(
                f'The input "{self._shown}" is empty (0 bytes).',
                code="source_empty",
                hint="Check that its upload was complete.",
            )

    def _conditions(self) -> dict[str, str]:
        """Headers that ask for the rest only, or for nothing if we have it."""
        if self._received and self.version:
            return {"Range": f"bytes={self._received}-", "If-Range": self.version}
        return {"If-None-Match": self._known} if self._known else {}

    def _judge_status(self, response: aiohttp.ClientResponse, *, is_resumed: bool) -> None:
        status = response.status
        if status == 200:
            self._start_over(response)
        elif status == 206 and is_resumed:
            self._judge_range(response)
        elif status == 416 and is_resumed:
            self._forget()
            raise AttemptFailed(self._incomplete())
        elif status in {404, 410}:
            raise SourceNotFound(
                f'There is no input "{self._shown}": its server answered {status}.',
                hint="Check the address and that it has not expired.",
            )
        elif status in {401, 403}:
            raise SourceError(
                f'The server of the input "{self._shown}" refused it with {status}.',
                code="source_forbidden",
                hint='Check that the address has not expired; credentials go into the input\'s "headers".',
            )
        elif is_retryable(status):
            error = SourceUnreachable(
                f'The server of the input "{self._shown}" answered {status}.', hint="Try again later."
            )
            raise AttemptFailed(error, parse_retry_after(response.headers.get("Retry-After")))
        else:
            raise self._unusable(f"its status is {status}")

    def _start_over(self, response: aiohttp.ClientResponse) -> None:
        self._forget()
        self._total = response.content_length
        self.content_type = response.content_type
        etag = response.headers.get("ETag", "")
        self.version = etag if _STRONG_ETAG.fullmatch(etag) else None
        self._meter.expect(self._total)

    def _forget(self) -> None:
        self._received = 0
        self._total = None
        self.version = None
        self.path.unlink(missing_ok=True)

    def _judge_range(self, response: aiohttp.ClientResponse) -> None:
        match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if match is None or (int(match.group(1)), int(match.group(2))) != (self._received, self._total):
            error = self._incomplete()
            self._forget()
            raise AttemptFailed(error)

    def _judge_body(self, response: aiohttp.ClientResponse) -> None:
        content = response.headers.get("Content-Encoding", "identity").strip().lower()
        transfer = response.headers.get("HttpDownload-Encoding", "chunked").strip().lower()
        if content not in {"", "identity"} or transfer != "chunked":
            raise self._unusable("its body is compressed although that was not asked for")
        if response.content_type in _WEB_PAGES:
            raise self._unusable("it is a web page, perhaps one that asks for a login")
        if self._total is not None:
            if self._total > self._limits.max_bytes:
                raise self._too_large()
            if self._total - self._received > shutil.disk_usage(self.path.parent).free:
                raise disk_full()

    async def _receive(self, response: aiohttp.ClientResponse) -> None:
        pace = StallGuard(self._limits.min_bytes_per_s, self._limits.pace_s)
        block = bytearray()
        try:
            async for chunk in response.content.iter_any():
                block += chunk
                if self._received + len(block) > self._limits.max_bytes:
                    raise self._too_large()
                pace.count(len(chunk))
                if len(block) >= _BLOCK_BYTES:
                    await self._write(block)
                    block = bytearray()
        except CONNECTION_ERRORS:
            await self._write(block)
            raise
        await self._write(block)

    async def _write(self, block: bytearray) -> None:
        """Append to the file; returns when that is done, also out of a cancellation."""
        try:
            await finish_then_cancel(asyncio.to_thread(_append, self.path, block))
        except OSError as error:
            if error.errno in FULL:
                raise disk_full() from None
            raise
        self._received += len(block)
        self._meter.add(len(block))

    def _unreachable(self) -> SourceUnreachable:
        return SourceUnreachable(
            f'The server of the input "{self._shown}" cannot be reached or does not answer.',
            hint="Check the host's name and that it is up, then try again.",
        )

    def _incomplete(self) -> SourceUnreachable:
        of_all = "" if self._total is None else f" of {self._total}"
        return SourceUnreachable(
            f'The transfer of the input "{self._shown}" broke off or stalled after '
            f"{self._received}{of_all} bytes.",
            code="source_incomplete_transfer",
            hint="Try again later, or put the file on a faster server.",
        )

    def _too_large(self) -> SourceTooLarge:
        return SourceTooLarge(
            f'The input "{self._shown}" is larger than the {self._limits.max_bytes} bytes that this worker takes.',
            hint="Send a smaller file; the operator's limit is FFMPEG_WORKER_MAX_INPUT_BYTES.",
        )

    def _unusable(self, reason: str) -> SourceUnreadable:
        return SourceUnreadable(
            f'The answer of the server of the input "{self._shown}" cannot be used: {reason}.',
            code="source_bad_answer",
            hint="Give the address at which the server sends the file itself.",
        )


def _append(path: Path, block: bytearray) -> None:
    with path.open("ab", buffering=0) as file:
        rest = memoryview(block)
        while rest:
            rest = rest[file.write(rest) :]
