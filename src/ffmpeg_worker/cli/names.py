"""Names on the command line belong to the folder the shell is in, wherever the data root lies."""

from __future__ import annotations

from pathlib import Path


def absolute(name: str) -> str:
    """The absolute name of a file; a URL stays as it is."""
    return name if "://" in name else str(Path(name).resolve())
