"""Large files are freed by a thread, after they have been removed or replaced."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ffmpeg_worker.file_space import SMALL_BYTES, freeing_later
from support.closed_files import note_closed_files


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    return note_closed_files(monkeypatch)


def make(path: Path, size: int = SMALL_BYTES + 1) -> Path:
    path.write_bytes(bytes(size))
    return path


async def test_a_large_file_is_freed_by_a_thread(tmp_path: Path, closed: list[tuple[str, bool]]) -> None:
    removed, replaced = make(tmp_path / "removed"), make(tmp_path / "replaced")
    with freeing_later(removed, replaced):
        removed.unlink()
        make(tmp_path / "new", 3).replace(replaced)
        assert closed == []
    assert replaced.read_bytes() == bytes(3)
    await asyncio.get_running_loop().shutdown_default_executor()
    assert sorted(closed) == [("removed (deleted)", True), ("replaced (deleted)", True)]


async def test_a_failure_inside_frees_too(tmp_path: Path, closed: list[tuple[str, bool]]) -> None:
    with pytest.raises(ZeroDivisionError), freeing_later(make(tmp_path / "kept")):
        raise ZeroDivisionError
    await asyncio.get_running_loop().shutdown_default_executor()
    assert closed == [("kept", True)]


async def test_nothing_is_held_that_frees_no_space(tmp_path: Path, closed: list[tuple[str, bool]]) -> None:
    linked, folder, link = make(tmp_path / "linked"), tmp_path / "folder", tmp_path / "link"
    (tmp_path / "other name").hardlink_to(linked)
    folder.mkdir()
    link.symlink_to(linked)
    with freeing_later(make(tmp_path / "small", SMALL_BYTES), tmp_path / "missing", linked, folder, link):
        pass
    await asyncio.get_running_loop().shutdown_default_executor()
    assert closed == []


def test_without_an_event_loop_nothing_is_held(tmp_path: Path, closed: list[tuple[str, bool]]) -> None:
    with freeing_later(path := make(tmp_path / "a")):
        path.unlink()
    assert closed == []
