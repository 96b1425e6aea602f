"""Inputs from web servers: each becomes a file in a folder of its own, below the job's."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import shutil
from pathlib import Path

from ffmpeg_worker.errors import SourceUnreachable
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.storage.arrival import download_folder, plain_suffix
from ffmpeg_worker.storage.http.download import HttpDownload, TransferLimits
from ffmpeg_worker.storage.http.signed_url import strip_signature
from ffmpeg_worker.storage.stores import Download
from ffmpeg_worker.storage.transfer import TransferMeter

_SUFFIX_BY_TYPE = {
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
    "video/x-matroska": ".mkv",
    "video/mp2t": ".ts",
    "video/x-msvideo": ".avi",
    "video/ogg": ".ogv",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/aac": ".aac",
    "audio/ogg": ".ogg",
    "audio/opus": ".opus",
    "audio/flac": ".flac",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/webm": ".weba",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/avif": ".avif",
    "text/vtt": ".vtt",
    "application/x-subrip": ".srt",
}


_CONDITIONAL = {"if-match", "if-none-match", "if-modified-since", "if-unmodified-since"}


class HttpSource:
    """Fetches `https://` and, where the operator allows it, `http://` addresses."""

    def __init__(self, outbound: OutboundClient, limits: TransferLimits) -> None:
        self._outbound = outbound
        self._limits = limits

    def identity(self, source: FileSource) -> str | None:
        """Address without signature, with a hash of the headers; see `SourceBackend.identity`."""
        headers = sorted((name.lower(), value) for name, value in source.plain_headers.items())
        if any(name in _CONDITIONAL for name, _ in headers):
            return None
        address = strip_signature(source.url)
        if address is None:
            return None
        digest = hashlib.sha256(json.dumps(headers).encode()).hexdigest() if headers else ""
        return f"{address} {digest}"

    async def download(
        self, source: FileSource, folder: Path, meter: TransferMeter, known: str | None = None
    ) -> Download | None:
        """See `SourceBackend.download`.

        Raises:
            AddressNotAllowed: the worker does not call it, or what it redirects to.
            SourceError: see `HttpDownload.run`.
            DiskFull: no room for it.
        """
        with download_folder(folder) as own:
            transfer = HttpDownload(self._outbound, source, own / "part", self._limits, meter, known)
            try:
                async with asyncio.timeout(self._limits.total_s):
                    await transfer.run()
            except TimeoutError:
                raise SourceUnreachable(
                    f'The input "{display_name(source.url)}" was not there after {self._limits.total_s:g} s.',
                    hint="Put it on a faster server.",
                ) from None
            if transfer.is_unchanged:
                shutil.rmtree(own, ignore_errors=True)
                return None
            path = transfer.path.rename(own / f"input{_suffix(source.url, transfer.content_type)}")
            return Download(path, transfer.version)


def _suffix(url: str, content_type: str) -> str:
    """Extension for the local file: that of the URL's path, else by its type; the server's names are not asked."""
    path = re.split(r"[?#]", url.partition("://")[2], maxsplit=1)[0].partition("/")[2]
    return plain_suffix(path) or _SUFFIX_BY_TYPE.get(content_type, "")
