"""Multipart uploads of S3 and of Google Cloud Storage, whose XML interface is the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Literal, cast
from urllib.parse import quote, urlencode

import obstore
from obstore.exceptions import BaseError
from obstore.store import GCSStore

from ffmpeg_worker.job.credentials import CloudType
from ffmpeg_worker.storage.backends import ObjectHeaders
from ffmpeg_worker.storage.objects.bucket import Bucket
from ffmpeg_worker.storage.objects.part_sender import PartRequestFailed, PartSender, SignedRequest, list_parts
from ffmpeg_worker.storage.objects.part_store import PartData
from ffmpeg_worker.storage.objects.s3_signature import sign_s3

_Method = Literal["POST", "PUT", "DELETE"]
_VALID_S = 900
_EMPTY_SHA256 = sha256().hexdigest()


@dataclass(frozen=True, slots=True)
class MultipartUpload:
    """A `PartStore` of the object `key`."""

    bucket: Bucket
    key: str
    headers: ObjectHeaders
    sender: PartSender

    async def begin(self) -> str:
        """See `PartStore.begin`."""
        headers = {"Content-Type": self.headers.content_type}
        if self.headers.cache_control:
            headers["Cache-Control"] = self.headers.cache_control
        reply = await self.sender.send("POST", lambda: self._sign("POST", {"uploads": ""}, headers=headers))
        upload = reply.field("UploadId")
        if not upload:
            raise PartRequestFailed(None)
        return upload

    async def put(self, upload: str, part: PartData) -> str:
        """See `PartStore.put`."""
        query = {"partNumber": str(part.number + 1), "uploadId": upload}
        reply = await self.sender.send("PUT", lambda: self._sign("PUT", query, part.sha256), part.data)
        if reply.etag is None:
            raise PartRequestFailed(None)
        return reply.etag

    async def join(self, upload: str, tags: Sequence[str]) -> str | None:
        """See `PartStore.join`."""
        body = list_parts([*tags])
        digest = sha256(body).hexdigest()
        headers = {"Content-Type": "application/xml"}
        sign = self._sign
        reply = await self.sender.send(
            "POST", lambda: sign("POST", {"uploadId": upload}, digest, headers=headers), body
        )
        return reply.field("ETag")

    async def abort(self, upload: str) -> None:
        """See `PartStore.abort`."""
        try:
            await self.sender.send("DELETE", lambda: self._sign("DELETE", {"uploadId": upload}))
        except PartRequestFailed as failed:
            if failed.status != 404:
                raise

    async def _sign(
        self,
        method: _Method,
        query: dict[str, str],
        body_sha256: str = _EMPTY_SHA256,
        *,
        headers: dict[str, str] | None = None,
    ) -> SignedRequest:
        encoded = urlencode(sorted(query.items()), quote_via=quote, safe="-_.~")
        if self.bucket.cloud is CloudType.GCP:
            return SignedRequest(await self._sign_google(method, encoded), headers or {})
        url = f"{self.bucket.url_of(self.key)}?{encoded}"
        return SignedRequest(url, sign_s3(method, url, self.bucket.config, body_sha256) | (headers or {}))

    async def _sign_google(self, method: _Method, query: str) -> str:
        # obstore takes the key as a part of a URL, and signs its query with it.
        path = f"{quote(self.key, safe='/~')}?{query}"
        try:
            with self.bucket.lease() as (client, _):
                signer = cast(GCSStore, client)
                return await obstore.sign_async(
                    signer,
                    method,
                    path,
                    timedelta(seconds=_VALID_S),
                )
        except (BaseError, ValueError):
            raise PartRequestFailed(None) from None
