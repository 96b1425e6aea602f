"""Bytes in the scratch folder: the shares of owners, and room on the disk."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from ffmpeg_worker.errors import DiskFull, KeyLimitReached
from ffmpeg_worker.pipeline.scratch import open_scratch
from ffmpeg_worker.pipeline.scratch_usage import ScratchUsage

FOLDER = Path("/nowhere")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The disk of the folder; a test changes what is free."""
    state = SimpleNamespace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: state)
    return state


def test_all_bytes_of_an_owner_count_until_its_jobs_end(disk: SimpleNamespace) -> None:
    usage = ScratchUsage(FOLDER)
    with usage.open_job("a") as first, usage.open_job("a") as second, usage.open_job("b") as third:
        first.set_fetched(10)
        first.set_fetched(20)
        first.add_copy(5)
        second.set_written(100)
        second.set_written(70)
        third.set_written(1)
        assert usage.bytes_by_owner == {"a": 95, "b": 1}
    assert usage.bytes_by_owner == {}


def test_the_limit_of_a_key_is_for_all_its_jobs_together(disk: SimpleNamespace) -> None:
    usage = ScratchUsage(FOLDER, max_bytes_per_key=100)
    with usage.open_job("a") as first, usage.open_job("a") as second, usage.open_job("b") as other:
        first.set_written(60)
        second.set_fetched(40)
        with pytest.raises(KeyLimitReached) as caught:
            first.set_written(61)
        assert (caught.value.code, caught.value.retryable) == ("key_scratch_full", True)
        other.set_written(100)
        with pytest.raises(KeyLimitReached), usage.open_job("a"):
            raise AssertionError
        first.set_written(50)
        with usage.open_job("a"):
            pass


def test_a_copy_is_refused_before_it_is_made(disk: SimpleNamespace) -> None:
    usage = ScratchUsage(FOLDER, max_bytes_per_key=100, min_free_bytes=900)
    with usage.open_job("a") as job:
        job.add_copy(100)
        with pytest.raises(KeyLimitReached):
            job.add_copy(1)
        with pytest.raises(DiskFull):
            job.add_copy(101)
        assert usage.bytes_by_owner == {"a": 100}


def test_a_single_key_may_fill_the_disk_down_to_the_minimum(disk: SimpleNamespace) -> None:
    with ScratchUsage(FOLDER, min_free_bytes=100).open_job("a") as job:
        job.set_written(1_000_000)
        job.add_copy(900)
        with pytest.raises(DiskFull):
            job.check_room(901)


def test_with_several_keys_none_holds_more_than_it_leaves_free(disk: SimpleNamespace) -> None:
    usage = ScratchUsage(FOLDER, has_several_keys=True)
    with usage.open_job("a") as first, usage.open_job("b") as second:
        disk.free = 500
        first.set_written(500)
        disk.free = 499
        with pytest.raises(KeyLimitReached):
            first.set_written(501)
        second.set_written(200)


def test_a_job_that_gives_up_space_is_not_stopped_for_it(disk: SimpleNamespace) -> None:
    usage = ScratchUsage(FOLDER, has_several_keys=True)
    with usage.open_job("a") as job:
        job.set_written(800)
        disk.free = 10
        job.set_written(700)


async def test_the_bytes_of_a_job_are_free_when_its_folder_is_removed(tmp_path: Path) -> None:
    with open_scratch(tmp_path, max_bytes_per_key=100) as scratch:
        async with scratch.workspace("job", "a") as workspace:
            workspace.usage.set_written(100)
            with pytest.raises(KeyLimitReached):
                workspace.usage.add_copy(1)
            assert scratch.usage.bytes_by_owner == {"a": 100}
        assert scratch.usage.bytes_by_owner == {}
