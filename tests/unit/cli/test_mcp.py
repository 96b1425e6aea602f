"""`ffmpeg-worker mcp` without its SDK, and its settings."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ffmpeg_worker.cli import mcp


def test_without_the_sdk_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    loaded = [name for name in sys.modules if name.split(".")[0] == "mcp" or name.startswith("ffmpeg_worker.mcp_")]
    for name in (*loaded, "mcp"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "mcp", None)
    ended = CliRunner().invoke(mcp.command, ["--root", str(tmp_path)])
    assert ended.exit_code == 78
    assert "pip install 'ffmpeg-worker[mcp]'" in ended.stderr
    assert ended.stdout == ""


def test_it_has_the_files_of_the_api_and_neither_keys_nor_a_queue(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FFMPEG_WORKER_API_KEYS", "one,two")
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = mcp._read_settings(Path("~/videos"))
    assert (settings.data_root, settings.allowed_roots) == (tmp_path / "videos", ())
    assert (settings.has_several_keys, settings.queue, settings.option_policy) == (False, "off", "on")
