"""A store that is opened when the first job asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.storage.storage import Storage


class LateStorage:
    """Stands for a store whose libraries take long to load, so that a worker need not wait for them to start."""

    def __init__(self, open_storage: Callable[[], Storage]) -> None:
        self._open_storage = open_storage
        self._storage: Storage | None = None

    async def fetch(self, source: FileSource, folder: Path) -> Path:
        """See `Storage.fetch`."""
        return await (await self._opened()).fetch(source, folder)

    async def find(self, pattern: str) -> list[Path]:
        """See `Storage.find`."""
        return await (await self._opened()).find(pattern)

    async def _opened(self) -> Storage:
        if self._storage is None:
            self._storage = await asyncio.to_thread(self._open_storage)
        return self._storage
