"""Finds paths while other programs make and remove them."""

from __future__ import annotations

from pathlib import Path


def find_paths(folder: Path, pattern: str) -> list[Path]:
    """The paths below a folder that match a pattern; none if there is no such folder (any more).

    `Path.glob` fails where a folder is removed while it looks into it, as those of jobs and of processes are.
    """
    while True:
        try:
            return [*folder.glob(pattern)]
        except (FileNotFoundError, ProcessLookupError):
            continue
