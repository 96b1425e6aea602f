"""The download cache: what it keeps, serves and evicts."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from ffmpeg_worker.errors import DiskFull
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.storage.backends import Download
from ffmpeg_worker.storage.cache import DownloadCache
from ffmpeg_worker.storage.ranged.range_requests import RangeRequests, SourceVersion
from ffmpeg_worker.storage.ranged.sparse_file import SparseFile
from ffmpeg_worker.storage.remote_source import RemoteSource
from ffmpeg_worker.storage.transfer import TransferMeter


class Jobs:
    """Jobs that download 10 bytes each and later request them from the cache."""

    def __init__(self, root: Path, max_bytes: int = 100, min_free_bytes: int = 0) -> None:
        self.root = root
        self.folder = root / "cache"
        self.cache = DownloadCache(self.folder, max_bytes, min_free_bytes=min_free_bytes)

    async def keep(self, name: str, *, stay: bool = False, data: bytes = b"0123456789") -> Path:
        own = self.root / f"job-{name}"
        own.mkdir()
        path = own / "input.mp4"
        path.write_bytes(data)
        await self.cache.keep(name, Download(path, '"1"'))
        if not stay:
            shutil.rmtree(own)
        return path

    def link(self, name: str) -> Path | None:
        found = self.cache.link(name, self.root)
        return found.path if found else None

    def has(self, name: str) -> bool:
        path = self.link(name)
        if path is not None:
            shutil.rmtree(path.parent)
        return path is not None

    def on_disk(self) -> int:
        return sum(path.stat().st_size for path in self.folder.iterdir())


async def test_each_job_gets_its_own_read_only_link(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path)
    await jobs.keep("a")
    one, two = jobs.link("a"), jobs.link("a")
    assert one is not None
    assert two is not None
    assert one != two
    assert one.parent not in (two.parent, jobs.folder)
    assert not one.is_symlink()
    assert (one.name, one.stat().st_mode & 0o777) == ("input.mp4", 0o444)
    # Otherwise a write within the same clock tick would not change the modification time.
    assert one.stat().st_mtime < time.time() - 1


async def test_the_least_recently_used_file_is_evicted_first(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, max_bytes=35)
    for name in "abc":
        await jobs.keep(name)
    assert jobs.has("a")
    await jobs.keep("d")
    assert [name for name in "abcd" if jobs.has(name)] == ["a", "c", "d"]
    assert jobs.on_disk() == 30


async def test_an_evicted_file_stays_with_the_job_that_uses_it(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, max_bytes=15)
    await jobs.keep("a")
    used = jobs.link("a")
    await jobs.keep("b")
    assert not jobs.has("a")
    assert used is not None
    assert used.read_bytes() == b"0123456789"


async def test_a_new_version_replaces_the_old_one(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, max_bytes=25)
    await jobs.keep("a")
    shutil.rmtree(jobs.root / "job-a", ignore_errors=True)
    await jobs.keep("a", data=b"new")
    await jobs.keep("b")
    await jobs.keep("c")
    path = jobs.link("a")
    assert path is not None
    assert path.read_bytes() == b"new"
    assert jobs.on_disk() == 23


async def test_a_file_larger_than_the_cache_is_not_kept(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, max_bytes=9)
    path = await jobs.keep("a", stay=True)
    assert not jobs.has("a")
    assert path.read_bytes() == b"0123456789"


def poison(path: Path, how: str) -> None:
    if how == "gone":
        path.unlink()
        return
    if how in {"replaced", "linked"}:
        status = path.stat()
        other = path.with_name("other")
        other.write_bytes(b"9876543210")  # before the first is removed: it could get the same inode
        path.unlink()
        os.utime(other, ns=(status.st_mtime_ns, status.st_mtime_ns))
        other.rename(path) if how == "replaced" else path.symlink_to(other)
        return
    path.chmod(0o644)
    if how == "truncated":
        os.truncate(path, 5)
    else:
        path.write_bytes(b"9876543210")


@pytest.mark.parametrize("how", ["written", "truncated", "replaced", "linked", "gone"])
async def test_a_changed_file_is_not_served(tmp_path: Path, how: str) -> None:
    jobs = Jobs(tmp_path)
    await jobs.keep("a")
    (kept,) = jobs.folder.iterdir()
    poison(kept, how)
    assert jobs.link("a") is None
    assert not [path for path in tmp_path.iterdir() if path != jobs.folder]
    await jobs.keep("a")
    assert jobs.has("a")


async def test_a_file_that_a_job_has_changed_is_not_served(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path)
    own = await jobs.keep("a", stay=True)
    own.chmod(0o644)
    own.write_bytes(b"9876543210")
    assert jobs.link("a") is None


async def test_room_is_made_by_evicting_unused_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = Jobs(tmp_path, min_free_bytes=5)
    used = await jobs.keep("a", stay=True)
    for name in "bcd":
        await jobs.keep(name)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    assert await jobs.cache.make_room(7)
    monkeypatch.undo()
    assert used.exists()
    assert [name for name in "abcd" if jobs.has(name)] == ["a", "d"]


async def test_an_unwritable_disk_fails_no_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    jobs = Jobs(tmp_path)
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    path = await jobs.keep("a", stay=True)
    assert path.read_bytes() == b"0123456789"
    assert jobs.link("a") is None


class FullDisk:
    """A remote store whose downloads fit on the disk only if the cache is empty."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def identity(self, source: FileSource) -> str | None:
        return source.url

    def open_ranges(self, source: FileSource) -> RangeRequests:
        raise NotImplementedError

    async def download(
        self,
        source: FileSource,
        folder: Path,
        meter: TransferMeter,
        cached: Download | None = None,
    ) -> Download:
        if self.folder.exists() and list(self.folder.iterdir()):
            raise DiskFull("The worker's disk has no space for the input.")
        path = folder / "input"
        path.write_bytes(b"x")
        return Download(path, None)


