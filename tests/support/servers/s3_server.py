"""An S3 server that checks every signature, and fails when a test asks for it."""

from __future__ import annotations

import hmac
import re
import ssl
import threading
import time
from calendar import timegm
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import unquote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import make_server

ACCESS_KEY_ID = "AKIATESTTESTTESTTEST"
SECRET_ACCESS_KEY = "secret/of+the-test"
REGION = "eu-test-1"
BUCKET = "bucket-of-tests"

_SIGNED = re.compile(r"AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)")


@dataclass
class S3Server:
    """A server at `url` (no trailing slash); `fault` may return a status that replaces the store's answer."""

    url: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Method and path with query of each, in order."""
    fault: Callable[[str, str], int | None] = lambda _method, _path: None
    headers: list[dict[str, str]] = field(default_factory=list)

    def read(self, key: str) -> bytes | None:
        """The bytes of an object, None if it does not exist."""
        found = self._backend.buckets[BUCKET].keys.get(key)
        return bytes(found.value) if found is not None else None

    def plant(self, key: str, data: bytes) -> None:
        """Store an object."""
        self._backend.put_object(BUCKET, key, data)

    def served_headers(self, key: str) -> dict[str, str]:
        """The headers that an object is served with."""
        return {
            str(name).lower(): value for name, value in self._backend.buckets[BUCKET].keys[key].metadata.items()
        }

    def unfinished(self) -> list[str]:
        """Keys of uploads that were neither completed nor aborted."""
        return [upload.key_name for upload in self._backend.buckets[BUCKET].multiparts.values()]

    @property
    def _backend(self) -> Any:
        return s3_backends["123456789012"]["aws"]


class _Front:
    """Checks requests before moto handles them."""

    def __init__(self, server: S3Server, store: WSGIApplication) -> None:
        self._server = server
        self._store = store

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["RAW_URI"]
        self._server.requests.append((method, path))
        self._server.headers.append({k: v for k, v in environ.items() if k.startswith("HTTP_")})
        status = self._server.fault(method, path)
        code = "InternalError"
        if status is None and not _is_signed(environ):
            status, code = 403, "SignatureDoesNotMatch"
        if status is None:
            return self._store(environ, start_response)
        _drain(environ)
        body = f"<Error><Code>{code}</Code><Message>secret of the server</Message></Error>".encode()
        start_response(
            f"{status} Fault", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))]
        )
        return [body]


def _drain(environ: WSGIEnvironment) -> None:
    rest = int(environ.get("CONTENT_LENGTH") or 0)
    while rest:
        rest -= len(environ["wsgi.input"].read(min(rest, 1 << 20))) or rest


def _is_signed(environ: WSGIEnvironment) -> bool:
    """Whether the request is signed with the secret, in its headers or in its query, and not too old."""
    path, _, query = environ["RAW_URI"].partition("?")
    pairs = sorted(pair if "=" in pair else f"{pair}=" for pair in query.split("&") if pair)
    fields = {name: unquote(value) for name, _, value in (pair.partition("=") for pair in pairs)}
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name[:5] == "HTTP_"}
    headers |= {
        "content-type": environ.get("CONTENT_TYPE", ""),
        "content-length": environ.get("CONTENT_LENGTH", ""),
    }
    if "X-Amz-Signature" in fields:
        place, signed, given = (fields[f"X-Amz-{name}"] for name in ("Credential", "SignedHeaders", "Signature"))
        stamp, content, lasts_s = fields["X-Amz-Date"], "UNSIGNED-PAYLOAD", int(fields["X-Amz-Expires"])
        pairs = [pair for pair in pairs if not pair.startswith("X-Amz-Signature=")]
    else:
        match = _SIGNED.fullmatch(headers.get("authorization", ""))
        if match is None:
            return False
        place, signed, given = match.groups()
        stamp, content, lasts_s = headers["x-amz-date"], headers["x-amz-content-sha256"], 900
    if time.time() > timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ")) + lasts_s:
        return False
    owner, _, scope = place.partition("/")
    named = [f"{name}:{' '.join(headers[name].split())}" for name in signed.split(";")]
    request = "\n".join([environ["REQUEST_METHOD"], path, "&".join(pairs), *named, "", signed, content])
    key = f"AWS4{SECRET_ACCESS_KEY}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, sha256(request.encode()).hexdigest()])
    return (owner, given) == (ACCESS_KEY_ID, hmac.new(key, text.encode(), "sha256").hexdigest())


@contextmanager
def running_s3(tls: ssl.SSLContext | None = None) -> Iterator[S3Server]:
    """Serve on a free port of 127.0.0.1, with one empty bucket; with `tls` as https://localhost."""
    s3_backends.reset()  # they are global: a bucket of another server would still exist
    server = S3Server()
    server._backend.create_bucket(BUCKET, REGION)
    front = _Front(server, DomainDispatcherApplication(create_backend_app))
    listener = make_server("127.0.0.1", 0, front, threaded=True, ssl_context=tls)
    origin = "http://127.0.0.1" if tls is None else "https://localhost"
    server.url = f"{origin}:{listener.server_port}"
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
        s3_backends.reset()
