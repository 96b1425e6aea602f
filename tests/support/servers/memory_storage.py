"""A store in memory: a second implementation of `SourceStore` and `ObjectWriter`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from ffmpeg_worker.errors import SourceNotFound, SourceUnreadable, TargetForbidden
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.storage.backends import BeginUpload, ObjectHeaders
from ffmpeg_worker.storage.stores import OutputLocation
from ffmpeg_worker.storage.transfer import TransferMeter


class MemoryStorage:
    """Holds bytes by name; serves `memory://name` and accepts outputs."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.headers: dict[str, ObjectHeaders] = {}

    async def fetch(self, source: FileSource, folder: Path, meter: TransferMeter) -> Path:
        """Write the bytes below `folder`."""
        await asyncio.sleep(0)
        name = source.url.removeprefix("memory://")
        data = self.files.get(name)
        if data is None:
            raise SourceNotFound(f'There is no input "{name}".')
        if not data:
            raise SourceUnreadable(f'The input "{name}" is empty (0 bytes).', code="source_empty")
        path = folder / f"memory-{len(self.files)}-{Path(name).name}"
        path.write_bytes(data)
        meter.expect(len(data))
        meter.add(len(data))
        return path

    async def open_ranged(
        self, source: FileSource, folder: Path, sparse_folder: Path, meter: TransferMeter
    ) -> None:
        """The bytes are there already."""
        return

    async def find(self, pattern: str) -> list[Path]:
        """Always fails: there are no folders."""
        raise SourceNotFound(f'No file matches "{pattern}".')

    def check(self, name: str) -> None:
        """Refuse names that lead out of their folder."""
        if ".." in Path(name).parts:
            raise TargetForbidden(f'The output "{name}" leaves its folder.')

    async def preflight(self) -> None:
        """Does nothing."""

    async def upload(self, name: str, path: Path, headers: ObjectHeaders, meter: TransferMeter) -> None:
        """Store the bytes."""
        data = path.read_bytes()
        meter.expect(len(data))
        await asyncio.sleep(0)
        self.files[name] = data
        self.headers[name] = headers
        meter.add(len(data))

    def open_early(
        self, name: str, headers: ObjectHeaders, record: Callable[[BeginUpload], Awaitable[str]]
    ) -> None:
        """Nothing: complete files only."""

    async def delete(self, name: str) -> None:
        """Delete the bytes."""
        self.files.pop(name, None)

    async def locate(self, name: str) -> OutputLocation:
        """A `memory://` URL."""
        return OutputLocation(name, f"memory://{name}")
