"""A store in memory, as the second implementation of the storage seam."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from ffmpeg_worker.errors import SourceNotFound, SourceUnreadable, TargetForbidden
from ffmpeg_worker.job.sources import FileSource


class MemoryStorage:
    """Holds bytes by name; serves `memory://name`."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    async def fetch(self, source: FileSource, folder: Path) -> Path:
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
        return path

    async def find(self, pattern: str) -> list[Path]:
        """No folders here."""
        raise SourceNotFound(f'No file matches "{pattern}".')

    def check(self, name: str) -> None:
        """Refuse names that go up."""
        if ".." in Path(name).parts:
            raise TargetForbidden(f'The output "{name}" leaves its folder.')

    async def put(self, files: Mapping[str, Path]) -> Mapping[str, Path]:
        """Keep all bytes, or none."""
        for name in files:
            self.check(name)
        self.files |= {name: path.read_bytes() for name, path in files.items()}
        return {name: Path("/memory") / name for name in files}
