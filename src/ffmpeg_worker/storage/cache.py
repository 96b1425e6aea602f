"""A cache of downloaded files for later jobs of the same worker."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import stat
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ffmpeg_worker import file_space
from ffmpeg_worker.storage.backends import Download
from ffmpeg_worker.storage.ranged.block_cache import BlockCache
from ffmpeg_worker.storage.transfer import download_folder

_MAX_FILES = 10_000
_MIN_FREE_BYTES = 1 << 30
_AGE_S = 60


@dataclass(frozen=True, slots=True)
class _Entry:
    """A cached file, and its attributes at the time it was added."""

    path: Path
    name: str
    version: str
    size: int
    modified_ns: int
    inode: int

    def is_unchanged(self, status: os.stat_result) -> bool:
        seen = (status.st_size, status.st_mtime_ns, status.st_ino)
        return stat.S_ISREG(status.st_mode) and seen == (self.size, self.modified_ns, self.inode)


class DownloadCache:
    """Keeps the latest version of each file, up to a total size; the least recently used go first.

    A job gets its own hard link, so an evicted file stays with the jobs that use it. Cached files are read-only,
    and a file that was changed nevertheless is not used again. No failure of the cache fails a job.
    """

    def __init__(self, folder: Path, max_bytes: int, *, min_free_bytes: int = _MIN_FREE_BYTES) -> None:
        """Make an empty cache.

        Args:
            folder: used by this process only, on the disk of the jobs' folders; created when needed.
            max_bytes: total size of the cached files; 0 turns the cache off.
            min_free_bytes: free disk space to keep, at the expense of cached files.
        """
        self._folder = folder
        self._max_bytes = max_bytes
        self._min_free_bytes = min_free_bytes
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._bytes = 0
        self._first_requests: dict[str, asyncio.Future[bool]] = {}
        self.blocks = BlockCache(folder, lambda: max(max_bytes - self._bytes, max_bytes // 2))
        """The parts of files that are read by range. They share the space and may take half of it."""

    @property
    def is_on(self) -> bool:
        """Whether files are cached at all."""
        return self._max_bytes > 0

    def has(self, identity: str) -> bool:
        """Whether the whole file is cached, in some version."""
        return identity in self._entries

    @asynccontextmanager
    async def one_at_first(self, identity: str) -> AsyncIterator[None]:
        """Let one request for a file run first; those that waited then run concurrently.

        If the first request is cancelled, one of those that wait becomes the first.
        """
        while (other := self._first_requests.get(identity)) is not None:
            if await asyncio.shield(other):
                yield
                return
        first = self._first_requests[identity] = asyncio.get_running_loop().create_future()
        has_finished = True
        try:
            yield
        except asyncio.CancelledError:
            has_finished = False
            raise
        finally:
            del self._first_requests[identity]
            first.set_result(has_finished)

    def link(self, identity: str, folder: Path) -> Download | None:
        """Link the cached file into a new folder below `folder`; `None` if there is no usable file."""
        entry = self._entries.get(identity)
        if entry is None:
            return None
        try:
            with download_folder(folder) as own:
                path = own / entry.name
                path.hardlink_to(entry.path)
                if not entry.is_unchanged(path.lstat()):
                    raise FileNotFoundError
        except OSError:
            file_space.remove(self._forget(identity))
            return None
        self._entries.move_to_end(identity)
        return Download(path, entry.version)

    async def keep(self, identity: str, download: Download) -> None:
        """Add a downloaded file, replacing an older version; one without a version is not added."""
        version = download.version
        if version is None or not self.is_on:
            return
        path = self._folder / secrets.token_hex(8)
        try:
            if download.path.lstat().st_size > self._max_bytes:
                return
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            status = _make_read_only(download.path)
            path.hardlink_to(download.path)
        except OSError:
            return
        dropped = [self._forget(identity)] if identity in self._entries else []
        name = download.path.name
        self._entries[identity] = _Entry(path, name, version, status.st_size, status.st_mtime_ns, status.st_ino)
        self._bytes += status.st_size
        while self._bytes > self._max_bytes or len(self._entries) > _MAX_FILES:
            dropped.append(self._forget(next(iter(self._entries))))
        self.blocks.trim()
        await asyncio.to_thread(_unlink, dropped)
        await self.make_room()

    async def make_room(self, size: int = 0) -> bool:
        """Evict the least recently used files until `size` bytes can be written; returns whether any was evicted.

        Files that jobs use are kept: evicting them frees no space.
        """
        try:
            missing = size + self._min_free_bytes - shutil.disk_usage(self._folder).free
        except OSError:
            return False
        dropped = []
        excess = self._bytes + self.blocks.allocated_bytes - self._max_bytes
        for identity, entry in list(self._entries.items()):
            if max(missing, excess) <= 0:
                break
            if _is_unused(entry.path):
                missing, excess = missing - entry.size, excess - entry.size
                dropped.append(self._forget(identity))
        if dropped:
            await asyncio.to_thread(_unlink, dropped)
        return await self.blocks.evict(missing) or bool(dropped)

    def _forget(self, identity: str) -> Path:
        """Remove an entry and return its path, which the caller unlinks."""
        entry = self._entries.pop(identity)
        self._bytes -= entry.size
        return entry.path


def _make_read_only(path: Path) -> os.stat_result:
    """Make a file read-only and set its time back, so that any later write changes its modification time."""
    path.chmod(0o444)
    past = time.time() - _AGE_S
    os.utime(path, (past, past))
    return path.lstat()


def _is_unused(path: Path) -> bool:
    try:
        return path.lstat().st_nlink == 1
    except OSError:
        return True


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
