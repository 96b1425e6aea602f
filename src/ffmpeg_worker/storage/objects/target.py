"""Outputs to buckets."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import obstore

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.storage.backends import ObjectHeaders
from ffmpeg_worker.storage.objects.bucket import Bucket
from ffmpeg_worker.storage.objects.errors import (
    CLIENT_ERRORS,
    await_reply,
    classify,
    fails_every_request,
    target_error,
)
from ffmpeg_worker.storage.objects.upload import ObjectUpload
from ffmpeg_worker.storage.objects.upload_memory import UploadMemory
from ffmpeg_worker.storage.stores import OutputLocation
from ffmpeg_worker.storage.transfer import TransferMeter

_UNUSED_KEY = "ffmpeg-worker/is-anybody-there"


class BucketWriter:
    """An `ObjectWriter` of one bucket for one job; the names of outputs are their keys."""

    def __init__(self, bucket: Bucket, memory: UploadMemory, presign_s: int | None = None) -> None:
        """`presign_s`: seconds that presigned URLs are valid; `None`: URLs are not presigned."""
        self._bucket = bucket
        self._share = memory.open_share()
        self._presign_s = presign_s

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
        client, ticket = self._bucket.open()
        reading = obstore.get_range_async(client, _UNUSED_KEY, start=0, length=1)
        try:
            await await_reply(reading, ticket, f'bucket "{self._bucket.name}"')
        except CLIENT_ERRORS as error:
            if fails_every_request(error):
                raise target_error(classify(error), self._bucket.name) from None

    async def upload(self, name: str, path: Path, headers: ObjectHeaders, meter: TransferMeter) -> str | None:
        """See `ObjectWriter.upload`."""
        return await ObjectUpload(self._bucket, name, path, headers, meter, self._share).run()

    async def delete(self, name: str) -> None:
        """See `ObjectWriter.delete`."""
        client, ticket = self._bucket.open()
        try:
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
