"""Sparse files that several jobs share, and that later jobs use again."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ffmpeg_worker.storage.ranged.range_requests import SourceVersion
from ffmpeg_worker.storage.ranged.sparse_file import SparseFile
from ffmpeg_worker.tasks import finish_then_cancel

_MAX_FILES = 1000
_DISTRUST_S = 600.0
_MAX_DISTRUSTED = 1000


@dataclass(slots=True)
class _Entry:
    file: SparseFile
    holders: int = 0


class BlockCache:
    """Keeps the sparse file of the latest version of each source.

    Files that no job holds are removed, the least recently used first, when all take more space than they may.
    """

    def __init__(self, folder: Path, space: Callable[[], int]) -> None:
        """`folder` is made when needed; `space` returns the bytes that the files may take on the disk now."""
        self._folder = folder
        self._space = space
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._replaced: list[_Entry] = []
        self._distrusted: OrderedDict[str, float] = OrderedDict()

    @property
    def allocated_bytes(self) -> int:
        """Bytes that all files take on the disk."""
        return sum(entry.file.allocated_bytes for entry in [*self._entries.values(), *self._replaced])

    def distrust(self, identity: str) -> None:
        """Note that a source did not stay the same while it was read.

        Some servers of one name give one file different validators: such a source must be downloaded in one piece.
        """
        self._distrusted[identity] = time.monotonic() + _DISTRUST_S
        self._distrusted.move_to_end(identity)
        if len(self._distrusted) > _MAX_DISTRUSTED:
            self._distrusted.popitem(last=False)

    def is_trusted(self, identity: str) -> bool:
        """Whether a source may be read by range: it has not changed while it was read lately."""
        return self._distrusted.get(identity, 0.0) < time.monotonic()

    def find(self, identity: str) -> SparseFile | None:
        """The file of a source. A job may use it when the source's store has confirmed its version."""
        entry = self._entries.get(identity)
        return None if entry is None else entry.file

    def hold(self, identity: str, version: SourceVersion) -> tuple[SparseFile, Callable[[], None]]:
        """The file of a version of a source, made if there is none, and a function that gives it back."""
        entry = self._entries.get(identity)
        if entry is None or entry.file.version != version:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            made = _Entry(SparseFile(self._folder / f"ranges-{secrets.token_hex(8)}", version))
            if entry is not None:
                self._replace(entry)
            entry = self._entries[identity] = made
        entry.holders += 1
        self._entries.move_to_end(identity)
        return entry.file, lambda: self._release(entry)

    def close(self) -> None:
        """Remove all files."""
        entries = [*self._entries.values(), *self._replaced]
        self._entries, self._replaced = OrderedDict(), []
        _close_all(entry.file for entry in entries)

    def trim(self) -> None:
        """Remove files until the others take no more space than they may."""
        _close_all(self._drop_unused(self.allocated_bytes - self._space()))
        while len(self._entries) > _MAX_FILES and (dropped := self._drop_unused(1)):
            _close_all(dropped)

    async def evict(self, size: int) -> bool:
        """Remove files that no job holds until so many bytes have been freed; return whether any was removed."""
        dropped = self._drop_unused(size)
        if dropped:
            await finish_then_cancel(asyncio.to_thread(_close_all, dropped))
        return bool(dropped)

    def _drop_unused(self, size: int) -> list[SparseFile]:
        """Forget files of so many bytes that no job holds, the least recently used first."""
        dropped = []
        for identity, entry in list(self._entries.items()):
            if size <= 0:
                break
            if not entry.holders:
                size -= max(entry.file.allocated_bytes, 1)
                del self._entries[identity]
                dropped.append(entry.file)
        return dropped

    def _release(self, entry: _Entry) -> None:
        entry.holders -= 1
        if entry in self._replaced and not entry.holders:
            self._replaced.remove(entry)
            entry.file.close()
        self.trim()

    def _replace(self, entry: _Entry) -> None:
        if entry.holders:
            self._replaced.append(entry)
        else:
            entry.file.close()


def _close_all(files: Iterable[SparseFile]) -> None:
    for file in files:
        file.close()
