"""Azurite, Azure's emulator of its blob store, behind a proxy that fails when a test asks for it."""

from __future__ import annotations

import base64
import hmac
import io
import os
import re
import secrets
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from urllib.parse import quote

import aiohttp
from aiohttp import web
from yarl import URL

from support.servers.serve_app import serve_handler

CONTAINER = "bucket-of-tests"
ACCOUNT = "accountoftests"
ACCOUNT_KEY = base64.b64encode(b"key of the account" * 3).decode()

_VERSION = "2023-11-03"
_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


class NoAzurite(Exception):
    """Azurite cannot run on this machine."""


@dataclass
class AzureServer:
    """A server at `url` (no trailing slash); `fault` may return a status that replaces the store's answer."""

    url: str = ""
    store_url: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    fault: Callable[[str, str], int | None] = lambda _method, _path: None

    def read(self, key: str) -> bytes | None:
        """The bytes of a blob, None if it does not exist."""
        return self._ask("GET", key)[0]

    def plant(self, key: str, data: bytes) -> None:
        """Store a blob."""
        self._ask("PUT", key, data=data, headers={"x-ms-blob-type": "BlockBlob"})

    def served_headers(self, key: str) -> dict[str, str]:
        """The headers that a blob is served with."""
        return self._ask("GET", key)[1]

    def unfinished(self) -> list[str]:
        """None: Azure has no uploads, only blocks without a blob, which expire."""
        return []

    def create_container(self) -> None:
        """Create the container."""
        self._ask("PUT", "", query={"restype": "container"})

    def _ask(
        self,
        method: str,
        key: str,
        *,
        query: dict[str, str] | None = None,
        data: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> tuple[bytes | None, dict[str, str]]:
        path = f"/{ACCOUNT}/{CONTAINER}" + (f"/{quote(key, safe='/~')}" if key else "")
        sent = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": _VERSION, **(headers or {})}
        sent["Authorization"] = _authorization(method, path, query or {}, data, sent)
        ending = "".join(f"?{name}={value}" for name, value in (query or {}).items())
        request = urllib.request.Request(self.store_url + path + ending, data or None, sent, method=method)
        if data:
            request.add_header("Content-Type", "application/octet-stream")
        try:
            with urllib.request.urlopen(request) as response:
                return response.read(), {name.lower(): value for name, value in response.headers.items()}
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 404:
                return None, {}
            if error.code == 409:
                return b"", {}
            raise

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer with the fault, or forward the request to Azurite."""
        self.requests.append((request.method, request.raw_path))
        status = self.fault(request.method, request.raw_path)
        body = await request.read()
        if status is not None:
            return web.Response(status=status, text="<Error>secret of the server</Error>")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        headers["Content-Length"] = str(len(body))
        sent = io.BytesIO(body) if body else None
        address = URL(self.store_url + request.raw_path, encoded=True)
        skip = [name for name in ("Content-Type", "Accept", "Accept-Encoding") if name not in request.headers]
        async with (
            aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=skip) as session,
            session.request(request.method, address, headers=headers, data=sent) as response,
        ):
            kept = {name: value for name, value in response.headers.items() if name.lower() not in _HOP}
            if request.method == "HEAD":
                kept["Content-Length"] = response.headers.get("Content-Length", "0")
            return web.Response(status=response.status, headers=kept, body=await response.read())


def _authorization(method: str, path: str, query: dict[str, str], data: bytes, headers: dict[str, str]) -> str:
    own = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-ms-"))
    resource = f"/{ACCOUNT}{path}" + "".join(f"\n{name}:{value}" for name, value in sorted(query.items()))
    kind = "application/octet-stream" if data else ""
    text = f"{method}\n\n\n{len(data) or ''}\n\n{kind}\n\n\n\n\n\n\n{own}{resource}"
    digest = hmac.digest(base64.b64decode(ACCOUNT_KEY), text.encode(), "sha256")
    return f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"


def sas_token(permissions: str = "rwdc") -> str:
    """A shared access signature for the container."""
    start, end = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
    resource = f"/blob/{ACCOUNT}/{CONTAINER}"
    fields = [permissions, start, end, resource, "", "", "", _VERSION, "c", "", "", "", "", "", "", ""]
    digest = hmac.digest(base64.b64decode(ACCOUNT_KEY), "\n".join(fields).encode(), "sha256")
    signature = quote(base64.b64encode(digest).decode(), safe="")
    return f"sv={_VERSION}&sr=c&sp={permissions}&st={quote(start)}&se={quote(end)}&sig={signature}"


def _program() -> Path:
    """Azurite's program, which is installed in the user's cache folder if missing."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ffmpeg-worker-tests" / "azurite"
    program = cache / "node_modules/.bin/azurite-blob"
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise NoAzurite("no node or npm on this machine")
    if program.exists():
        return program
    part = cache.with_name(f"azurite-{secrets.token_hex(4)}")
    part.mkdir(parents=True)
    # A version that runs on the Node of every supported system.
    command = [npm, "install", "--no-audit", "--no-fund", "--no-save", "azurite@3.34.0"]
    done = subprocess.run(command, cwd=part, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(part)
        raise NoAzurite(f"azurite cannot be installed: {done.stderr[-300:]}")
    shutil.rmtree(cache, ignore_errors=True)
    part.rename(cache)
    return program


@contextmanager
def running_azurite() -> Iterator[str]:
    """Run Azurite; returns its URL.

    Raises:
        NoAzurite: with the reason.
    """
    command = [str(_program()), "--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence"]
    command += ["--disableTelemetry", "--skipApiVersionCheck"]
    environment = {**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{ACCOUNT_KEY}"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _address(process)
        finally:
            process.kill()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        match = re.search(r"successfully listen\w* \w+ (http://[0-9.]+:[0-9]+)", line)
        if match:
            return match[1]
    raise NoAzurite("azurite did not start")


@asynccontextmanager
async def azure_front(store_url: str) -> AsyncIterator[AzureServer]:
    """Serve the proxy on a free port of 127.0.0.1, with one container."""
    server = AzureServer(store_url=store_url)
    server.create_container()
    async with serve_handler(server.answer) as server.url:
        yield server
