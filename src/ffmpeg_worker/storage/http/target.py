"""Outputs for web servers: each is PUT to an address that the caller has signed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

import aiohttp

from ffmpeg_worker.errors import InvalidJob, TargetError, TargetForbidden, TargetUnavailable, WorkerError
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.upload import Upload
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.retry import AttemptFailed, backoff, is_retryable, parse_retry_after, retry
from ffmpeg_worker.storage.http.errors import CONNECTION_ERRORS
from ffmpeg_worker.storage.http.signed_url import is_azure_sas, plain, strip_signature
from ffmpeg_worker.storage.stores import STAYS, ObjectHeaders, OutputLocation
from ffmpeg_worker.storage.transfer import TransferMeter
from ffmpeg_worker.suggestions import find_nearest

_BLOCK_BYTES = 1 << 18
_DONE = {200, 201, 204}


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """How long a server may take, and how often it is asked."""

    stall_s: float = 30.0
    """Seconds for each block of 256 KiB."""
    answer_s: float = 60.0
    """Seconds from the last byte to the answer."""
    retries: int = 3
    backoff_s: float = 0.5
    """Seconds before the first retry, about; twice as long before each further one."""


class PresignedWriter:
    """Presigned PUTs of one job: one address for its only output, or one for each name."""

    def __init__(self, outbound: OutboundClient, upload: Upload, limits: UploadLimits | None = None) -> None:
        self._outbound = outbound
        self._url = upload.url
        self._urls = upload.urls or {}
        self._headers = {name: value.get_secret_value() for name, value in (upload.headers or {}).items()}
        self._limits = limits or UploadLimits()
        self._takers: dict[str, str] = {}

    def check(self, name: str) -> None:
        """See `ObjectWriter.check`.

        Raises:
            InvalidJob: the job has no address for this output, or has given it to another one.
        """
        address = self._address(name)
        taker = self._takers.setdefault(strip_signature(address) or address, name)
        if taker != name:
            raise InvalidJob(
                f'The outputs "{display_name(taker)}" and "{display_name(name)}" have the same upload address.',
                code="upload_address_taken",
                hint='Give each output an address of its own in "upload.urls", by its name.',
                where={"output": display_name(name)},
            )

    async def preflight(self) -> None:
        """Nothing can be asked of an address that is signed for one PUT."""

    async def send(self, name: str, path: Path, headers: ObjectHeaders, meter: TransferMeter) -> None:
        """PUT the file; see `ObjectWriter.send`. If the answer is lost after the last byte, the object may stay.

        Raises:
            TargetForbidden: the server does not accept the address or its signature.
            TargetUnavailable: not reachable, busy, or stalling, after some tries.
            TargetError: any other refusal.
            AddressNotAllowed, InvalidJob: see `OutboundClient.put`.
            FileNotFoundError: there is no such file here any more.
        """
        address = self._address(name)
        own_headers = _own_headers(address, headers, self._headers)
        put = _Put(address, self._headers, own_headers, path, display_name(name), self._limits, meter)
        attempt = partial(put.attempt, self._outbound)
        await retry(attempt, backoff(self._limits.retries, self._limits.backoff_s))

    async def remove(self, name: str) -> None:
        """A presigned PUT cannot delete; see `ObjectWriter.remove`."""
        raise TargetError(
            f'The output "{display_name(name)}" is still there: a presigned PUT cannot delete.',
            code=STAYS,
            hint="Delete it, or let the next upload replace it.",
        )

    async def place(self, name: str) -> OutputLocation:
        """The address without its signature; see `ObjectWriter.place`."""
        url = plain(self._address(name))
        return OutputLocation(unquote(urlsplit(url).path).lstrip("/"), url)

    def _address(self, name: str) -> str:
        address = self._url or self._urls.get(name)
        if address is None:
            nearest = find_nearest(name, self._urls)
            known = ", ".join(display_name(known) for known in list(self._urls)[:5])
            raise InvalidJob(
                f'There is no upload address for the output "{display_name(name)}".',
                code="upload_address_missing",
                hint=f'Did you mean "{display_name(nearest)}" in "upload.urls"?'
                if nearest
                else f'Add it to "upload.urls", which has {known}.',
                where={"output": display_name(name)},
            )
        return address


@dataclass(slots=True)
class _Put:
    """One output on its way; each attempt sends the whole of it."""

    address: str
    headers: Mapping[str, str]
    own_headers: Mapping[str, str]
    path: Path
    shown: str
    limits: UploadLimits
    meter: TransferMeter
    left: int = 0
    """Bytes that have not been handed over yet."""

    async def attempt(self, outbound: OutboundClient) -> None:
        with await asyncio.to_thread(self.path.open, "rb", buffering=0) as file:
            size = self.left = os.fstat(file.fileno()).st_size
            self.meter.expect(size)
            own = {**self.own_headers, "Content-Length": str(size)}
            try:
                async with asyncio.timeout(self.limits.stall_s) as watch:
                    body = self._blocks(file, watch)
                    async with outbound.put(self.address, self.headers, own, body) as response:
                        self._judge(response)
            except aiohttp.ClientConnectorCertificateError:
                raise self._refused(
                    "its server has no valid certificate", "Use the host's right name, or renew its certificate."
                ) from None
            except aiohttp.ClientResponseError:
                raise self._refused("the server's answer is not proper HTTP", "Check the address.") from None
            except CONNECTION_ERRORS:
                raise AttemptFailed(
                    self._unavailable("its server cannot be reached, broke off or stalled")
                ) from None

    async def _blocks(self, file: BinaryIO, watch: asyncio.Timeout) -> AsyncIterator[bytes]:
        """The file up to the size it had; each block that goes through gives the server more time."""
        clock = asyncio.get_running_loop().time
        while self.left:
            block = await asyncio.to_thread(file.read, min(_BLOCK_BYTES, self.left))
            if not block:
                raise ConnectionError("the file became shorter")
            self.left -= len(block)
            yield block
            watch.reschedule(clock() + self.limits.stall_s)
            self.meter.add(len(block))
        watch.reschedule(clock() + self.limits.answer_s)

    def _judge(self, response: aiohttp.ClientResponse) -> None:
        """Read the status. The body is nobody's business: it is neither read nor shown."""
        status = response.status
        if status in _DONE and self.left == 0:
            return
        if status in _DONE:
            raise AttemptFailed(self._unavailable("its server did not wait for all of it"))
        if status in {401, 403}:
            raise TargetForbidden(
                f'The output "{self.shown}" was refused by its server with {status}.',
                hint="Check that the signature has not expired, and that it was made for PUT and for the same "
                "Content-Type and headers.",
            )
        if status in {404, 410}:
            raise TargetError(
                f'The place of the output "{self.shown}" does not exist: its server answered {status}.',
                code="target_not_found",
                hint="Check the bucket and the path in the address.",
            )
        if is_retryable(status):
            raise AttemptFailed(
                self._unavailable(f"its server answered {status}"),
                parse_retry_after(response.headers.get("Retry-After")),
            )
        if 300 <= status < 400:
            raise self._refused("its address redirects", "Give the address that takes the file itself.")
        raise self._refused(
            f"its server answered {status}", "Check the address, its signature, and the headers it was made for."
        )

    def _refused(self, reason: str, hint: str) -> WorkerError:
        return TargetError(f'The output "{self.shown}" cannot be uploaded: {reason}.', hint=hint)

    def _unavailable(self, reason: str) -> WorkerError:
        return TargetUnavailable(
            f'The output "{self.shown}" cannot be uploaded now: {reason}.', hint="Try again later."
        )


def _own_headers(address: str, headers: ObjectHeaders, given: Mapping[str, str]) -> dict[str, str]:
    """Our headers, but for those that the caller has given: a signature may have been made over them."""
    own = {"Content-Type": headers.content_type}
    if headers.cache_control:
        own["Cache-Control"] = headers.cache_control
    if is_azure_sas(address):
        own["x-ms-blob-type"] = "BlockBlob"
    taken = {name.lower() for name in given}
    return {name: value for name, value in own.items() if name.lower() not in taken}
