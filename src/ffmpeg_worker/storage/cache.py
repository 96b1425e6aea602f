"""Downloaded files that are kept for the next job of this worker."""

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

from ffmpeg_worker.storage.stores import Download

_MAX_FILES = 10_000
_SPARE_BYTES = 1 << 30
_AGE_S = 60


@dataclass(frozen=True, slots=True)
class _Kept:
    """One file of the cache, and how it looked when it was put there."""

    path: Path
    name: str
    version: str
    size: int
    modified_ns: int
    inode: int

    def is_untouched(self, status: os.stat_result) -> bool:
        seen = (status.st_size, status.st_mtime_ns, status.st_ino)
        return stat.S_ISREG(status.st_mode) and seen == (self.size, self.modified_ns, self.inode)


class DownloadCache:
    """Keeps the latest version of each file, those used last, up to a number of bytes.

    A job gets a hard link of its own: what is evicted stays with the jobs that use it. Files are read-only, and
    one that was changed all the same is not given out again. Nothing here fails a job.
    """

    def __init__(self, folder: Path, max_bytes: int, *, spare_bytes: int = _SPARE_BYTES) -> None:
        """`folder` is made when needed, on the disk of the jobs' directories; 0 bytes turn the cache off.

        Args:
            folder: of this process alone.
            max_bytes: in all.
            spare_bytes: room that is left on the disk, at the cost of what is kept.
        """
        self._folder = folder
        self._max_bytes = max_bytes
        self._spare_bytes = spare_bytes
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._bytes = 0
        self._first: dict[str, asyncio.Future[bool]] = {}

    @property
    def is_on(self) -> bool:
        """Whether anything is kept at all."""
        return self._max_bytes > 0

    @asynccontextmanager
    async def turn(self, identity: str) -> AsyncIterator[None]:
        """Wait while somebody else is the first to ask for a place; afterwards all who waited go on at once.

        When the first is cancelled, one of those who wait is the first.
        """
        while (other := self._first.get(identity)) is not None:
            if await asyncio.shield(other):
                yield
                return
        first = self._first[identity] = asyncio.get_running_loop().create_future()
        has_answer = True
        try:
            yield
        except asyncio.CancelledError:
            has_answer = False
            raise
        finally:
            del self._first[identity]
            first.set_result(has_answer)

    def link(self, identity: str, folder: Path) -> Download | None:
        """What is kept of a place, linked into a new folder below `folder`; `None`: nothing that can be used."""
        kept = self._kept.get(identity)
        if kept is None:
            return None
        own = folder / f".{secrets.token_hex(8)}"
        path = own / kept.name
        try:
            own.mkdir(mode=0o700)
            path.hardlink_to(kept.path)
            is_untouched = kept.is_untouched(path.lstat())
        except OSError:
            is_untouched = False
        if not is_untouched:
            shutil.rmtree(own, ignore_errors=True)
            self._forget(identity).unlink(missing_ok=True)
            return None
        self._kept.move_to_end(identity)
        return Download(path, kept.version)

    async def keep(self, identity: str, download: Download) -> bool:
        """Keep a file that has just come, in place of an older version; answers whether it is kept."""
        version = download.version
        if version is None or not self.is_on:
            return False
        path = self._folder / secrets.token_hex(8)
        try:
            if download.path.lstat().st_size > self._max_bytes:
                return False
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            status = _seal(download.path)
            path.hardlink_to(download.path)
        except OSError:
            return False
        dropped = [self._forget(identity)] if identity in self._kept else []
        name = download.path.name
        self._kept[identity] = _Kept(path, name, version, status.st_size, status.st_mtime_ns, status.st_ino)
        self._bytes += status.st_size
        while self._bytes > self._max_bytes or len(self._kept) > _MAX_FILES:
            dropped.append(self._forget(next(iter(self._kept))))
        await asyncio.to_thread(_unlink, dropped)
        await self.make_room()
        return identity in self._kept

    async def make_room(self, size: int = 0) -> bool:
        """Drop what was used longest ago until the disk has `size` bytes to spare; answers whether any went.

        Files that jobs use are left: dropping them frees nothing.
        """
        if not self._kept:
            return False
        try:
            missing = size + self._spare_bytes - shutil.disk_usage(self._folder).free
        except OSError:
            return False
        dropped = []
        for identity, kept in list(self._kept.items()):
            if missing <= 0:
                break
            if _is_idle(kept.path):
                missing -= kept.size
                dropped.append(self._forget(identity))
        if dropped:
            await asyncio.to_thread(_unlink, dropped)
        return bool(dropped)

    def _forget(self, identity: str) -> Path:
        """Take a file out of the books; its name on the disk is still to be removed."""
        kept = self._kept.pop(identity)
        self._bytes -= kept.size
        return kept.path


def _seal(path: Path) -> os.stat_result:
    """Make a file read-only and a little old: whoever writes to it now makes it look different, at any speed."""
    path.chmod(0o444)
    past = time.time() - _AGE_S
    os.utime(path, (past, past))
    return path.lstat()


def _is_idle(path: Path) -> bool:
    try:
        return path.lstat().st_nlink == 1
    except OSError:
        return True


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
