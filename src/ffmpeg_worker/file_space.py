"""Frees the space of large files beside the event loop: for half a gigabyte, it takes a tenth of a second.

A file keeps its space until it has no name and no open descriptor any more.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SMALL_BYTES = 1 << 20
"""Such a file is freed in less time than a thread needs to start."""


@contextmanager
def freeing_later(*paths: Path) -> Iterator[None]:
    """Inside, these files may be removed or replaced on the event loop; a thread frees their space afterwards.

    In a thread without an event loop, removing them frees their space at once.
    """
    held = [descriptor for path in paths if (descriptor := _hold(path)) is not None] if _has_loop() else []
    try:
        yield
    finally:
        for descriptor in held:
            asyncio.get_running_loop().run_in_executor(None, os.close, descriptor)


def remove(path: Path) -> None:
    """Remove a file, if there is one; see `freeing_later`."""
    with freeing_later(path):
        path.unlink(missing_ok=True)


def _hold(path: Path) -> int | None:
    """Open a large file without access to its content; `None` if there is nothing to free."""
    try:
        status = path.lstat()
        if status.st_nlink > 1 or status.st_size <= SMALL_BYTES or not stat.S_ISREG(status.st_mode):
            return None
        return os.open(path, getattr(os, "O_PATH", os.O_RDONLY | os.O_NONBLOCK) | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None


def _has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
