"""The data root and the allowed folders: what is not usable is said at the start."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

import pytest

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.settings import read_settings
from ffmpeg_worker.storage.local.roots import LocalRoots


def test_the_data_root_is_made(tmp_path: Path) -> None:
    assert LocalRoots(tmp_path / "a/b").data_root == tmp_path / "a/b"


@pytest.mark.parametrize("name", ["file", "file/below", "loop", "loop/below", "nul\0", "/proc/nothing", "/proc"])
def test_an_unusable_data_root_is_a_wrong_setting(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(Misconfigured, match="data root") as caught:
        LocalRoots(tmp_path / name)
    assert (caught.value.exit_code, "FS_PATH" in str(caught.value.hint)) == (78, True)


def test_a_data_root_that_can_only_be_read_serves_jobs_that_upload(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with caplog.at_level(logging.WARNING, "ffmpeg_worker"):
        assert LocalRoots(tmp_path).data_root == tmp_path
    assert "cannot be written" in caplog.text
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(Misconfigured, match="Permission denied"):
        LocalRoots(tmp_path)


@pytest.mark.parametrize("missing", ["nowhere", "a b", "file"])
def test_an_allowed_folder_must_exist(tmp_path: Path, missing: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match=missing) as caught:
        LocalRoots(tmp_path / "data", [tmp_path, tmp_path / missing])
    assert "FFMPEG_WORKER_ALLOWED_ROOTS" in caught.value.message


@pytest.mark.parametrize(
    ("text", "folders"),
    [
        ("/a:/b", ("/a", "/b")),
        ("/a,/b", ("/a", "/b")),
        ("/a, /b,", ("/a", "/b")),
        ("/a:/b,/c", ("/a", "/b", "/c")),
        ("/a,b", ("/a,b",)),
        ("/only", ("/only",)),
        ("", ()),
    ],
)
def test_allowed_folders_are_separated_by_colons_or_commas(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, folders: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FFMPEG_WORKER_ALLOWED_ROOTS", text)
    assert read_settings().allowed_roots == tuple(Path(folder) for folder in folders)


def test_private_folders_are_no_jobs_business(tmp_path: Path) -> None:
    state = tmp_path / "state"
    roots = LocalRoots(tmp_path, [tmp_path], [state])
    assert roots.resolve("state/jobs.db") is None
    assert roots.resolve(str(state / "seal.key")) is None
    assert roots.resolve("film/../state/seal.key") is None
    assert roots.resolve("states/a.mp4") == tmp_path / "states/a.mp4"


def test_outputs_of_a_queued_job_lie_in_a_private_folder(tmp_path: Path) -> None:
    state = tmp_path / "state"
    roots = LocalRoots(state / "jobs/1/outputs", [tmp_path], [state])
    assert roots.resolve("o.mp4") == state / "jobs/1/outputs/o.mp4"
    assert roots.resolve("../../2/outputs/o.mp4") is None
    assert roots.resolve(str(state / "jobs/2/outputs/o.mp4")) is None
    assert roots.resolve(str(tmp_path / "o.mp4")) == tmp_path / "o.mp4"
