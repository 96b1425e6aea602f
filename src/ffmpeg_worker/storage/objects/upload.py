"""Upload of one file to a bucket: several parts at once; a failed upload leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import obstore

from ffmpeg_worker.errors import TargetError
from ffmpeg_worker.storage.backends import NOT_REMOVABLE, ObjectHeaders
from ffmpeg_worker.storage.objects.bucket import Bucket
from ffmpeg_worker.storage.objects.bucket_clients import Client
from ffmpeg_worker.storage.objects.errors import CLIENT_ERRORS, await_reply, classify, target_error
from ffmpeg_worker.storage.objects.upload_memory import Part, UploadShare
from ffmpeg_worker.storage.part_plan import MIN_PART_BYTES, PartPlan
from ffmpeg_worker.storage.removal_permit import may_remove
from ffmpeg_worker.storage.transfer import TransferMeter
from ffmpeg_worker.tasks import cancel_and_wait, finish_shielded, race

MAX_PARALLEL_PARTS = 4
"""Concurrent requests for one object."""

_REMOVAL_TIMEOUT_S = 3.0
_PARTS_REMOVAL_TIMEOUT_S = 6.0


class _Stopped(Exception):
    """Raised inside the client's input, so that the client removes the parts it has sent."""


@dataclass(slots=True)
class ObjectUpload:
    """Uploads the file at `path` as the object `key`; its parts take their memory from `share`."""

    bucket: Bucket
    key: str
    path: Path
    headers: ObjectHeaders
    meter: TransferMeter
    share: UploadShare
    _stopped: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def run(self) -> str | None:
        """Upload; errors as for `ObjectWriter.upload`."""
        with self.path.open("rb") as file, self.bucket.lease() as (client, ticket):
            sending = asyncio.ensure_future(self._put(client, file))
            try:
                # Shielded: after a cancellation the client must remove what it has sent.
                return await await_reply(asyncio.shield(sending), ticket, f'bucket "{self.bucket.name}"')
            except CLIENT_ERRORS as error:
                raise target_error(classify(error), self.bucket.name) from None
            except asyncio.CancelledError:
                ticket.restrict_uploads()
                if await finish_shielded(self._remove(sending, client)):
                    raise
                raise TargetError(
                    f'An object in the bucket "{self.bucket.name}" could not be removed.',
                    code=NOT_REMOVABLE,
                    hint="Allow the credentials to delete objects there.",
                ) from None
            finally:
                # No await once the object has arrived: a cancellation there would lose track of it.
                if not sending.done():
                    await cancel_and_wait(sending)

    async def _put(self, client: Client, file: BinaryIO) -> str | None:
        size = self.path.stat().st_size
        self.meter.expect(size)
        attributes: obstore.Attributes = {"Content-Type": self.headers.content_type}
        if self.headers.cache_control:
            attributes["Cache-Control"] = self.headers.cache_control
        if size <= MIN_PART_BYTES:
            # Counted before the request: an error of the meter must leave no object behind.
            self.meter.add(size)
            data = self._read(file, size)
            reply = await obstore.put_async(
                client, self.key, await data, attributes=attributes, use_multipart=False
            )
            return reply["e_tag"]
        part_bytes = PartPlan.for_files_up_to(size).part_bytes
        reply = await obstore.put_async(
            client,
            self.key,
            self._parts(file, size, part_bytes),
            attributes=attributes,
            use_multipart=True,
            chunk_size=part_bytes,
            max_concurrency=MAX_PARALLEL_PARTS,
        )
        return reply["e_tag"]

    async def _parts(self, file: BinaryIO, size: int, part_bytes: int) -> AsyncIterator[Part]:
        """Read the file up to the size it had."""
        for start in range(0, size, part_bytes):
            count = min(part_bytes, size - start)
            yield await self._read(file, count)  # not kept in a variable: its memory is needed for the next one
            self.meter.add(count)
        if self._stopped.is_set():
            raise _Stopped

    async def _read(self, file: BinaryIO, count: int) -> Part:
        part = await race(self.share.read(file, count), self._stopped.wait())
        if part is None or self._stopped.is_set():
            raise _Stopped
        return part

    async def _remove(self, sending: asyncio.Future[str | None], client: Client) -> bool:
        """Let the client end by itself, so that it removes the parts that the bucket already has.

        An object that has arrived is deleted, unless it may be that of another attempt.

        Returns:
            `False` if the object had arrived and could not be deleted.
        """
        self._stopped.set()
        has_arrived = False
        try:
            has_parts = self.path.stat().st_size > MIN_PART_BYTES
            async with asyncio.timeout(_PARTS_REMOVAL_TIMEOUT_S if has_parts else _REMOVAL_TIMEOUT_S):
                await asyncio.shield(sending)
                if not await may_remove():
                    return True
                has_arrived = True
                await obstore.delete_async(client, self.key)
                has_arrived = False
        except (_Stopped, *CLIENT_ERRORS) as error:
            return not has_arrived or isinstance(error, FileNotFoundError)
        return True
