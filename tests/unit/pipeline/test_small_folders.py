"""Small folders are worked on at once, others in a thread."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ffmpeg_worker.pipeline.small_folders import has_few_entries, work_on_folder


def _fill(folder: Path, count: int) -> Path:
    below = folder / "below"
    below.mkdir()
    for number in range(count - 1):
        (below / str(number)).touch()
    return folder


@pytest.mark.parametrize(("count", "is_few"), [(1, True), (32, True), (33, False), (40, False)])
def test_folders_and_what_is_below_them_count(tmp_path: Path, count: int, is_few: bool) -> None:
    assert has_few_entries(_fill(tmp_path, count)) == is_few


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    (tmp_path / "few").mkdir()
    (tmp_path / "few/link").symlink_to(_fill(tmp_path / "many", 40))
    assert has_few_entries(tmp_path / "few")


def test_a_folder_that_is_gone_is_left_to_a_thread(tmp_path: Path) -> None:
    assert not has_few_entries(tmp_path / "gone")


@pytest.mark.parametrize(("count", "is_own"), [(5, True), (40, False)])
async def test_the_work_is_done_where_it_is_quick(tmp_path: Path, count: int, is_own: bool) -> None:
    thread = await work_on_folder(_fill(tmp_path, count), threading.get_ident)
    assert (thread == threading.get_ident()) == is_own
