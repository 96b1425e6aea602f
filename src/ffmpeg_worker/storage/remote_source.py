"""Inputs from remote stores, downloaded through the worker's cache."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from ffmpeg_worker.errors import DiskFull, SourceNotFound, SourceUnreachable
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.storage.backends import Download, SourceBackend
from ffmpeg_worker.storage.cache import DownloadCache
from ffmpeg_worker.storage.ranged.open_ranged import RangedInputs, RangedOpener
from ffmpeg_worker.storage.ranged.range_requests import WholeSource
from ffmpeg_worker.storage.ranged.ranged_file import RangedFile
from ffmpeg_worker.storage.transfer import TransferMeter

_TIMEOUT_S = 900.0
_UNKNOWN_SIZE = 1 << 62
_ROOM_BYTES = 64 << 20
"""Disk space to make when a part of a file does not fit."""


class RemoteSource:
    """A `SourceStore` on top of a `SourceBackend` and a cache that all jobs of the worker share.

    Each job asks the store with its own credentials, also for a cached file: no job gets a file that the store
    would have refused it.
    """

    def __init__(self, backend: SourceBackend, cache: DownloadCache, ranges: RangedInputs | None = None) -> None:
        self._backend = backend
        self._cache = cache
        self._ranges = ranges

    async def fetch(self, source: FileSource, folder: Path, meter: TransferMeter) -> Path:
        """Download the source, or link its cached copy; see `SourceStore.fetch`."""
        started = _find_started(source, folder)
        if started is not None:
            if meter.done == 0:
                meter.reuse(started.stat().st_size)
            return started
        identity = self._backend.identity(source) if self._cache.is_on else None
        if identity is None:
            return (await self._download(source, folder, meter)).path
        async with self._cache.one_at_first(identity):
            return await self._fetch_cached(identity, source, folder, meter)

    async def open_ranged(
        self, source: FileSource, folder: Path, sparse_folder: Path, meter: TransferMeter
    ) -> RangedFile | None:
        """Open the source by range; see `SourceStore.open_ranged`."""
        rules = self._ranges
        if rules is None or not rules.is_on or source.sha256 is not None or _find_started(source, folder):
            return None
        await self._cache.make_room()
        identity = self._backend.identity(source) if self._cache.is_on else None
        async with AsyncExitStack() as stack:
            if identity is not None:
                await stack.enter_async_context(self._cache.one_at_first(identity))
                if self._cache.has(identity) or not self._cache.blocks.is_trusted(identity):
                    return None
            opened = await self._open_once(rules, identity, source, sparse_folder, meter)
            if not isinstance(opened, WholeSource):
                return opened
            # `fetch` finds it there.
            path = opened.path.parent.rename(_started_folder(source, folder)) / opened.path.name
            if identity is not None:
                await self._cache.keep(identity, Download(path, opened.etag))
            return None

    async def find(self, pattern: str) -> list[Path]:
        """Always fails: remote stores list no files; see `SourceStore.find`."""
        raise SourceNotFound(
            f'Files at "{display_name(pattern)}" cannot be listed.', hint="Name each file by its own URL."
        )

    async def _open_once(
        self, rules: RangedInputs, identity: str | None, source: FileSource, folder: Path, meter: TransferMeter
    ) -> RangedFile | WholeSource | None:
        requests = self._backend.open_ranges(source)
        make_room = partial(self._cache.make_room, _ROOM_BYTES)
        opener = RangedOpener(requests, rules, display_name(source.url), folder, meter, make_room)
        try:
            async with _in_time(source):
                return await opener.open(identity, self._cache.blocks)
        except DiskFull:
            if not await self._cache.make_room(meter.total or _UNKNOWN_SIZE):
                raise
        return None

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
        async with _in_time(source):
            return await self._backend.download(source, folder, meter, cached)


@asynccontextmanager
async def _in_time(source: FileSource) -> AsyncIterator[None]:
    """Limit the time of a download."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            yield
    except TimeoutError:
        raise SourceUnreachable(
            f'The download of the input "{display_name(source.url)}" was not complete after {_TIMEOUT_S:g} s.',
            hint="Use a faster server.",
        ) from None


def _started_folder(source: FileSource, folder: Path) -> Path:
    """The folder of a file that was downloaded when it was to be opened by range."""
    key = [source.url, sorted(source.plain_headers.items()), source.secret_values()]
    digest = hashlib.sha256(json.dumps(key).encode())
    return folder / f".{digest.hexdigest()[:32]}"


def _find_started(source: FileSource, folder: Path) -> Path | None:
    started = _started_folder(source, folder)
    return next(started.iterdir(), None) if started.is_dir() else None
