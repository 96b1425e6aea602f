"""Outputs to local files: complete or absent, and repeatable after an interruption."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from ffmpeg_worker.errors import TargetForbidden, TargetUnavailable
from ffmpeg_worker.file_space import SMALL_BYTES
from ffmpeg_worker.storage.local import target as module
from ffmpeg_worker.storage.local.roots import LocalRoots
from ffmpeg_worker.storage.local.target import LocalDelivery, LocalTarget
from ffmpeg_worker.storage.transfer import TransferMeter
from support.closed_files import note_closed_files


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "a.mp4").write_bytes(b"a")
    (folder / "b.mp4").write_bytes(b"b")
    return folder


def delivery(tmp_path: Path, work: Path, names: str = "a.mp4 sub/b.mp4") -> LocalDelivery:
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    opened = LocalTarget(LocalRoots(data, ())).open_delivery(TransferMeter())
    for name in names.split():
        opened.send(name, work / Path(name).name)
    return opened


def files(tmp_path: Path) -> dict[str, bytes]:
    data = tmp_path / "data"
    return {str(path.relative_to(data)): path.read_bytes() for path in data.rglob("*") if path.is_file()}


async def test_files_appear_under_their_names_and_stay_where_they_were(tmp_path: Path, work: Path) -> None:
    places = await delivery(tmp_path, work).finish()
    assert files(tmp_path) == {"a.mp4": b"a", "sub/b.mp4": b"b"}
    assert places["sub/b.mp4"].path == str((tmp_path / "data/sub/b.mp4").resolve())
    assert (tmp_path / "data/a.mp4").samefile(work / "a.mp4")


async def test_the_space_of_a_replaced_file_is_freed_by_a_thread(
    tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await delivery(tmp_path, work).finish()
    (tmp_path / "data/a.mp4").unlink()
    (tmp_path / "data/a.mp4").write_bytes(bytes(SMALL_BYTES + 1))
    closed = note_closed_files(monkeypatch)
    await delivery(tmp_path, work).finish()
    await asyncio.get_running_loop().shutdown_default_executor()
    assert closed == [("a.mp4 (deleted)", True)]
    assert files(tmp_path) == {"a.mp4": b"a", "sub/b.mp4": b"b"}


async def test_a_delivery_interrupted_between_two_files_can_be_repeated(
    tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def stop_at_the_second(self: Path, target: Path) -> Path:
        if target.name == "b.mp4":
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        await delivery(tmp_path, work).finish()
    assert files(tmp_path) == {"a.mp4": b"a"}
    monkeypatch.undo()
    await delivery(tmp_path, work).finish()
    assert files(tmp_path) == {"a.mp4": b"a", "sub/b.mp4": b"b"}


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM])
async def test_without_hard_links_files_are_copied_or_moved(
    tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object, **_options: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)
    await delivery(tmp_path, work).finish()
    assert files(tmp_path) == {"a.mp4": b"a", "sub/b.mp4": b"b"}
    assert (work / "a.mp4").exists() == (number == errno.EXDEV)


@pytest.mark.parametrize(("number", "kind"), [(errno.ENOSPC, TargetUnavailable), (errno.EACCES, TargetForbidden)])
async def test_nothing_stays_of_a_delivery_that_fails(
    tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
) -> None:
    link = os.link

    def refuse_the_second(source: Path, target: Path, **options: bool) -> None:
        if source.name == "b.mp4":
            raise OSError(number, os.strerror(number))
        link(source, target, **options)

    monkeypatch.setattr(os, "link", refuse_the_second)
    with pytest.raises(kind):
        await delivery(tmp_path, work).finish()
    assert files(tmp_path) == {}


async def test_a_withdrawn_file_is_left_out(tmp_path: Path, work: Path) -> None:
    opened = delivery(tmp_path, work)
    opened.withdraw("a.mp4")
    await opened.finish()
    assert files(tmp_path) == {"sub/b.mp4": b"b"}


async def test_many_files_are_linked_in_a_thread(
    tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MAX_LINKS_ON_EVENT_LOOP", 1)
    await delivery(tmp_path, work).finish()
    assert files(tmp_path) == {"a.mp4": b"a", "sub/b.mp4": b"b"}
