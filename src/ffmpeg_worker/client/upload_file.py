"""Sends a file to `/api/files`, and goes on where a connection was cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from ffmpeg_worker.client.errors import ApiError, bad_response, file_changed
from ffmpeg_worker.client.exchange import Exchange, is_worth_repeating
from ffmpeg_worker.client.transport import FilePart

_WRONG_OFFSET = "upload_offset_wrong"
_IN_PROGRESS = "upload_in_progress"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the data root of the caller's API key.

    Attributes:
        name: its name, which jobs can use as an input.
        bytes: its size.
        etag: changes with its content.
        content_type: the media type of its name.
        url: signed link by which it can be fetched without a key, until it expires.
        value: all of its JSON.
    """

    name: str
    bytes: int
    etag: str
    content_type: str
    url: str | None = field(default=None, repr=False)
    value: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read a file of a response.

        Raises:
            ApiError: it is none (`api_bad_answer`).
        """
        match value:
            case {"name": str(name), "size": int(size), "etag": str(etag), "content_type": str(kind)}:
                url = value.get("url")
                return cls(name, size, etag, kind, url if isinstance(url, str) else None, value)
        raise bad_response("it describes no file.")


async def upload_file(exchange: Exchange, path: Path, name: str) -> StoredFile:
    """Send a file under a name; an earlier file of the name is replaced when all of it has arrived.

    Raises:
        ApiError: the API's problem; no attempt got further; `source_changed`, the file changed while it was sent.
        OSError: the file cannot be read.
    """
    return await _Upload(exchange, path, f"/files/{quote(name)}").run()


class _Upload:
    """One file on its way."""

    def __init__(self, exchange: Exchange, path: Path, route: str) -> None:
        self._exchange = exchange
        self._path = path
        self._route = route
        self._version = _version_of(path)
        self._size = path.stat().st_size
        self._received = 0

    async def run(self) -> StoredFile:
        pauses = list(self._exchange.pauses_s)
        while True:
            sent_from = self._received
            try:
                return StoredFile.from_json(await self._send())
            except ApiError as error:
                if error.code != _WRONG_OFFSET and not _may_go_on(error):
                    raise
                if not pauses:
                    raise
                # The server may still be busy with what arrived before the cut.
                await self._exchange.transport.sleep(error.retry_after_s or pauses.pop(0))
                self._check_unchanged()
                await self._ask(error)
                if self._received > sent_from:  # it got further, so the attempts begin anew
                    pauses = list(self._exchange.pauses_s)

    async def _send(self) -> dict[str, Any]:
        part = FilePart(self._path, self._received, self._size - self._received)
        headers = {"Content-Type": "application/octet-stream"}
        if self._size:
            headers["Content-Range"] = f"bytes {self._received}-{self._size - 1}/{self._size}"
        return await self._exchange.call_once("PUT", self._route, body=part, headers=headers)

    async def _ask(self, error: ApiError) -> None:
        """Learn how many bytes have arrived.

        An answer that describes a whole file may be about an earlier one of the same size: it is sent again.
        """
        received = error.where.get("received") if error.code == _WRONG_OFFSET else None
        if received is None and self._size:
            try:
                answer = await self._exchange.call_once(
                    "PUT", self._route, headers={"Content-Range": f"bytes */{self._size}"}
                )
            except ApiError as asked:
                if not _may_go_on(asked):
                    raise
                return
            received = answer.get("received", 0)
        self._received = received if isinstance(received, int) and 0 <= received < self._size else 0

    def _check_unchanged(self) -> None:
        if _version_of(self._path) != self._version:
            raise file_changed(self._path.name)


def _may_go_on(error: ApiError) -> bool:
    return error.code == _IN_PROGRESS or is_worth_repeating(error, repeats=True)


def _version_of(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
