"""Inputs from stores elsewhere: each is asked for by every job, and comes over the network when it is new."""

from __future__ import annotations

import shutil
from pathlib import Path

from ffmpeg_worker.errors import DiskFull, SourceNotFound
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.storage.cache import DownloadCache
from ffmpeg_worker.storage.stores import Download, SourceBackend
from ffmpeg_worker.storage.transfer import TransferMeter

_MUCH = 1 << 62


class RemoteSource:
    """Fetches from a remote store, through a cache that all jobs of the worker share.

    Also what is kept is asked for with the job's own credentials: nobody gets a file that the store would not
    have given to him.
    """

    def __init__(self, remote: SourceBackend, cache: DownloadCache) -> None:
        self._remote = remote
        self._cache = cache

    async def fetch(self, source: FileSource, folder: Path, meter: TransferMeter) -> Path:
        """Download, or link what is kept of it; see `SourceStore.fetch`.

        Raises:
            AddressNotAllowed, SourceError, DiskFull: see `SourceBackend.download`.
        """
        identity = self._remote.identity(source) if self._cache.is_on else None
        if identity is None:
            return (await self._download(source, folder, meter)).path
        async with self._cache.turn(identity):
            return await self._fetch(identity, source, folder, meter)

    async def find(self, pattern: str) -> list[Path]:
        """No files are listed elsewhere; see `SourceStore.find`."""
        raise SourceNotFound(
            f'No files can be looked up at "{display_name(pattern)}".', hint="Name each file by its own URL."
        )

    async def _fetch(self, identity: str, source: FileSource, folder: Path, meter: TransferMeter) -> Path:
        # Linked before the store is asked, so that it cannot be evicted between its answer and the use.
        kept = self._cache.link(identity, folder)
        if kept is None:
            new = await self._download(source, folder, meter)
        else:
            try:
                answer = await self._ask(source, folder, meter, kept)
                if answer is None:
                    size = kept.path.stat().st_size
                    meter.expect(size)
                    meter.add(size)
                    return kept.path
            except BaseException:
                shutil.rmtree(kept.path.parent, ignore_errors=True)
                raise
            shutil.rmtree(kept.path.parent, ignore_errors=True)
            new = answer
        await self._cache.keep(identity, new)
        return new.path

    async def _download(self, source: FileSource, folder: Path, meter: TransferMeter) -> Download:
        download = await self._ask(source, folder, meter, None)
        if download is None:
            raise AssertionError("a store said that nothing is new, though no version was named")
        return download

    async def _ask(
        self, source: FileSource, folder: Path, meter: TransferMeter, kept: Download | None
    ) -> Download | None:
        known = kept.version if kept else None
        await self._cache.make_room()
        try:
            return await self._remote.download(source, folder, meter, known)
        except DiskFull:
            if not await self._cache.make_room(meter.total or _MUCH):
                raise
        return await self._remote.download(source, folder, meter, known)
