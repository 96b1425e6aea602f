"""Inputs from remote stores, downloaded through the worker's cache."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import ExitStack
from pathlib import Path

from ffmpeg_worker.errors import DiskFull, SourceNotFound, SourceUnreachable
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.storage.backends import Download, SourceBackend
from ffmpeg_worker.storage.cache import DownloadCache
from ffmpeg_worker.storage.transfer import TransferMeter

_TIMEOUT_S = 900.0
_UNKNOWN_SIZE = 1 << 62


class RemoteSource:
    """A `SourceStore` on top of a `SourceBackend` and a cache that all jobs of the worker share.

    Each job asks the store with its own credentials, also for a cached file: no job gets a file that the store
    would have refused it.
    """

    def __init__(self, backend: SourceBackend, cache: DownloadCache) -> None:
        self._backend = backend
        self._cache = cache

    async def fetch(self, source: FileSource, folder: Path, meter: TransferMeter) -> Path:
        """Download the source, or link its cached copy; see `SourceStore.fetch`."""
        identity = self._backend.identity(source) if self._cache.is_on else None
        if identity is None:
            return (await self._download(source, folder, meter)).path
        async with self._cache.one_at_first(identity):
            return await self._fetch_cached(identity, source, folder, meter)

    async def find(self, pattern: str) -> list[Path]:
        """Always fails: remote stores list no files; see `SourceStore.find`."""
        raise SourceNotFound(
            f'Files at "{display_name(pattern)}" cannot be listed.', hint="Name each file by its own URL."
        )

    async def _fetch_cached(self, identity: str, source: FileSource, folder: Path, meter: TransferMeter) -> Path:
        # The link is made before the store is asked: the file cannot be evicted between the answer and its use.
        cached = self._cache.link(identity, folder)
        with ExitStack() as unless_unchanged:
            if cached is not None:
                unless_unchanged.callback(shutil.rmtree, cached.path.parent, ignore_errors=True)
            download = await self._download(source, folder, meter, cached)
            if download is cached:
                meter.reuse(download.path.stat().st_size)
                unless_unchanged.pop_all()
                return download.path
        await self._cache.keep(identity, download)
        return download.path

    async def _download(
        self, source: FileSource, folder: Path, meter: TransferMeter, cached: Download | None = None
    ) -> Download:
        """Download, and once more after evicting cached files if the disk is full."""
        await self._cache.make_room()
        try:
            return await self._download_once(source, folder, meter, cached)
        except DiskFull:
            if not await self._cache.make_room(meter.total or _UNKNOWN_SIZE):
                raise
        return await self._download_once(source, folder, meter, cached)

    async def _download_once(
        self, source: FileSource, folder: Path, meter: TransferMeter, cached: Download | None
    ) -> Download:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                return await self._backend.download(source, folder, meter, cached)
        except TimeoutError:
            raise SourceUnreachable(
                f'The download of the input "{display_name(source.url)}" was not complete after {_TIMEOUT_S:g} s.',
                hint="Use a faster server.",
            ) from None
