"""Packages of npm, for tests that run programs of other languages."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

AXE_CORE = "axe-core@4.14.1"
RUNPOD_SDK = "runpod-sdk@1.1.2"


def install_packages(folder: Path, *packages: str) -> None:
    """Install packages into a folder; skip the test where that is not possible."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    command = [
        "npm",
        "install",
        "--no-audit",
        "--no-fund",
        "--no-save",
        "--prefer-offline",
        "--prefix",
        str(folder),
    ]
    ended = subprocess.run([*command, *packages], check=False, capture_output=True, text=True, timeout=120)
    if ended.returncode:
        pytest.skip(f"{', '.join(packages)} cannot be installed here: {ended.stderr[-300:]}")
