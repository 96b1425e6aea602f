"""Removing what a killed run has written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.pipeline import folder_state
from ffmpeg_worker.pipeline.folder_state import FolderState


@pytest.fixture
def lane(tmp_path: Path) -> Path:
    """A working directory with an input, an earlier output, and a folder with another one."""
    lane = tmp_path / "job/lane-0"
    (lane / STAGING_FOLDER).mkdir(parents=True)
    (lane / STAGING_FOLDER / "input").write_text("input")
    (lane / "earlier.mp4").write_text("earlier")
    (lane / "out").mkdir()
    (lane / "out/one.mp4").write_text("one")
    return lane


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


async def test_new_files_and_folders_are_removed(lane: Path) -> None:
    before = names(lane.parent)
    state = FolderState(lane)
    (lane / "new.mp4").write_text("half")
    (lane / "out/two.mp4").write_text("half")
    (lane / "out/deep/er").mkdir(parents=True)
    (lane / "out/deep/er/three.ts").write_text("half")
    (lane / "link").symlink_to("/etc/passwd")
    assert await state.restore(lane.parent)
    assert names(lane.parent) == before
    assert Path("/etc/passwd").exists()
    assert (lane / "earlier.mp4").read_text() == "earlier"


async def test_nothing_new_is_nothing_to_remove(lane: Path) -> None:
    before = names(lane.parent)
    assert await FolderState(lane).restore(lane.parent)
    assert names(lane.parent) == before


def _append(lane: Path) -> None:
    with (lane / "out/one.mp4").open("a") as file:
        file.write("more")


def _remove(lane: Path) -> None:
    (lane / "earlier.mp4").unlink()


def _replace(lane: Path) -> None:
    (lane / "other").write_text("earlier")
    (lane / "other").rename(lane / "earlier.mp4")


def _upload(lane: Path) -> None:
    os.link(lane / "new.mp4", lane.parent / "being-uploaded")


def _exceed(lane: Path) -> None:
    for number in range(10):
        (lane / f"{number}.jpg").touch()


@pytest.mark.parametrize("change", [_append, _remove, _replace, _upload, _exceed])
async def test_what_cannot_be_undone_stays_as_it_is(
    lane: Path, change: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_state, "_MAX_ENTRIES", 10)
    state = FolderState(lane)
    (lane / "new.mp4").write_text("half")
    change(lane)
    after = names(lane.parent)
    assert not await state.restore(lane.parent)
    assert names(lane.parent) == after


async def test_a_folder_with_too_many_files_is_not_restored(lane: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_state, "_MAX_ENTRIES", 2)
    assert not await FolderState(lane).restore(lane.parent)
