"""Removes uploaded files when their time is over, and uploads in parts that nobody continues."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.logs import log
from ffmpeg_worker.storage.local.file_area import UPLOAD_MARK, UPLOADS, remove_empty_folders
from ffmpeg_worker.storage.local.owner_marks import supports_marks
from ffmpeg_worker.storage.local.roots import KEY_FOLDERS, LocalRoots

_INTERVAL_S = 300.0


class FileRetention:
    """Sweeps the data root from time to time."""

    def __init__(
        self,
        roots: LocalRoots,
        *,
        file_retention_s: float | None,
        upload_retention_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` returns seconds since 1970.

        Raises:
            Misconfigured: files are to be removed, and the data root cannot tell which were uploaded.
        """
        self._root = roots.data_root
        self._file_retention_s = file_retention_s
        self._upload_retention_s = upload_retention_s
        self._clock = clock
        if file_retention_s is not None and not supports_marks(self._root):
            raise Misconfigured(
                f"The file system of {self._root} has no extended attributes, which mark uploaded files.",
                hint="Unset FFMPEG_WORKER_FILE_RETENTION_S, or move the data root (FS_PATH).",
            )
        shortest_s = min(upload_retention_s, file_retention_s or upload_retention_s)
        self._interval_s = min(_INTERVAL_S, max(15.0, shortest_s / 4))

    async def run(self) -> None:
        """Sweep again and again."""
        while True:
            try:
                removed = await asyncio.to_thread(self.sweep)
                if removed:
                    log(logging.INFO, "expired files removed", files=removed)
            except OSError as error:
                log(logging.WARNING, "expired files could not be removed", detail=str(error))
            await asyncio.sleep(self._interval_s)

    def sweep(self) -> int:
        """Remove what has expired; returns the number of files. It blocks."""
        now = self._clock()
        return sum(self._sweep_folder(Path(folder), names, now) for folder, _, names in self._folders())

    def _folders(self) -> list[tuple[str, list[str], list[str]]]:
        if self._file_retention_s is not None:
            return [*os.walk(self._root, topdown=False)]
        # Only unfinished uploads: those of all keys.
        places = [self._root / UPLOADS, *self._root.glob(f"{KEY_FOLDERS}/*/{UPLOADS}")]
        return [(str(place), [], [path.name for path in place.iterdir()]) for place in places if place.is_dir()]

    def _sweep_folder(self, folder: Path, names: list[str], now: float) -> int:
        removed = 0
        for name in names:
            path = folder / name
            with suppress(OSError):  # removed meanwhile
                age_s = now - path.lstat().st_mtime
                if self._has_expired(path, age_s):
                    path.unlink()
                    removed += 1
        if removed:
            remove_empty_folders(folder, self._root)
        return removed

    def _has_expired(self, path: Path, age_s: float) -> bool:
        if path.parent.name == UPLOADS:
            return age_s > self._upload_retention_s
        if self._file_retention_s is None or age_s <= self._file_retention_s:
            return False
        try:
            return os.getxattr(path, UPLOAD_MARK, follow_symlinks=False) == b"1"
        except (OSError, AttributeError):
            return False
