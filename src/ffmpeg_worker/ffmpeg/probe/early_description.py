"""The description of an output that begins before the FFmpeg that wrote it has ended."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.tasks import cancel_and_wait

_Stamp = tuple[int, int, int, int]


class EarlyDescription:
    """FFmpeg closes its outputs some milliseconds before it ends: it frees its memory then.

    The description counts only if the file is the same when it is asked for.
    """

    def __init__(self, path: Path, describe: Callable[[Path], Coroutine[Any, Any, dict[str, Any]]]) -> None:
        """Begin to describe a file, if there is one."""
        self.path = path
        self._stamp = _find_stamp(path)
        self._task = None if self._stamp is None else asyncio.ensure_future(describe(path))

    async def take(self) -> dict[str, Any] | None:
        """Return the description; `None` if it failed, or the file is another one or was written to since."""
        if self._task is None:
            return None
        try:
            described = await self._task
        except WorkerError:
            return None
        return described if _find_stamp(self.path) == self._stamp else None

    async def close(self) -> None:
        """Stop describing."""
        if self._task is not None:
            await cancel_and_wait(self._task)


def _find_stamp(path: Path) -> _Stamp | None:
    """Number, size and times of a regular file, some of which change with every write; `None` if it is none."""
    try:
        status = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