async def test_a_download_that_does_not_fit_evicts_cached_files(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path)
    await jobs.keep("a")
    storage = RemoteSource(FullDisk(jobs.folder), jobs.cache)
    path = await storage.fetch(FileSource(url="https://h/b"), tmp_path, TransferMeter())
    assert path.read_bytes() == b"x"
    await jobs.keep("c", stay=True)  # in use: dropping it frees nothing
    with pytest.raises(DiskFull):
        await storage.fetch(FileSource(url="https://h/b"), tmp_path, TransferMeter())
    assert jobs.has("c")


async def test_whole_files_and_blocks_share_the_space(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, max_bytes=4096)
    file, release = jobs.cache.blocks.hold("film", SourceVersion(300 << 30, '"1"'))
    await file.write(bytes(4096), 0, 0)
    await jobs.keep("a")
    release()  # the blocks and the file are more than the space
    assert jobs.cache.blocks.find("film") is None
    assert jobs.has("a")
    assert not await jobs.cache.make_room()


async def test_a_full_disk_evicts_blocks_that_no_job_holds(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path)
    held, release = jobs.cache.blocks.hold("held", SourceVersion(1 << 20, '"1"'))
    _, give_back = jobs.cache.blocks.hold("film", SourceVersion(1 << 20, '"1"'))
    give_back()
    assert await jobs.cache.make_room(1 << 62)
    assert (jobs.cache.blocks.find("held"), jobs.cache.blocks.find("film")) == (held, None)
    release()
    jobs.cache.blocks.close()


async def test_blocks_take_up_to_half_of_the_space_from_files(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, max_bytes=20_000)
    for name in "abcd":
        await jobs.keep(name, data=bytes(5000))
    _, release = await _hold_blocks(jobs, 8192)
    release()
    await jobs.cache.make_room()
    assert jobs.cache.blocks.allocated_bytes == 8192
    assert [name for name in "abcd" if jobs.has(name)] == ["c", "d"]
    _, release = await _hold_blocks(jobs, 16384)
    release()
    assert jobs.cache.blocks.allocated_bytes == 0
    assert [name for name in "cd" if jobs.has(name)] == ["c", "d"]
    jobs.cache.blocks.close()


async def _hold_blocks(jobs: Jobs, size: int) -> tuple[SparseFile, Callable[[], None]]:
    file, release = jobs.cache.blocks.hold("film", SourceVersion(300 << 30, '"1"'))
    await file.write(bytes(size), 0, 0)
    return file, release
