"""Folders of queued jobs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ffmpeg_worker.errors import DiskFull, Misconfigured
from ffmpeg_worker.job_queue.job_folders import JobFolders


def test_processes_that_share_the_folder_find_one_name(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        places = set(threads.map(lambda _number: JobFolders(tmp_path / "jobs").place, range(16)))
    assert len(places) == 1
    assert [path.name for path in (tmp_path / "jobs").iterdir()] == ["place.id"]
    assert JobFolders(tmp_path / "other").place not in places


def test_the_folders_are_private(tmp_path: Path) -> None:
    folders = JobFolders(tmp_path / "jobs")
    assert folders.of("job").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "jobs").stat().st_mode & 0o777 == 0o700


async def test_working_files_go_and_outputs_stay(tmp_path: Path) -> None:
    folders = JobFolders(tmp_path / "jobs")
    folder = folders.of("job")
    for name in ("work", "work-1", "outputs"):
        (folder / name / "sub").mkdir(parents=True)
        (folder / name / "sub" / "file").write_text("content")
    for name in ("work.lock", "work-1.lock"):
        (folder / name).touch()
    assert folders.has_outputs("job")
    await folders.remove_work("job")
    assert [path.name for path in folder.iterdir()] == ["outputs"]
    await folders.remove("job")
    assert not folder.exists()


async def test_a_folder_without_outputs_goes(tmp_path: Path) -> None:
    folders = JobFolders(tmp_path / "jobs")
    (folders.of("job") / "work").mkdir()
    (folders.of("job") / "work.lock").touch()
    folders.outputs_of("job").mkdir()
    assert not folders.has_outputs("job")
    await folders.remove_work("job")
    assert not (tmp_path / "jobs" / "job").exists()
    await folders.remove_work("job")
    await folders.remove("job")
    assert not folders.has_outputs("unknown")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match="file/jobs"):
        JobFolders(tmp_path / "file" / "jobs")


def test_a_full_disk_is_told_from_other_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = JobFolders(tmp_path / "jobs")
    (tmp_path / "jobs" / "file").touch()
    with pytest.raises(FileExistsError):
        folders.of("file")

    def full(_path: Path, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ffmpeg_worker.job_queue.job_folders.Path.mkdir", full)
    with pytest.raises(DiskFull):
        folders.of("job")
