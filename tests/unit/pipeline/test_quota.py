"""Limits of what a job may write."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ffmpeg_worker.errors import DiskFull, JobTooLarge
from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.pipeline import quota as module
from ffmpeg_worker.pipeline.quota import Quota

NEVER = 1 << 60


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOOK_EVERY_S", 0.01)


async def test_work_within_the_limits_gives_its_result(tmp_path: Path) -> None:
    async def work() -> int:
        (tmp_path / "a").write_bytes(bytes(10))
        return 7

    assert await Quota(1 << 20, 10, 0).hold(work(), tmp_path) == 7


@pytest.mark.parametrize(
    ("quota", "kind", "message"),
    [
        (Quota(1 << 20, 10_000, 0), JobTooLarge, "more than 1 MiB"),
        (Quota(NEVER, 3, 0), JobTooLarge, "more than 3 files"),
        (Quota(NEVER, 10_000, NEVER), DiskFull, "nearly full"),
    ],
)
async def test_work_is_cancelled_above_a_limit(
    tmp_path: Path, quota: Quota, kind: type[Exception], message: str
) -> None:
    cancelled = asyncio.Event()

    async def work() -> None:
        for number in range(5):
            (tmp_path / str(number)).write_bytes(bytes(1 << 19))
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async with asyncio.timeout(10):
        with pytest.raises(kind, match=message):
            await quota.hold(work(), tmp_path)
    assert cancelled.is_set()


async def test_inputs_do_not_count(tmp_path: Path) -> None:
    staging = tmp_path / "lane-0" / STAGING_FOLDER
    staging.mkdir(parents=True)
    (staging / "input.mp4").write_bytes(bytes(3 << 20))
    looked = asyncio.Event()
    asyncio.get_running_loop().call_later(0.1, looked.set)
    await Quota(1 << 20, 10, 0).hold(looked.wait(), tmp_path)


async def test_the_failure_of_the_work_is_its_own(tmp_path: Path) -> None:
    async def work() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        await Quota(NEVER, 10, 0).hold(work(), tmp_path)


async def test_what_was_written_is_reported_and_the_listener_may_stop_the_work(tmp_path: Path) -> None:
    cancelled, seen = asyncio.Event(), []

    async def work() -> None:
        (tmp_path / "a").write_bytes(bytes(8192))
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    def listen(size: int) -> None:
        seen.append(size)
        if len(seen) == 2:
            raise KeyError

    async with asyncio.timeout(10):
        with pytest.raises(KeyError):
            await Quota(NEVER, 10, 0).hold(work(), tmp_path, listen)
    assert cancelled.is_set()
    assert seen == [8192, 8192]


def test_a_sparse_file_counts_as_large_as_it_claims_to_be(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as file:
        file.truncate(100 << 30)
    with pytest.raises(JobTooLarge, match="more than 1 MiB"):
        Quota(1 << 20, 10, 0).check_written(tmp_path)


def test_a_file_with_two_names_counts_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(700_000))
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    Quota(1 << 20, 10, 0).check_written(tmp_path)


def test_a_copy_that_is_larger_than_a_job_may_write_is_refused() -> None:
    Quota(1 << 20, 10, 0).check_copy(1 << 20)
    with pytest.raises(JobTooLarge):
        Quota(1 << 20, 10, 0).check_copy((1 << 20) + 1)
