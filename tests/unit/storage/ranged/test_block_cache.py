"""Which sparse files are kept for later jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ffmpeg_worker.storage.ranged.block_cache import BlockCache
from ffmpeg_worker.storage.ranged.range_requests import SourceVersion
from ffmpeg_worker.storage.ranged.sparse_file import SparseFile
from support.processes import open_descriptors

MIB = 1 << 20
ONE = SourceVersion(300 << 30, '"1"')
TWO = SourceVersion(300 << 30, '"2"')


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[BlockCache]:
    made = BlockCache(tmp_path / "kept", lambda: 3 * MIB + MIB // 2)
    yield made
    made.close()
    assert files(tmp_path) == 0


async def fill(file: SparseFile, size: int = MIB) -> None:
    await file.write(bytes(size), 200 << 30, 0)


def files(tmp_path: Path) -> int:
    return len(list((tmp_path / "kept").iterdir()))


async def test_a_file_stays_for_later_jobs_and_counts_what_it_takes(cache: BlockCache, tmp_path: Path) -> None:
    file, release = cache.hold("a", ONE)
    await fill(file)
    release()
    assert cache.find("a") is file
    assert MIB <= cache.allocated_bytes < 2 * MIB
    assert cache.hold("a", ONE)[0] is file


async def test_the_least_recently_used_file_goes_first(cache: BlockCache, tmp_path: Path) -> None:
    for name in "abacd":
        file, release = cache.hold(name, ONE)
        if not file.present.total():
            await fill(file)
        release()
    assert [name for name in "abcd" if cache.find(name)] == ["a", "c", "d"]
    assert files(tmp_path) == 3


async def test_evicted_files_are_freed_before_the_write_is_tried_again(cache: BlockCache) -> None:
    before = open_descriptors()
    for name in "ab":
        file, release = cache.hold(name, ONE)
        await fill(file)
        release()
    assert await cache.evict(2 * MIB)
    assert (cache.find("a"), cache.find("b"), open_descriptors()) == (None, None, before)
    assert not await cache.evict(1)


async def test_a_file_that_a_job_holds_is_not_removed(cache: BlockCache) -> None:
    held, release = cache.hold("held", ONE)
    await fill(held, 4 * MIB)
    _, give_back = cache.hold("other", ONE)
    give_back()
    assert (cache.find("held"), cache.find("other")) == (held, None)
    assert not await cache.evict(1)
    release()
    assert cache.find("held") is None
    assert cache.allocated_bytes == 0


async def test_a_new_version_replaces_the_file_and_leaves_it_to_its_jobs(
    cache: BlockCache, tmp_path: Path
) -> None:
    old, release_old = cache.hold("a", ONE)
    await fill(old)
    new, release_new = cache.hold("a", TWO)
    assert cache.find("a") is new is not old
    assert old.path.exists()
    assert cache.allocated_bytes >= MIB
    release_old()
    assert not old.path.exists()
    release_new()
    assert files(tmp_path) == 1
