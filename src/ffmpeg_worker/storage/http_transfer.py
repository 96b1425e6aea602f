"""One download: tried again when it fails for a while, resumed where it broke off."""

from __future__ import annotations

import asyncio
import email.utils
import errno
import random
import re
import shutil
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from ffmpeg_worker.errors import (
    DiskFull,
    SourceError,
    SourceNotFound,
    SourceTooLarge,
    SourceUnreachable,
    SourceUnreadable,
)
from ffmpeg_worker.job.names import shown_name
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.outbound import Outbound
from ffmpeg_worker.storage.pace import Pace

_BROKEN_OFF = (aiohttp.ClientError, TimeoutError, ConnectionError, ssl.SSLError)
_BLOCK_BYTES = 1 << 20
_MAX_WAIT_S = 30.0
_TRY_AGAIN = {408, 425, 429}
_FULL = {errno.ENOSPC, errno.EDQUOT}
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


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


class _Broken(Exception):
    """An attempt failed in a way that the next one may not."""

    def __init__(self, error: SourceError, wait_s: float | None = None) -> None:
        super().__init__()
        self.error = error
        self.wait_s = wait_s


class Transfer:
    """Brings one source to `path`; `content_type` is known afterwards."""

    def __init__(self, outbound: Outbound, source: FileSource, path: Path, limits: TransferLimits) -> None:
        self.path = path
        self.content_type = ""
        self._outbound = outbound
        self._source = source
        self._limits = limits
        self._shown = shown_name(source.url)
        self._received = 0
        self._total: int | None = None
        self._etag: str | None = None

    async def run(self) -> None:
        """Download, with retries.

        Raises:
            AddressNotAllowed, InvalidJob: see `Outbound.get`.
            SourceError: not there, not allowed, too large, incomplete, unreachable, or not usable.
            DiskFull: no room for it.
        """
        for retry in range(self._limits.retries + 1):
            try:
                await self._attempt()
            except _Broken as broken:
                if retry == self._limits.retries:
                    raise broken.error from None
                jitter = random.uniform(0.5, 1.5)  # noqa: S311  (not for secrets)
                await asyncio.sleep(broken.wait_s or self._limits.backoff_s * 2**retry * jitter)
            else:
                return

    async def _attempt(self) -> None:
        began_at = self._received
        resume = {"Range": f"bytes={began_at}-", "If-Range": self._etag} if began_at and self._etag else {}
        try:
            async with self._outbound.get(self._source.url, self._source.plain_headers, resume) as response:
                self._judge_status(response, is_resumed=bool(resume))
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
        except _BROKEN_OFF:
            has_begun = self._received or self._total is not None
            raise _Broken(self._incomplete() if has_begun else self._unreachable()) from None
        if self._total is not None and self._received != self._total:
            raise _Broken(self._incomplete())
        if self._received == 0:
            raise SourceUnreadable(
                f'The input "{self._shown}" is empty (0 bytes).',
                code="source_empty",
                hint="Check that its upload was complete.",
            )

    def _judge_status(self, response: aiohttp.ClientResponse, *, is_resumed: bool) -> None:
        status = response.status
        if status == 200:
            self._start_over(response)
        elif status == 206 and is_resumed:
            self._judge_range(response)
        elif status == 416 and is_resumed:
            self._forget()
            raise _Broken(self._incomplete())
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
        elif status in _TRY_AGAIN or status >= 500:
            error = SourceUnreachable(
                f'The server of the input "{self._shown}" answered {status}.', hint="Try again later."
            )
            raise _Broken(error, _retry_after_s(response.headers.get("Retry-After")))
        else:
            raise self._unusable(f"its status is {status}")

    def _start_over(self, response: aiohttp.ClientResponse) -> None:
        self._forget()
        self._total = response.content_length
        self.content_type = response.content_type
        etag = response.headers.get("ETag", "")
        # A weak one says that two contents mean the same, not that their bytes are the same.
        self._etag = etag if etag.startswith('"') else None

    def _forget(self) -> None:
        self._received = 0
        self._total = None
        self._etag = None
        self.path.unlink(missing_ok=True)

    def _judge_range(self, response: aiohttp.ClientResponse) -> None:
        match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if match is None or (int(match.group(1)), int(match.group(2))) != (self._received, self._total):
            error = self._incomplete()
            self._forget()
            raise _Broken(error)

    def _judge_body(self, response: aiohttp.ClientResponse) -> None:
        content = response.headers.get("Content-Encoding", "identity").strip().lower()
        transfer = response.headers.get("Transfer-Encoding", "chunked").strip().lower()
        if content not in {"", "identity"} or transfer != "chunked":
            raise self._unusable("its body is compressed although that was not asked for")
        if self._total is not None:
            if self._total > self._limits.max_bytes:
                raise self._too_large()
            if self._total - self._received > shutil.disk_usage(self.path.parent).free:
                raise _disk_full()

    async def _receive(self, response: aiohttp.ClientResponse) -> None:
        pace = Pace(self._limits.min_bytes_per_s, self._limits.pace_s)
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
        except _BROKEN_OFF:
            await self._write(block)
            raise
        await self._write(block)

    async def _write(self, block: bytearray) -> None:
        """Append to the file; returns when that is done, also out of a cancellation."""
        writing = asyncio.ensure_future(asyncio.to_thread(_append, self.path, block))
        try:
            await asyncio.shield(writing)
        except OSError as error:
            if error.errno in _FULL:
                raise _disk_full() from None
            raise
        finally:
            if not writing.done():
                await asyncio.wait([writing])
        self._received += len(block)

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


def _disk_full() -> DiskFull:
    return DiskFull(
        "The worker's disk has no room for the input.",
        hint="Try again later; if it stays, the worker needs more disk.",
    )


def _retry_after_s(value: str | None) -> float | None:
    """Seconds that a `Retry-After` asks for, as a number or a date; at most half a minute."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return min(float(value[:6]), _MAX_WAIT_S)
    try:
        wait = email.utils.parsedate_to_datetime(value) - datetime.now(UTC)
    except (ValueError, TypeError):
        return None
    return min(max(wait.total_seconds(), 0.0), _MAX_WAIT_S)
