"""Limits what a job may write: its folder is measured while ffmpeg runs, and before outputs are delivered."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from ffmpeg_worker.errors import DiskFull, JobTooLarge
from ffmpeg_worker.job.local_files import RANGED_FOLDER, STAGING_FOLDER
from ffmpeg_worker.tasks import cancel_and_wait, race

_LOOK_EVERY_S = 0.25
_INPUT_FOLDERS = frozenset({STAGING_FOLDER, RANGED_FOLDER})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Quota:
    """Limits of bytes and files that a job may write, and bytes that must stay free on the disk.

    `max_file_bytes` bounds one file that a program writes. Sizes are those that files have or claim to have: holes
    in a sparse file count, since other disks and stores fill them.
    """

    max_bytes: int
    max_files: int
    min_free_bytes: int
    max_file_bytes: int = 1 << 63

    async def hold(
        self, run: Coroutine[Any, Any, T], folder: Path, on_measure: Callable[[int], None] = lambda _bytes: None
    ) -> T:
        """Wait for `run`, which writes below the job's `folder`; cancel it when a limit is exceeded.

        `on_measure` receives the bytes that the job has written; an exception of it cancels `run` too.

        Raises:
            JobTooLarge: the job wrote more than it may.
            DiskFull: the disk is nearly full, whether or not by this job.
        """
        running = asyncio.ensure_future(run)
        try:
            await asyncio.wait({running}, timeout=_LOOK_EVERY_S)  # a short run needs no watching
            return running.result() if running.done() else await race(running, self._watch(folder, on_measure))
        finally:
            await cancel_and_wait(running)

    async def _watch(self, folder: Path, on_measure: Callable[[int], None]) -> NoReturn:
        while True:
            on_measure(await asyncio.to_thread(self._check, folder))
            await asyncio.sleep(_LOOK_EVERY_S)

    def _check(self, folder: Path) -> int:
        if shutil.disk_usage(folder).free < self.min_free_bytes:
            raise DiskFull(
                "ffmpeg was stopped: the worker's disk is nearly full.", hint="Try again later, or write less."
            )
        return self.check_written(folder)

    def check_written(self, folder: Path) -> int:
        """Refuse a job that has written more below its folder than it may; return the bytes written.

        Raises:
            JobTooLarge: too many bytes or files.
        """
        files, size = _measure(folder)
        if files > self.max_files:
            raise JobTooLarge(
                f"The job has written more than {self.max_files} files.",
                hint="Write fewer: a longer segment, a lower frame rate, a shorter range.",
            )
        if size > self.max_bytes:
            raise JobTooLarge(
                f"The job has written more than {self.max_bytes >> 20} MiB.",
                hint="Write less: a lower bitrate, a smaller frame, a shorter range.",
            )
        return size

    def check_copy(self, size: int) -> None:
        """Refuse to copy a file of `size` bytes.

        Raises:
            JobTooLarge: the file alone is more than a job may write.
        """
        if size > self.max_bytes:
            raise JobTooLarge(
                f"The file is larger than the {self.max_bytes >> 20} MiB that a job may write.",
                hint="Send a smaller file; the operator's limit is FFMPEG_WORKER_MAX_JOB_BYTES.",
            )


def size_of(status: os.stat_result) -> int:
    """Bytes that a file has or claims to have, whichever is more."""
    return max(status.st_size, status.st_blocks * 512)


def _measure(folder: Path) -> tuple[int, int]:
    """Count files and bytes below a folder, without the inputs; files that vanish meanwhile are not counted.

    The bytes of a file with two names count once.
    """
    files, size, waiting = 0, 0, [str(folder)]
    linked: set[int] = set()
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    files += 1
                    if not entry.is_dir(follow_symlinks=False):
                        size += 0 if status.st_ino in linked else size_of(status)
                        if status.st_nlink > 1:
                            linked.add(status.st_ino)
                    elif entry.name not in _INPUT_FOLDERS:
                        waiting.append(entry.path)
        except OSError:
            continue
    return files, size
