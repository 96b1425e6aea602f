"""Fetches a file, goes on where a connection was cut, and puts it in place when it is whole."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import BinaryIO, Protocol

from ffmpeg_worker.client.errors import ApiError, bad_response
from ffmpeg_worker.client.exchange import Exchange, is_worth_repeating
from ffmpeg_worker.client.transport import Response

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)", re.ASCII)


class OpenFile(Protocol):
    """Opens the response that has the file."""

    def __call__(self, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Response]:
        """Send a request with these headers."""


async def download_file(exchange: Exchange, open_file: OpenFile, target: Path) -> Path:
    """Fetch a file to `target`, which appears, or is replaced, when all of it is there.

    Raises:
        ApiError: the server's problem; no attempt got further.
        OSError: the file cannot be written.
    """
    part = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.part")
    try:
        with part.open("xb") as file:
            await _Download(exchange, open_file, file).run()
        os.replace(part, target)  # noqa: PTH105 - target may be a file
    finally:
        part.unlink(missing_ok=True)
    return target


class _Download:
    """One file on its way."""

    def __init__(self, exchange: Exchange, open_file: OpenFile, file: BinaryIO) -> None:
        self._exchange = exchange
        self._open_file = open_file
        self._file = file
        self._etag: str | None = None

    async def run(self) -> None:
        pauses = list(self._exchange.pauses_s)
        while True:
            began_at = self._file.tell()
            try:
                await self._fetch()
            except ApiError as error:
                if not is_worth_repeating(error, repeats=True):
                    raise
                if self._file.tell() > began_at:  # it got further, so the attempts begin anew
                    pauses = list(self._exchange.pauses_s)
                if not pauses:
                    raise
                await self._exchange.transport.sleep(error.retry_after_s or pauses.pop(0))
            else:
                return

    async def _fetch(self) -> None:
        """Fetch what is missing; a file that is another one by now is fetched from its start."""
        received = self._file.tell() if self._etag else 0
        headers = {"Range": f"bytes={received}-", "If-Range": self._etag or ""} if received else {}
        async with self._open_file(headers) as response:
            size = _read_size(response, received)
            if response.status != 206:
                self._file.seek(0)
                self._file.truncate()
            etag = response.headers.get("etag", "")
            self._etag = etag if etag.startswith('"') else None  # a weak one names no bytes
            async for chunk in response.chunks():
                self._file.write(chunk)
        if size is not None and self._file.tell() != size:
            raise bad_response(f"it has {self._file.tell()} bytes of {size}.")


def _read_size(response: Response, received: int) -> int | None:
    """Return the size of the whole file, if it is known."""
    if response.status == 200:
        length = response.headers.get("content-length", "")
        return int(length) if length.isascii() and length.isdigit() else None
    found = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
    if response.status != 206 or found is None or int(found[1]) != received:
        raise bad_response(f"HTTP {response.status} without the file.")
    return int(found[3])
