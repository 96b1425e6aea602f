"""Outputs to buckets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from urllib.parse import quote

import obstore

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.credentials import CloudType
from ffmpeg_worker.storage.backends import BeginUpload, ObjectHeaders
from ffmpeg_worker.storage.objects.block_upload import BlockUpload
from ffmpeg_worker.storage.objects.bucket import Bucket
from ffmpeg_worker.storage.objects.early_upload import PartwiseUpload
from ffmpeg_worker.storage.objects.errors import (
    CLIENT_ERRORS,
    await_reply,
    classify,
    fails_every_request,
    target_error,
)
from ffmpeg_worker.storage.objects.multipart_upload import MultipartUpload
from ffmpeg_worker.storage.objects.part_sender import PartSender
from ffmpeg_worker.storage.objects.upload import ObjectUpload
from ffmpeg_worker.storage.objects.upload_memory import UploadMemory
from ffmpeg_worker.storage.stores import OutputLocation
from ffmpeg_worker.storage.transfer import TransferMeter

_UNUSED_KEY = "ffmpeg-worker/is-anybody-there"


class BucketWriter:
    """An `ObjectWriter` of one bucket for one job; the names of outputs are their keys."""

    def __init__(
        self, bucket: Bucket, memory: UploadMemory, presign_s: int | None = None, parts: PartSender | None = None
    ) -> None:
        """Make one.

        Args:
            bucket: where outputs go.
            memory: for parts of files.
            presign_s: seconds that presigned URLs are valid; `None`: URLs are not presigned.
            parts: sends parts of outputs that are still written; `None`: complete ones only are uploaded.
        """
        self._bucket = bucket
        self._share = memory.open_share()
        self._presign_s = presign_s
        self._parts = parts

    def check(self, name: str) -> None:  # noqa: ARG002  (the job's parser has checked the key)
        """See `ObjectWriter.check`."""
        if self._presign_s is not None and not self._bucket.can_sign:
            raise InvalidJob(
                "A shared access signature cannot presign addresses.",
                code="cannot_presign",
                hint='Give the account\'s key instead, or leave "presign" out.',
            )

    async def preflight(self) -> None:
        """See `ObjectWriter.preflight`.

        Reads an object that does not exist. "Not found" and "forbidden" are both fine: the credentials may allow
        only writing.
        """
        try:
            with self._bucket.lease() as (client, ticket):
                reading = obstore.get_range_async(client, _UNUSED_KEY, start=0, length=1)
                await await_reply(reading, ticket, f'bucket "{self._bucket.name}"')
        except CLIENT_ERRORS as error:
            if fails_every_request(error):
                raise target_error(classify(error), self._bucket.name) from None

    async def upload(self, name: str, path: Path, headers: ObjectHeaders, meter: TransferMeter) -> str | None:
        """See `ObjectWriter.upload`."""
        return await ObjectUpload(self._bucket, name, path, headers, meter, self._share).run()

    def open_early(
        self, name: str, headers: ObjectHeaders, record: Callable[[BeginUpload], Awaitable[str]]
    ) -> PartwiseUpload | None:
        """See `ObjectWriter.open_early`."""
        if self._parts is None:
            return None
        kind = BlockUpload if self._bucket.cloud is CloudType.AZURE else MultipartUpload
        parts = kind(self._bucket, name, headers, self._parts)
        return PartwiseUpload(parts, self._parts.plan, self._share, record, partial(self.delete, name))

    async def delete(self, name: str) -> None:
        """See `ObjectWriter.delete`."""
        try:
            with self._bucket.lease() as (client, ticket):
                await await_reply(obstore.delete_async(client, name), ticket, f'bucket "{self._bucket.name}"')
        except FileNotFoundError:
            return
        except CLIENT_ERRORS as error:
            raise target_error(classify(error), self._bucket.name) from None

    async def locate(self, name: str) -> OutputLocation:
        """See `ObjectWriter.locate`."""
        if self._presign_s is not None:
            return OutputLocation(name, await self._bucket.presign(name, self._presign_s))
        if self._bucket.public_url:
            return OutputLocation(name, f"{self._bucket.public_url.rstrip('/')}/{quote(name, safe='/~')}")
        return OutputLocation(name, self._bucket.url_of(name))
