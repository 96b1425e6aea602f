"""Files of an owner, their drafts, and what remains of uploads that fail."""

from __future__ import annotations

import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.api.receive_file import receive_file
from ffmpeg_worker.errors import DiskFull, FileError, InvalidJob, KeyLimitReached, WorkerError
from ffmpeg_worker.storage.local.data_usage import DataUsage
from ffmpeg_worker.storage.local.draft import find_resumable, open_draft, open_resumable
from ffmpeg_worker.storage.local.file_area import UPLOADS, FileArea
from ffmpeg_worker.storage.local.file_retention import FileRetention
from ffmpeg_worker.storage.local.roots import LocalRoots
from ffmpeg_worker.storage.local.source import LocalSource


def make_area(root: Path, **limits: Any) -> FileArea:
    roots = LocalRoots(root)
    return FileArea(roots, DataUsage(roots, **limits), "key-a")


async def put(area: FileArea, name: str, content: bytes = b"x") -> os.stat_result:
    with open_draft(area) as draft:
        await draft.write([content])
        return draft.place(name)


def left(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


async def test_a_list_has_the_order_of_the_names_and_goes_on_after_any(tmp_path: Path) -> None:
    area = make_area(tmp_path)
    names = ["a-b", "a/b", "a/c/d", "a0", "ä", "b", "z/z"]
    for name in names:
        await put(area, name)
    (tmp_path / ".hidden").touch()
    for after in ("", *names, "a/", "m"):
        expected = [name for name in sorted(names) if name > after]
        assert [file.name for file in area.list("", after, 100)] == expected
        assert [file.name for file in area.list("a/", after, 1)] == [n for n in expected if n.startswith("a/")][:1]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "invalid_name"),
        ("..", "invalid_name"),
        ("a/../b", "path_outside_root"),
        ("/a", "path_outside_root"),
        ("a\0", "invalid_name"),
        ("a\n", "invalid_name"),
        (".a", "invalid_name"),
        ("a/.b/c", "invalid_name"),
        ("a//b", "invalid_name"),
        ("./a", "invalid_name"),
        ("a/", "invalid_name"),
        ("~a", "invalid_name"),
        ("s3://a", "invalid_name"),
        ("a" * 300, "invalid_name"),
        ("link/a", "path_outside_root"),
    ],
)
async def test_names_that_no_file_may_have(tmp_path: Path, name: str, code: str) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root/link").symlink_to(tmp_path)
    with pytest.raises(InvalidJob) as caught:
        await put(make_area(tmp_path / "root"), name)
    assert caught.value.code == code
    assert left(tmp_path) == ["root", "root/link"]


async def test_a_folder_and_a_file_are_in_each_others_way(tmp_path: Path) -> None:
    area = make_area(tmp_path)
    await put(area, "a/b")
    for name in ("a", "a/b/c"):
        with pytest.raises(FileError) as caught:
            await put(area, name)
        assert caught.value.code == "file_in_the_way"
    area.remove("a/b")
    assert left(tmp_path) == []


async def test_what_is_served_stays_until_the_last_byte(tmp_path: Path) -> None:
    area = make_area(tmp_path)
    await put(area, "a", b"old")
    with open_draft(area) as draft:
        await draft.write([b"n", bytearray(b"ew")])
        with area.open("a") as file:
            assert file.read() == b"old"
            draft.place("a")
            assert os.pread(file.fileno(), 9, 0) == b"old"
    with pytest.raises(FileError) as caught, open_draft(area) as draft:
        draft.place("a", replaces=False)
    assert caught.value.code == "file_exists"
    assert (tmp_path / "a").read_bytes() == b"new"
    assert left(tmp_path) == ["a"]


async def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    area = make_area(tmp_path)
    monkeypatch.setattr(os, "pwritev", fail)
    with pytest.raises(DiskFull), open_draft(area) as draft:
        await draft.write([b"x"])
    with pytest.raises(DiskFull), open_resumable(area, "a", 9, starts=True) as draft:
        await draft.write([b"x"])
    with pytest.raises(DiskFull), open_draft(make_area(tmp_path, min_free_bytes=1 << 60)) as draft:
        await draft.expect(1)
    assert left(tmp_path) == []


