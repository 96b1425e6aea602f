"""Checks of the machine: folders, disk, port, access."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ffmpeg_worker.doctor.check import Check, Verdict
from ffmpeg_worker.doctor.machine import check_machine
from ffmpeg_worker.settings import read_settings


def check(name: str, folder: Path, **settings: Any) -> Check:
    """The check of this name."""
    chosen = {
        "data_root": folder / "data",
        "scratch_root": folder / "scratch",
        "port": 0,
        "api_keys": "",
        **settings,
    }
    return next(found for found in check_machine(read_settings(**chosen)) if found.name == name)


def test_a_missing_folder_is_not_made(tmp_path: Path) -> None:
    found = check("data root", tmp_path)
    assert (found.verdict, found.found) == (Verdict.OK, f"{tmp_path / 'data'} (will be made)")
    assert [*tmp_path.iterdir()] == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    found = check("data root", tmp_path, data_root="/proc/nothing")
    assert found.verdict is Verdict.FAIL
    assert "FS_PATH" in str(found.hint)


@pytest.mark.parametrize(
    ("free_gib", "verdict"),
    [(100, Verdict.OK), (2, Verdict.WARN), (0.1, Verdict.FAIL)],
    ids=str,
)
def test_free_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free_gib: float, verdict: Verdict) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=free_gib * (1 << 30)))
    found = check("free disk", tmp_path)
    assert (found.verdict, found.found) == (verdict, f"{free_gib:.1f} GiB")


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = check("port", tmp_path, port=server.getsockname()[1])
    assert found.verdict is Verdict.WARN
    assert check("port", tmp_path).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("host", "keys", "verdict"),
    [("127.0.0.1", "", Verdict.OK), ("0.0.0.0", "key", Verdict.OK), ("0.0.0.0", "", Verdict.FAIL)],
)
def test_access_from_outside_needs_a_key(tmp_path: Path, host: str, keys: str, verdict: Verdict) -> None:
    found = check("access", tmp_path, host=host, api_keys=keys)
    assert found.verdict is verdict
    assert (found.hint is None) == (verdict is Verdict.OK)
