"""Small objects of the worker's own in a bucket, and facts about the outputs there."""

from __future__ import annotations

import obstore

from ffmpeg_worker.storage.objects.bucket import Bucket
from ffmpeg_worker.storage.objects.errors import CLIENT_ERRORS, Failure, await_reply, classify, target_error
from ffmpeg_worker.storage.objects.target import BucketWriter
from ffmpeg_worker.storage.stores import ObjectFacts, OutputLocation

_ATTRIBUTES: obstore.Attributes = {"Content-Type": "application/json", "Cache-Control": "no-store"}


class BucketRecords:
    """`TargetRecords` in the bucket of a job's outputs, which `writer` uploads."""

    def __init__(self, bucket: Bucket, writer: BucketWriter) -> None:
        self._bucket = bucket
        self._writer = writer
        self._what = f'bucket "{bucket.name}"'

    async def read(self, key: str, max_bytes: int) -> bytes | None:
        """See `TargetRecords.read`."""
        try:
            with self._bucket.lease() as (client, ticket):
                reply = await await_reply(obstore.get_async(client, key), ticket, self._what)
                if reply.meta["size"] > max_bytes:
                    return None
                content = bytearray()
                async for block in reply.stream():
                    content += block
                    if len(content) > max_bytes:
                        return None
        except CLIENT_ERRORS as error:
            if classify(error) is Failure.NOT_FOUND:
                return None
            raise target_error(classify(error), self._bucket.name) from None
        return bytes(content)

    async def write(self, key: str, content: bytes) -> None:
        """See `TargetRecords.write`."""
        try:
            with self._bucket.lease() as (client, ticket):
                sending = obstore.put_async(client, key, content, attributes=_ATTRIBUTES, use_multipart=False)
                await await_reply(sending, ticket, self._what)
        except CLIENT_ERRORS as error:
            raise target_error(classify(error), self._bucket.name) from None

    async def find(self, key: str) -> ObjectFacts | None:
        """See `TargetRecords.find`."""
        try:
            with self._bucket.lease() as (client, ticket):
                found = await await_reply(obstore.head_async(client, key), ticket, self._what)
        except CLIENT_ERRORS as error:
            if classify(error) is Failure.NOT_FOUND:
                return None
            raise target_error(classify(error), self._bucket.name) from None
        return ObjectFacts(found["size"], found["e_tag"])

    async def locate(self, key: str) -> OutputLocation:
        """See `TargetRecords.locate`."""
        return await self._writer.locate(key)
