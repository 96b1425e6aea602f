"""Looking into folders that others write to and remove."""

from __future__ import annotations

import os
from pathlib import Path


def is_written(root: Path, name: str) -> bool:
    """Whether there is such a file below `root`; folders may vanish meanwhile, which `Path.glob` does not bear."""
    return any(name in files for _, _, files in os.walk(root))
