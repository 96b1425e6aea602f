"""Media of the example compositions."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.docs.json_examples import ROOT
from support.shared_files import share_folder

COMPOSITIONS = ROOT / "examples/canvas"


def copy_example_media(factory: pytest.TempPathFactory, data: Path) -> None:
    """Copy the media to where the examples read them: `media` in the data root `data`."""
    shutil.copytree(share_folder(factory, "example-media", _make), data / "media")


def _make(folder: Path) -> None:
    script = str(COMPOSITIONS / "make_media.py")
    subprocess.run([sys.executable, "-B", script, str(folder), "--draft"], check=True, timeout=120)
