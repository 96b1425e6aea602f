"""Upload of one file by HTTP PUT; every attempt sends the whole file."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import aiohttp

from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.retry import AttemptFailed, backoff, retry
from ffmpeg_worker.storage.http.errors import (
    CONNECTION_ERRORS,
    target_refused,
    target_status_error,
    target_unavailable,
)
from ffmpeg_worker.storage.transfer import TransferMeter

_BLOCK_BYTES = 1 << 18
_SUCCESS = {200, 201, 204}


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """Limits of an upload: seconds that a server may take, and number of attempts."""

    stall_s: float = 30.0
    """Seconds for each block of 256 KiB."""
    answer_s: float = 60.0
    """Seconds from the last byte to the answer."""
    retries: int = 3
    backoff_s: float = 0.5
    """Approximate seconds before the first retry; they double with each further retry."""


@dataclass(slots=True)
class HttpUpload:
    """Uploads the file at `path` to `address`.

    `headers` are the caller's, `own_headers` the worker's; `shown` names the output in errors.
    """

    address: str
    headers: Mapping[str, str]
    own_headers: Mapping[str, str]
    path: Path
    shown: str
    limits: UploadLimits
    meter: TransferMeter
    left: int = 0
    """Bytes of the current attempt that have not been sent yet."""

    async def run(self, outbound: OutboundClient) -> None:
        """Upload, with retries; errors as for `ObjectWriter.upload`."""
        await retry(partial(self._attempt, outbound), backoff(self.limits.retries, self.limits.backoff_s))

    async def _attempt(self, outbound: OutboundClient) -> None:
        with await asyncio.to_thread(self.path.open, "rb", buffering=0) as file:
            size = self.left = os.fstat(file.fileno()).st_size
            self.meter.expect(size)
            own_headers = {**self.own_headers, "Content-Length": str(size)}
            try:
                async with asyncio.timeout(self.limits.stall_s) as deadline:
                    body = self._blocks(file, deadline)
                    async with outbound.put(self.address, self.headers, own_headers, body) as response:
                        self._check(response)
            except aiohttp.ClientConnectorCertificateError:
                raise target_refused(
                    self.shown,
                    "its server has no valid certificate",
                    "Use the host's right name, or renew its certificate.",
                ) from None
            except aiohttp.ClientResponseError:
                reason = "the server's answer is not valid HTTP"
                raise target_refused(self.shown, reason, "Check the address.") from None
            except CONNECTION_ERRORS:
                reason = "its server cannot be reached, broke off or stalled"
                raise AttemptFailed(target_unavailable(self.shown, reason)) from None

    async def _blocks(self, file: BinaryIO, deadline: asyncio.Timeout) -> AsyncIterator[bytes]:
        """Read the file up to the size it had; each block that is sent extends the deadline."""
        clock = asyncio.get_running_loop().time
        while self.left:
            block = await asyncio.to_thread(file.read, min(_BLOCK_BYTES, self.left))
            if not block:
                raise ConnectionError("the file became shorter")
            self.left -= len(block)
            yield block
            deadline.reschedule(clock() + self.limits.stall_s)
            self.meter.add(len(block))
        deadline.reschedule(clock() + self.limits.answer_s)

    def _check(self, response: aiohttp.ClientResponse) -> None:
        if response.status not in _SUCCESS:
            raise target_status_error(self.shown, response)
        if self.left:
            reason = "its server answered before it had received the whole file"
            raise AttemptFailed(target_unavailable(self.shown, reason))
