"""`./run` lists its tasks, and explains what is missing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from support.docs.json_examples import ROOT

# A fake Python: `./run` asks for its version and its modules, and creates an environment with it.
FAKE_PYTHON = """#!/bin/sh
case "$*" in
  *version_info*) exit {too_old} ;;
  *ensurepip*) exit {no_venv} ;;
  --version) echo "Python 3.9.2" ;;
esac
"""


def run(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "run", *arguments],
        cwd=tmp_path,
        env=os.environ | {"VENV": str(tmp_path / "venv")} | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def fake_python(tmp_path: Path, *, too_old: int = 0, no_venv: int = 0) -> str:
    path = tmp_path / "python"
    path.write_text(FAKE_PYTHON.format(too_old=too_old, no_venv=no_venv))
    path.chmod(0o755)
    return str(path)


def test_run_lists_its_tasks(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 0
    for task in ("demo", "serve", "worker", "test", "check", "fix", "rewrite", "bench", "soak", "ci"):
        assert f"./run {task} " in done.stdout


def test_an_unknown_task(tmp_path: Path) -> None:
    done = run(tmp_path, "walk")
    assert (done.returncode, done.stdout) == (2, "")
    assert "./run demo" in done.stderr


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"too_old": 1}, ["Python 3.11 or later is needed", "Python 3.9.2"]),
        ({"no_venv": 1}, ["cannot make virtual environments", "python3-venv"]),
    ],
    ids=["too old", "no venv"],
)
def test_an_unsuitable_python(tmp_path: Path, fault: dict[str, int], words: list[str]) -> None:
    done = run(tmp_path, "demo", PYTHON=fake_python(tmp_path, **fault))
    assert done.returncode == 1
    assert all(word in done.stderr for word in words)
    assert not (tmp_path / "venv").exists()


def test_no_python(tmp_path: Path) -> None:
    done = run(tmp_path, "test", PYTHON="/nonexistent/python")
    assert done.returncode == 1
    assert "found: none" in done.stderr
