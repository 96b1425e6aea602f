"""Requests for parts of objects, which the client of buckets cannot send in any order."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape, unescape

import aiohttp

from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.retry import AttemptFailed, backoff, is_retryable, retry
from ffmpeg_worker.storage.objects.upload_memory import Part
from ffmpeg_worker.storage.part_plan import PartPlan

_REQUEST_S = 300.0
_BLOCK_BYTES = 256 << 10
_MAX_ANSWER_BYTES = 64 << 10


class PartRequestFailed(Exception):
    """The store refused a request, or did not respond."""

    def __init__(self, status: int | None) -> None:
        """`status`: that of the answer; `None` if there was none."""
        super().__init__(f"status {status}")
        self.status = status


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request with all that authorizes it; its URL and headers must not be logged."""

    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PartReply:
    """The answer to a request that has succeeded."""

    etag: str | None
    text: str

    def field(self, name: str) -> str | None:
        """The text of an XML element that has no children."""
        match = re.search(rf"<{name}>([^<]*)</{name}>", self.text)
        return unescape(match[1], {"&quot;": '"', "&apos;": "'"}) if match else None


@dataclass(frozen=True, slots=True)
class PartSender:
    """Sends signed requests, each again after passing failures, over connections that a job keeps."""

    outbound: OutboundClient
    plan: PartPlan
    retries: int = 3
    backoff_s: float = 0.3

    async def send(
        self, method: str, sign: Callable[[], Awaitable[SignedRequest]], body: bytes | Part = b""
    ) -> PartReply:
        """Send a request; `sign` is called before each attempt.

        Raises:
            PartRequestFailed, AddressNotAllowed.
        """

        async def attempt() -> PartReply:
            request = await sign()
            headers = {"Content-Length": str(len(body)), **request.headers}
            sent = _blocks(body) if isinstance(body, Part) else body
            try:
                async with (
                    asyncio.timeout(_REQUEST_S),
                    self.outbound.send(method, request.url, headers, sent) as response,
                ):
                    return await _read(response)
            except (aiohttp.ClientError, OSError, TimeoutError):
                raise AttemptFailed(PartRequestFailed(None)) from None

        return await retry(attempt, backoff(self.retries, self.backoff_s))


async def _read(response: aiohttp.ClientResponse) -> PartReply:
    answer = (await response.content.read(_MAX_ANSWER_BYTES)).decode(errors="replace")
    # A store may find out that it cannot join the parts after it has sent the status.
    status = 500 if response.status < 300 and "<Error>" in answer else response.status
    if is_retryable(status):
        raise AttemptFailed(PartRequestFailed(status))
    if status >= 300:
        raise PartRequestFailed(status)
    return PartReply(response.headers.get("ETag"), answer)


async def _blocks(body: Part) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _BLOCK_BYTES):
        yield bytes(memoryview(body)[start : start + _BLOCK_BYTES])


def list_parts(tags: list[str]) -> bytes:
    """The list of parts that S3 and Google join, from their ETags."""
    parts = (
        f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(tag)}</ETag></Part>"
        for number, tag in enumerate(tags, 1)
    )
    return f"<CompleteMultipartUpload>{''.join(parts)}</CompleteMultipartUpload>".encode()
