"""Finding ffmpeg and ffprobe."""

from __future__ import annotations

from pathlib import Path

import pytest

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.ffmpeg.tools import find_ffmpeg, find_ffprobe


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, with one program."""
    monkeypatch.setenv("PATH", str(tmp_path))
    program(tmp_path / "ffmpeg-custom")
    return tmp_path


def program(path: Path) -> Path:
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_embedded_ffmpeg_is_the_default(folder: Path) -> None:
    assert "imageio_ffmpeg" in str(find_ffmpeg(None))
    assert find_ffmpeg("") == find_ffmpeg(None)


def test_a_program_by_path_or_by_name(folder: Path) -> None:
    custom = folder / "ffmpeg-custom"
    assert find_ffmpeg(str(custom)) == find_ffmpeg("ffmpeg-custom") == find_ffprobe(str(custom)) == custom


def test_the_program_of_the_system(folder: Path) -> None:
    with pytest.raises(Misconfigured, match="no program ffmpeg"):
        find_ffmpeg("system")
    found = program(folder / "ffmpeg")
    assert find_ffmpeg("system") == found


def test_ffprobe_is_optional(folder: Path) -> None:
    assert find_ffprobe(None) is None
    assert find_ffprobe("none") is None
    found = program(folder / "ffprobe")
    assert find_ffprobe(None) == found
    assert find_ffprobe("none") is None


def test_a_wrong_path_is_a_misconfiguration(folder: Path) -> None:
    (folder / "text").write_text("x")
    with pytest.raises(Misconfigured, match="FFMPEG_PATH: there is no program /nowhere/ffmpeg"):
        find_ffmpeg("/nowhere/ffmpeg")
    with pytest.raises(Misconfigured, match=r"FFPROBE_PATH: .*not executable"):
        find_ffprobe(str(folder / "text"))
    with pytest.raises(Misconfigured, match="FFPROBE_PATH"):
        find_ffprobe("no-such-program")
