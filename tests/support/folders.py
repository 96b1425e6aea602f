"""Checks of folders that other processes change."""

from __future__ import annotations

import os
from pathlib import Path


def is_written(root: Path, name: str) -> bool:
    """Whether a file of this name is below `root`; unlike `Path.glob`, it ignores folders that vanish."""
    return any(name in files for _, _, files in os.walk(root))