async def test_bytes_are_counted_until_the_file_is_gone(tmp_path: Path) -> None:
    area = make_area(tmp_path, max_bytes_per_key=100, max_bytes=120)

    def held() -> dict[str, int]:
        return dict(+area.usage.bytes_by_owner)

    await put(area, "a", bytes(60))
    with pytest.raises(KeyLimitReached), open_draft(area) as draft:
        await draft.expect(50)
    with open_resumable(area, "b", 100, starts=True) as draft:
        await draft.write([bytes(30)])
    assert held() == {"key-a": 90}
    await put(area, "a", bytes(10))  # its place is free when the new one is there
    assert held() == {"key-a": 40}
    other = FileArea(LocalRoots(tmp_path), area.usage, "key-b")
    with pytest.raises(FileError) as caught, open_draft(other) as draft:
        await draft.write([bytes(90)])
    assert caught.value.code == "data_full"
    area.remove("a")
    assert held() == {"key-a": 30}


async def test_parts_continue_and_do_not_mix(tmp_path: Path) -> None:
    area = make_area(tmp_path)
    with open_resumable(area, "a", 4, starts=True) as draft:
        await draft.write([b"01"])
        with pytest.raises(FileError) as caught:
            open_resumable(area, "a", 4, starts=False)
        assert caught.value.code == "upload_in_progress"
    assert find_resumable(area, "a") == (2, 4)
    with pytest.raises(FileError) as caught:
        open_resumable(area, "a", 5, starts=False)
    assert caught.value.code == "upload_offset_wrong"
    with open_resumable(area, "a", 4, starts=False) as draft:
        assert draft.length == 2
        await draft.write([b"23"])
        draft.place("a")
    assert (tmp_path / "a").read_bytes() == b"0123"
    assert left(tmp_path) == ["a"]


@pytest.mark.parametrize("sent", [b"012", b"01234"])
async def test_a_part_of_another_length_is_dropped(tmp_path: Path, sent: bytes) -> None:
    area = make_area(tmp_path)
    with open_resumable(area, "a", 9, starts=True) as draft:
        await draft.write([b"xy"])
        with pytest.raises(FileError) as caught:
            await receive_file(_blocks(sent), draft, expected=4, max_bytes=9)
    assert caught.value.code == "upload_size_wrong"
    assert find_resumable(area, "a") == (2, 9)


async def _blocks(content: bytes) -> AsyncIterator[list[bytes]]:
    yield [content]


async def test_keys_do_not_reach_each_others_files(tmp_path: Path) -> None:
    shared = LocalRoots(tmp_path, [Path("/")])
    own, other = shared.of_key("key-a"), shared.of_key("key-b")
    secret = other.data_root / "secret"
    for path in (secret, own.data_root / "mine", tmp_path / "common", own.data_root / "common"):
        path.write_text(path.name)
    source = LocalSource(shared, [own])
    from ffmpeg_worker.job.sources import FileSource
    from ffmpeg_worker.storage.transfer import TransferMeter

    async def fetch(name: str) -> Path:
        return await source.fetch(FileSource(url=name), tmp_path, TransferMeter())

    assert await fetch("mine") == own.data_root / "mine"
    assert await fetch(str(own.data_root / "mine")) == own.data_root / "mine"
    assert await fetch("common") == own.data_root / "common"
    assert await fetch(str(tmp_path / "common")) == tmp_path / "common"
    for name in ("secret", "../key-b/secret", str(secret), ".keys/key-b/secret"):
        with pytest.raises(WorkerError):
            await fetch(name)
    with pytest.raises(WorkerError):
        await source.find("../key-b/*")


async def test_only_uploads_expire(tmp_path: Path) -> None:
    area = make_area(tmp_path)
    await put(area, "old/uploaded")
    await put(area, "new")
    (tmp_path / "operator").touch()
    with open_resumable(area, "part", 9, starts=True) as draft:
        await draft.write([b"x"])
    (part,) = (tmp_path / UPLOADS).iterdir()
    for path in ("old/uploaded", "operator", f"{UPLOADS}/{part.name}"):
        os.utime(tmp_path / path, (1000, 1000))
    os.utime(tmp_path / "new", (1990, 1990))
    roots = LocalRoots(tmp_path)
    kept = FileRetention(roots, file_retention_s=None, upload_retention_s=5000, clock=lambda: 2000.0)
    assert kept.sweep() == 0
    removed = FileRetention(roots, file_retention_s=100, upload_retention_s=100, clock=lambda: 2000.0)
    assert removed.sweep() == 2
    assert left(tmp_path) == ["new", "operator"]
