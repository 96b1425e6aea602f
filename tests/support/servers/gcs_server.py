"""A fake of Google Cloud Storage (XML API) that checks tokens and signatures as Google does."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from calendar import timegm
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import unquote

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from support.servers.serve_app import serve_handler

BUCKET = "bucket-of-tests"
ACCOUNT = "tests@project.iam.gserviceaccount.com"

_KEPT = ("Content-Type", "Cache-Control")


@dataclass
class GcsServer:
    """A server at `url` (no trailing slash); `fault` may return a status that replaces the store's answer."""

    url: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    fault: Callable[[str, str], int | None] = lambda _method, _path: None
    objects: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    uploads: dict[str, tuple[str, dict[str, str], dict[int, bytes]]] = field(default_factory=dict)
    """Key, headers and parts of uploads that are not completed, by id."""

    def read(self, key: str) -> bytes | None:
        """The bytes of an object, None if it does not exist."""
        return self.objects[key][0] if key in self.objects else None

    def plant(self, key: str, data: bytes) -> None:
        """Store an object."""
        self.objects[key] = (data, {})

    def served_headers(self, key: str) -> dict[str, str]:
        """The headers that an object is served with."""
        return {name.lower(): value for name, value in self.objects[key][1].items()}

    def unfinished(self) -> list[str]:
        """Keys of uploads that were neither completed nor aborted."""
        return [key for key, _, _ in self.uploads.values()]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Check a request and execute it."""
        self.requests.append((request.method, request.raw_path))
        status = self.fault(request.method, request.raw_path)
        if status is not None:
            await request.read()
            return web.Response(status=status, text="<Error>secret of the server</Error>")
        if not _is_signed(request):
            return web.Response(status=403, text="<Error><Code>SignatureDoesNotMatch</Code></Error>")
        bucket, _, key = request.path.lstrip("/").partition("/")
        if bucket != BUCKET:
            return web.Response(status=404, text="<Error><Code>NoSuchBucket</Code></Error>")
        if request.method in {"GET", "HEAD"}:
            return self._get(request, key)
        if request.method == "DELETE":
            return self._delete(request, key)
        return await self._put(request, key)

    def _get(self, request: web.Request, key: str) -> web.StreamResponse:
        if key not in self.objects:
            return web.Response(status=404, text="<Error><Code>NoSuchKey</Code></Error>")
        data, kept = self.objects[key]
        etag = f'"{hashlib.md5(data).hexdigest()}"'
        headers = {
            **kept,
            "ETag": etag,
            "Accept-Ranges": "bytes",
            "Last-Modified": "Sun, 22 Nov 2026 10:00:00 GMT",
        }
        if request.headers.get("If-Match", etag) != etag:
            return web.Response(status=412)
        part = request.http_range
        if request.method == "HEAD":
            return web.Response(headers={**headers, "Content-Length": str(len(data))})
        if part.start is None:
            return web.Response(body=data, headers=headers)
        if part.start >= len(data):
            return web.Response(status=416, headers={"Content-Range": f"bytes */{len(data)}"})
        stop = min(part.stop or len(data), len(data))
        headers["Content-Range"] = f"bytes {part.start}-{stop - 1}/{len(data)}"
        return web.Response(status=206, body=data[part.start : stop], headers=headers)

    def _delete(self, request: web.Request, key: str) -> web.StreamResponse:
        name = request.query.get("uploadId")
        is_there = key in self.objects if name is None else name in self.uploads
        if name is None:
            self.objects.pop(key, None)
        else:
            self.uploads.pop(name, None)
        return web.Response(status=204 if is_there else 404)

    async def _put(self, request: web.Request, key: str) -> web.StreamResponse:
        data = await request.read()
        kept = {name: request.headers[name] for name in _KEPT if name in request.headers}
        if "uploads" in request.query:
            name = f"upload-{len(self.requests)}"
            self.uploads[name] = (key, kept, {})
            return web.Response(text=_xml("InitiateMultipartUploadResult", Bucket=BUCKET, Key="k", UploadId=name))
        etag = f'"{hashlib.md5(data).hexdigest()}"'
        if "uploadId" not in request.query:
            self.objects[key] = (data, kept)
            return web.Response(headers={"ETag": etag})
        upload = self.uploads.get(request.query["uploadId"])
        if upload is None:
            return web.Response(status=404, text="<Error><Code>NoSuchUpload</Code></Error>")
        if "partNumber" in request.query:
            upload[2][int(request.query["partNumber"])] = data
            return web.Response(headers={"ETag": etag})
        numbers = [int(number) for number in re.findall(rb"<PartNumber>(\d+)</PartNumber>", data)]
        whole = b"".join(upload[2][number] for number in numbers)
        self.objects[key] = (whole, upload[1])
        del self.uploads[request.query["uploadId"]]
        etag = f'"{hashlib.md5(whole).hexdigest()}"'
        return web.Response(text=_xml("CompleteMultipartUploadResult", ETag=etag))


def _xml(name: str, **fields: str) -> str:
    return f"<{name}>{''.join(f'<{key}>{value}</{key}>' for key, value in fields.items())}</{name}>"


@cache
def _private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def key_file() -> str:
    """The service account's key file, with a token URL that must not be called."""
    pem = _private_key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return json.dumps(
        {
            "type": "service_account",
            "client_email": ACCOUNT,
            "private_key_id": "1",
            "private_key": pem.decode(),
            "token_uri": "http://127.0.0.1:9/token",
            "gcs_base_url": "http://127.0.0.1:9",
            "disable_oauth": True,
        }
    )


def _is_signed(request: web.Request) -> bool:
    if "X-Goog-Signature" in request.query:
        return _is_presigned(request)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or token.count(".") != 2:
        return False
    text, _, signature = token.rpartition(".")
    claims = json.loads(_decoded(text.partition(".")[2]))
    return claims["iss"] == ACCOUNT and claims["exp"] > time.time() and _verified(text, _decoded(signature))


def _is_presigned(request: web.Request) -> bool:
    path, _, query = request.raw_path.partition("?")
    pairs = sorted(pair for pair in query.split("&") if not pair.startswith("X-Goog-Signature="))
    stamp, signed = request.query["X-Goog-Date"], request.query["X-Goog-SignedHeaders"]
    owner, _, scope = request.query["X-Goog-Credential"].partition("/")
    assert signed == "host"
    # The client signs Google's own name, wherever the address leads.
    headers = ["host:storage.googleapis.com"]
    canonical = "\n".join([request.method, path, "&".join(pairs), *headers, "", signed, "UNSIGNED-PAYLOAD"])
    text = "\n".join(["GOOG4-RSA-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    ends = timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ")) + int(request.query["X-Goog-Expires"])
    signature = bytes.fromhex(request.query["X-Goog-Signature"])
    return unquote(owner) == ACCOUNT and time.time() < ends and _verified(text, signature)


def _verified(text: str, signature: bytes) -> bool:
    try:
        _private_key().public_key().verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@asynccontextmanager
async def running_gcs() -> AsyncIterator[GcsServer]:
    """Serve on a free port of 127.0.0.1, with one empty bucket."""
    server = GcsServer()
    async with serve_handler(server.answer) as server.url:
        yield server
