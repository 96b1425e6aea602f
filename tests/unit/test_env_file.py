"""The file `.env`: its encoding, unknown names in it, and the folder of the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ffmpeg_worker.env_file import enter_project
from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.settings import Settings, environment_variable_of, read_settings


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(environment_variable_of(name), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "runpod").mkdir(parents=True)
    (folder / "pyproject.toml").touch()
    return folder


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_sample_file_is_read(tmp_path: Path, encoding: str, end: str) -> None:
    lines = ("ENV=production", "", "VERSION=1.0.1", "TEST_INPUT_FILE_NAME=test-input-with-audio.json", "")
    (tmp_path / ".env").write_bytes(end.join(lines).encode(encoding))
    settings = read_settings()
    assert (settings.env, settings.version) == ("production", "1.0.1")
    assert settings.test_input_file_name == "test-input-with-audio.json"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("FFMPEG_WORKER_API_KEY", "Did you mean FFMPEG_WORKER_API_KEYS?"),
        ("ffmpeg_worker_sandboxx", "Did you mean FFMPEG_WORKER_SANDBOX?"),
        ("FFMPEG_WORKER_" + "Q" * 40, "docs/settings.md lists every setting."),
    ],
)
def test_an_unknown_name_is_refused_as_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, hint: str, encoding: str
) -> None:
    (tmp_path / ".env").write_text(f"{name}=sesame\n", encoding=encoding)
    with pytest.raises(Misconfigured, match=rf"{name} in the file \.env") as caught:
        read_settings()
    assert caught.value.hint == hint
    (tmp_path / ".env").unlink()
    monkeypatch.setenv(name, "sesame")
    with pytest.raises(Misconfigured, match=name) as again:
        read_settings()
    assert again.value.hint == hint
    assert "sesame" not in f"{caught.value.as_problem()} {again.value.as_problem()}"


@pytest.mark.parametrize("name", ["SOMEBODY_ELSES", "FFMPEG_OPTIONS", "MAX_SPEED"])
def test_names_of_other_programs_are_ignored(tmp_path: Path, name: str) -> None:
    (tmp_path / ".env").write_text(f"{name}=1\nPORT=4000\n")
    assert read_settings().port == 4000


@pytest.mark.parametrize("below", [".", "runpod"])
def test_within_the_project_its_folder_is_the_current_one(
    monkeypatch: pytest.MonkeyPatch, project: Path, below: str
) -> None:
    monkeypatch.chdir(project / below)
    (project / ".env").write_text("PORT=4000\n")
    enter_project(project)
    assert (Path.cwd(), read_settings().port) == (project, 4000)


def test_elsewhere_the_file_of_the_project_is_found(monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    elsewhere = Path.cwd()
    enter_project(project)
    assert Path.cwd() == elsewhere
    (project / ".env").write_text("PORT=4000\n")
    monkeypatch.setenv("FS_PATH", "media")
    monkeypatch.setenv("FFMPEG_WORKER_SCRATCH_ROOT", "/scratch")
    enter_project(project)
    assert (Path.cwd(), read_settings().port) == (project, 4000)
    assert os.environ["FS_PATH"] == str(elsewhere / "media")
    assert os.environ["FFMPEG_WORKER_SCRATCH_ROOT"] == "/scratch"


def test_the_file_of_the_current_folder_comes_first(project: Path) -> None:
    here = Path.cwd()
    (here / ".env").write_text("PORT=5000\n")
    (project / ".env").write_text("PORT=4000\n")
    enter_project(project)
    assert (Path.cwd(), read_settings().port) == (here, 5000)


def test_a_folder_that_is_no_checkout_is_not_entered(project: Path) -> None:
    (project / "pyproject.toml").unlink()
    (project / ".env").write_text("PORT=4000\n")
    enter_project(project)
    assert Path.cwd() != project


def test_the_file_of_the_project_is_not_read_from_the_data_root(
    monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    (project / ".env").write_text("FFMPEG_WORKER_SANDBOX=off\n")
    monkeypatch.setenv("FS_PATH", str(project))
    enter_project(project)
    assert read_settings().sandbox == "require"
