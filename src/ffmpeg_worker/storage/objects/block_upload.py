"""Block blobs of Azure: blocks are uploaded in any order and are invisible until they are listed.

See https://learn.microsoft.com/rest/api/storageservices/put-block-list.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from ffmpeg_worker.storage.backends import ObjectHeaders
from ffmpeg_worker.storage.objects.bucket import Bucket, sign_azure_blob
from ffmpeg_worker.storage.objects.part_sender import PartRequestFailed, PartSender, SignedRequest
from ffmpeg_worker.storage.objects.part_store import PartData

_VALID_S = 900


@dataclass(frozen=True, slots=True)
class BlockUpload:
    """A `PartStore` of the blob `key`.

    Azure has no request that removes blocks: those of an aborted upload disappear with the next upload of the
    blob, or after a week. The id of an upload is a part of the ids of its blocks, so that two uploads do not mix.
    """

    bucket: Bucket
    key: str
    headers: ObjectHeaders
    sender: PartSender

    async def begin(self) -> str:
        """See `PartStore.begin`; nothing is sent."""
        return secrets.token_hex(8)

    async def put(self, upload: str, part: PartData) -> str:
        """See `PartStore.put`."""
        # All blocks of a blob have ids of one length: those of the client for buckets have 32 digits, too.
        block = base64.b64encode(f"{upload}{part.number:016}".encode()).decode()
        query = f"comp=block&blockid={quote(block, safe='')}"
        await self.sender.send("PUT", lambda: self._sign(query), part.data)
        return block

    async def join(self, _upload: str, tags: Sequence[str]) -> str | None:
        """See `PartStore.join`."""
        blocks = "".join(f"<Latest>{tag}</Latest>" for tag in tags)
        body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{blocks}</BlockList>'.encode()
        headers = {"Content-Type": "application/xml", "x-ms-blob-content-type": self.headers.content_type}
        if self.headers.cache_control:
            headers["x-ms-blob-cache-control"] = self.headers.cache_control
        return (await self.sender.send("PUT", lambda: self._sign("comp=blocklist", headers), body)).etag

    async def abort(self, upload: str) -> None:
        """Does nothing: see the class."""

    async def _sign(self, query: str, headers: dict[str, str] | None = None) -> SignedRequest:
        config = self.bucket.config
        signature = config.get("sas_key")
        if signature is None:
            account, secret = config["account_name"], config["account_key"]
            try:
                signature = sign_azure_blob(account, secret, self.bucket.name, self.key, _VALID_S, "cw")
            except ValueError:
                raise PartRequestFailed(None) from None
        return SignedRequest(f"{self.bucket.url_of(self.key)}?{query}&{signature}", headers or {})
