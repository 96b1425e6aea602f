"""Responses with several files as one ZIP archive, which is made while it is sent."""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ffmpeg_worker.api.file_response import MIN_BYTES_PER_S, READ_GRACE_S, send_file, wait_until_gone
from ffmpeg_worker.api.zip_layout import ZipEntry, archive_size, directory, local_header
from ffmpeg_worker.logs import log
from ffmpeg_worker.tasks import cancel_and_wait, finish_then_cancel

ZIP_TYPE = "application/zip"
_BLOCK_BYTES = 1 << 20


class ZipResponse(Response):
    """A response with files that stay as they are until it has been sent."""

    def __init__(self, files: Sequence[tuple[ZipEntry, Path]], headers: Mapping[str, str]) -> None:
        self._files = files
        self._size = archive_size([entry for entry, _ in files])
        self.status_code = 200
        self.background = None
        self.init_headers({**headers, "Content-Length": str(self._size)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        gone = asyncio.ensure_future(wait_until_gone(receive))
        try:
            async with asyncio.timeout(READ_GRACE_S + self._size / MIN_BYTES_PER_S):
                for entry, path in self._files:
                    await send({"type": "http.response.body", "body": local_header(entry), "more_body": True})
                    with path.open("rb", buffering=0) as file:
                        if not await send_file(scope, send, file, range(entry.size), gone):
                            return
                end = directory([entry for entry, _ in self._files])
                await send({"type": "http.response.body", "body": end, "more_body": False})
        except TimeoutError:
            log(logging.INFO, "response not read", bytes=self._size)
        finally:
            await cancel_and_wait(gone)


async def describe_files(files: Mapping[str, Path]) -> list[tuple[ZipEntry, Path]]:
    """Return the entries of an archive; every file is read once for its checksum."""
    return [
        (await finish_then_cancel(asyncio.to_thread(_describe, name, path)), path) for name, path in files.items()
    ]


def _describe(name: str, path: Path) -> ZipEntry:
    size = crc = 0
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK_BYTES):
            size += len(block)
            crc = zlib.crc32(block, crc)
    return ZipEntry(name, size, crc)
