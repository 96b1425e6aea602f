"""The media of the example compositions, made by the script that stands beside them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.docs.json_examples import ROOT

COMPOSITIONS = ROOT / "examples/canvas"


def make_example_media(data: Path) -> None:
    """Make them where the examples look for them, below the data root."""
    script = str(COMPOSITIONS / "make_media.py")
    subprocess.run([sys.executable, "-B", script, str(data / "media")], check=True, timeout=120)
