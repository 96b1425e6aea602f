"""Marks on output files that tell which owner's job wrote them, as an extended attribute."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_MARK = "user.ffmpeg_worker.key"


def supports_marks(folder: Path) -> bool:
    """Whether files on the disk of a folder can have extended attributes."""
    try:
        os.setxattr(folder, _MARK, b"")
        os.removexattr(folder, _MARK)
    except (OSError, AttributeError):  # macOS has no such functions
        return False
    return True


def mark_file(path: Path, owner: str) -> None:
    """Mark a file as one of `owner`, if its file system has marks."""
    with suppress(OSError):
        os.setxattr(path, _MARK, owner.encode(), follow_symlinks=False)


def count_file(path: Path) -> Counter[str]:
    """Return the bytes of a file for its owner; nothing for one without a mark, or that is gone."""
    found = Counter[str]()
    _add(found, path)
    return found


def count_files(folders: Iterable[Path]) -> Counter[str]:
    """Count the bytes of marked files below `folders` by owner; a file with several names counts once."""
    found: Counter[str] = Counter()
    seen: set[tuple[int, int]] = set()
    for folder in folders:
        for parent, _, names in os.walk(folder):
            for name in names:
                _add(found, Path(parent) / name, seen)
    return found


def _add(found: Counter[str], path: Path, seen: set[tuple[int, int]] | None = None) -> None:
    """Add the size of a file for its owner, unless it is among the `seen` ones, by device and inode."""
    with suppress(OSError):  # not marked, or gone
        owner = os.getxattr(path, _MARK, follow_symlinks=False).decode("ascii", "replace")
        status = path.lstat()
        if seen is not None:
            if (status.st_dev, status.st_ino) in seen:
                return
            seen.add((status.st_dev, status.st_ino))
        found[owner] += status.st_size
