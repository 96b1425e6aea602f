"""Bytes of outputs in the data root: the shares of owners, what a restart remembers, and room on the disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ffmpeg_worker.errors import DiskFull, KeyLimitReached, Misconfigured
from ffmpeg_worker.storage.local import data_usage as module
from ffmpeg_worker.storage.local.data_usage import DataUsage
from ffmpeg_worker.storage.local.roots import LocalRoots
from ffmpeg_worker.storage.local.target import LocalTarget
from ffmpeg_worker.storage.transfer import TransferMeter


class Store:
    """A data root, and deliveries of owners to it."""

    def __init__(self, root: Path, **limits: Any) -> None:
        self.roots = LocalRoots(root / "data")
        self.work = root / "work"
        self.work.mkdir(exist_ok=True)
        self.usage = DataUsage(self.roots, **limits)

    async def deliver(self, owner: str, **sizes: int) -> None:
        """Deliver files of these sizes."""
        opened = LocalTarget(self.roots, self.usage, owner).open_delivery(TransferMeter())
        for name, size in sizes.items():
            path = self.work / f"{owner}-{name}"
            path.unlink(missing_ok=True)
            path.write_bytes(bytes(size))
            opened.send(name, path)
        await opened.finish()

    def names(self) -> set[str]:
        return {path.name for path in self.roots.data_root.iterdir()}


@pytest.fixture(autouse=True)
def _marks(tmp_path: Path) -> None:
    try:
        os.setxattr(tmp_path, "user.test", b"")
    except OSError:
        pytest.skip("the file system of the temporary folder has no extended attributes")


@pytest.fixture(autouse=True)
def _count_whenever_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RECOUNT_S", 0.0)


async def test_outputs_of_a_key_are_limited(tmp_path: Path) -> None:
    store = Store(tmp_path, max_bytes_per_key=100)
    await store.deliver("a", one=60, two=40)
    with pytest.raises(KeyLimitReached) as caught:
        await store.deliver("a", three=1)
    assert (caught.value.code, caught.value.retryable) == ("key_data_full", True)
    await store.deliver("b", four=100)
    assert store.names() == {"one", "two", "four"}
    assert store.usage.bytes_by_owner == {"a": 100, "b": 100}


async def test_replacing_an_output_counts_it_once_and_for_who_replaced_it(tmp_path: Path) -> None:
    store = Store(tmp_path, max_bytes_per_key=100)
    await store.deliver("a", one=60)
    await store.deliver("a", one=30)
    assert store.usage.bytes_by_owner == {"a": 30}
    await store.deliver("b", one=10)
    assert store.usage.bytes_by_owner == {"b": 10}


async def test_a_deleted_output_no_longer_counts(tmp_path: Path) -> None:
    store = Store(tmp_path, max_bytes_per_key=100)
    await store.deliver("a", one=100)
    (store.roots.data_root / "one").unlink()
    await store.deliver("a", two=100)


async def test_outputs_from_before_the_start_count_and_other_files_do_not(tmp_path: Path) -> None:
    await Store(tmp_path, max_bytes_per_key=100).deliver("a", one=60)
    (tmp_path / "data/film.mp4").write_bytes(bytes(500))
    store = Store(tmp_path, max_bytes_per_key=100)
    with pytest.raises(KeyLimitReached):
        await store.deliver("a", two=41)
    await store.deliver("a", two=40)


async def test_a_delivery_that_fails_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path, max_bytes_per_key=100)

    def fail(*_: object, **_options: object) -> None:
        raise OSError(5, "I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", fail)
        with pytest.raises(Exception, match="cannot be written"):
            await store.deliver("a", one=100)
    assert store.usage.bytes_by_owner["a"] == 0
    await store.deliver("a", one=100)


@pytest.mark.parametrize(("free", "fits"), [(12, True), (11, False)])
async def test_with_several_keys_each_leaves_a_tenth_to_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, fits: bool
) -> None:
    store = Store(tmp_path, has_several_keys=True)
    await store.deliver("a", one=99)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=free))
    if fits:
        await store.deliver("a", two=9)
        return
    with pytest.raises(KeyLimitReached):
        await store.deliver("a", two=9)
    await store.deliver("b", two=9)


async def test_outputs_of_a_single_key_are_neither_limited_nor_marked(tmp_path: Path) -> None:
    store = Store(tmp_path)
    await store.deliver("a", one=60)
    assert os.listxattr(store.roots.data_root / "one") == []
    assert not store.usage.is_counted


def test_a_limit_needs_a_file_system_with_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "not supported")

    monkeypatch.setattr(os, "setxattr", refuse)
    with pytest.raises(Misconfigured, match="extended attributes"):
        Store(tmp_path, max_bytes_per_key=100)
    assert not Store(tmp_path, has_several_keys=True).usage.is_counted


@pytest.mark.parametrize(("free", "fits"), [(50, True), (49, False)])
async def test_a_nearly_full_disk_takes_no_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, fits: bool
) -> None:
    store = Store(tmp_path, min_free_bytes=100)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=free))
    with pytest.raises(DiskFull):
        LocalTarget(store.roots, store.usage).check(["sub/one"])
    if fits:
        await store.deliver("a", one=10)
        return
    with pytest.raises(DiskFull):
        await store.deliver("a", one=10)
    assert store.names() == set()


async def test_a_copy_from_another_disk_needs_room_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path, min_free_bytes=100)
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system")
    store.work = other / f"ffmpeg-worker-test-{os.getpid()}"
    store.work.mkdir()
    try:
        monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=60))
        await store.deliver("a", one=10)
        with pytest.raises(DiskFull):
            await store.deliver("a", two=11)
    finally:
        shutil.rmtree(store.work)


async def test_outputs_of_queued_jobs_count_too(tmp_path: Path) -> None:
    store = Store(tmp_path, max_bytes_per_key=100)
    await store.deliver("a", one=60)
    queued = tmp_path / "jobs"
    (queued / "job" / "outputs").mkdir(parents=True)
    path = queued / "job" / "outputs" / "two"
    path.write_bytes(bytes(30))
    store.usage.mark(path, "a")
    os.link(path, queued / "job" / "the-same-file")
    store.usage.add_folder(queued)
    with pytest.raises(KeyLimitReached):
        await store.deliver("a", three=11)
    await store.deliver("a", three=10)
    path.unlink()
    (queued / "job" / "the-same-file").unlink()
    await store.deliver("a", four=30)


def test_a_limit_needs_marks_in_the_folder_of_queued_jobs_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = DataUsage(LocalRoots(tmp_path), max_bytes_per_key=1)
    monkeypatch.setattr(module, "supports_marks", lambda _: False)
    with pytest.raises(Misconfigured, match="extended attributes"):
        usage.add_folder(tmp_path)
    DataUsage(LocalRoots(tmp_path)).add_folder(tmp_path)
