"""Inputs from web servers."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.storage.backends import Download
from ffmpeg_worker.storage.http.download import HttpDownload
from ffmpeg_worker.storage.http.ranges import HttpRanges
from ffmpeg_worker.storage.http.signed_url import strip_signature
from ffmpeg_worker.storage.ranged.range_requests import RangeRequests
from ffmpeg_worker.storage.transfer import DownloadLimits, TransferMeter, download_folder

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

    def open_ranges(self, source: FileSource) -> RangeRequests:
        """See `SourceBackend.open_ranges`."""
        return HttpRanges(self._outbound, source)

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
            return Download(download.give_name(), download.version)
