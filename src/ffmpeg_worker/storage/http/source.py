"""Inputs from web servers."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.storage.backends import Download
from ffmpeg_worker.storage.http.download import HttpDownload
from ffmpeg_worker.storage.http.signed_url import strip_signature
from ffmpeg_worker.storage.transfer import DownloadLimits, TransferMeter, download_folder, safe_suffix

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
_CONDITIONAL_HEADERS = {"if-match", "if-none-match", "if-modified-since", "if-unmodified-since"}


class HttpSource:
    """A `SourceBackend` of `https://` and, where the operator allows it, `http://` addresses."""

    def __init__(self, outbound: OutboundClient, limits: DownloadLimits) -> None:
        self._outbound = outbound
        self._limits = limits

    def identity(self, source: FileSource) -> str | None:
        """The address without signature and a hash of the headers; see `SourceBackend.identity`."""
        headers = sorted((name.lower(), value) for name, value in source.plain_headers.items())
        if any(name in _CONDITIONAL_HEADERS for name, _ in headers):
            return None
        address = strip_signature(source.url)
        if address is None:
            return None
        digest = hashlib.sha256(json.dumps(headers).encode()).hexdigest() if headers else ""
        return f"{address} {digest}"

    async def download(
        self, source: FileSource, folder: Path, meter: TransferMeter, cached: Download | None = None
    ) -> Download:
        """See `SourceBackend.download`."""
        with download_folder(folder) as own:
            known = cached.version if cached else None
            download = HttpDownload(self._outbound, source, own / "part", self._limits, meter, known)
            await download.run()
            if cached is not None and download.is_unchanged:
                shutil.rmtree(own, ignore_errors=True)
                return cached
            path = download.path.rename(own / f"input{_suffix(source.url, download.content_type)}")
            return Download(path, download.version)


def _suffix(url: str, content_type: str) -> str:
    """Extension of the local file: that of the URL's path, else that of the media type.

    File names that the server sends are ignored.
    """
    path = re.split(r"[?#]", url.partition("://")[2], maxsplit=1)[0].partition("/")[2]
    return safe_suffix(path) or _SUFFIX_BY_TYPE.get(content_type, "")
