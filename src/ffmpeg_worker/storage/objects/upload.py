"""One file brought into a bucket: several parts at once, and nothing left when that does not succeed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

import obstore

from ffmpeg_worker.errors import TargetError
from ffmpeg_worker.outbound.proxy import ProxyTicket
from ffmpeg_worker.storage.objects.bucket import Bucket, Client
from ffmpeg_worker.storage.objects.errors import CLIENT_ERRORS, failure_of, not_allowed, target_error
from ffmpeg_worker.storage.stores import STAYS, ObjectHeaders
from ffmpeg_worker.storage.transfer import TransferMeter
from ffmpeg_worker.tasks import finish_shielded

PART_BYTES = 8 << 20
PARTS_AT_ONCE = 4

# 10 000 is the most that a store takes.
_MAX_PARTS = 9_000
_TAKE_BACK_S = 3.0
_TAKE_BACK_PARTS_S = 6.0


class _Stopped(Exception):
    """The client is told by this to take back what it has sent."""


class ObjectUpload:
    """Brings the file at `path` to `key`."""

    def __init__(self, bucket: Bucket, key: str, path: Path, headers: ObjectHeaders, meter: TransferMeter) -> None:
        self._bucket = bucket
        self._key = key
        self._path = path
        self._headers = headers
        self._meter = meter
        self._stopped = False

    async def run(self, ticket: ProxyTicket) -> None:
        """Upload.

        Raises:
            AddressNotAllowed, InvalidJob, TargetError: see `ObjectWriter.send`.
        """
        client = self._bucket.open(ticket)
        with self._path.open("rb") as file:
            sending = asyncio.ensure_future(self._put(client, file))
            refused = asyncio.ensure_future(ticket.refused.wait())
            try:
                await asyncio.wait({sending, refused}, return_when=asyncio.FIRST_COMPLETED)
                if ticket.refused.is_set():
                    raise not_allowed(f'bucket "{self._bucket.name}"')
                sending.result()
            except CLIENT_ERRORS as error:
                raise target_error(failure_of(error), self._bucket.name) from None
            except asyncio.CancelledError:
                ticket.restrict_uploads()
                if await finish_shielded(self._take_back(sending, client)):
                    raise
                raise TargetError(
                    f'An object in the bucket "{self._bucket.name}" could not be removed again.',
                    code=STAYS,
                    hint="Let the credentials delete objects there, too.",
                ) from None
            finally:
                refused.cancel()
                # Nothing is waited for once the object is there: whoever is cancelled meanwhile would forget it.
                if not sending.done():
                    sending.cancel()
                    await asyncio.gather(sending, return_exceptions=True)

    async def _put(self, client: Client, file: BinaryIO) -> None:
        size = self._path.stat().st_size
        self._meter.expect(size)
        attributes: obstore.Attributes = {"Content-Type": self._headers.content_type}
        if self._headers.cache_control:
            attributes["Cache-Control"] = self._headers.cache_control
        if size <= PART_BYTES:
            data = await asyncio.to_thread(file.read)
            # Before it is sent: what this raises is to leave nothing.
            self._meter.add(len(data))
            await obstore.put_async(client, self._key, data, attributes=attributes, use_multipart=False)
            return
        part_bytes = max(PART_BYTES, -(-size // _MAX_PARTS))
        await obstore.put_async(
            client,
            self._key,
            self._parts(file, part_bytes),
            attributes=attributes,
            use_multipart=True,
            chunk_size=part_bytes,
            max_concurrency=PARTS_AT_ONCE,
        )

    async def _parts(self, file: BinaryIO, part_bytes: int) -> AsyncIterator[bytes]:
        while part := await asyncio.to_thread(file.read, part_bytes):
            if self._stopped:
                raise _Stopped
            yield part
            self._meter.add(len(part))
        if self._stopped:
            raise _Stopped

    async def _take_back(self, sending: asyncio.Future[None], client: Client) -> bool:
        """Let the client end by itself: dropped, it would leave the parts that the bucket has already.

        `False`: the object had arrived, and stays.
        """
        self._stopped = True
        has_arrived = False
        try:
            has_parts = self._path.stat().st_size > PART_BYTES
            async with asyncio.timeout(_TAKE_BACK_PARTS_S if has_parts else _TAKE_BACK_S):
                await asyncio.shield(sending)
                has_arrived = True
                await obstore.delete_async(client, self._key)
                has_arrived = False
        except (_Stopped, *CLIENT_ERRORS) as error:
            return not has_arrived or isinstance(error, FileNotFoundError)
        return True
