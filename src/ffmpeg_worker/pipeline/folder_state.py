"""The content of a working directory before a run, so that what a killed run has written can be removed."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.sandbox.beneath import move_beneath

_MAX_ENTRIES = 5000


@dataclass(frozen=True, slots=True)
class _File:
    """Equal values mean that the file was not written in between. A folder has only zeros."""

    inode: int = 0
    size: int = 0
    modified_ns: int = 0
    links: int = 0


class FolderState:
    """Files and folders below `folder`, without the inputs, while no program runs in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._before = _read(folder)

    async def restore(self, job_folder: Path) -> bool:
        """Remove what was made since; it is moved within `job_folder` first, so that nobody sees a part of it.

        Returns:
            Whether all is as before. If not, nothing was removed: a file has changed, or is being uploaded under a
            second name, or there are too many files.
        """
        now = _read(self._folder)
        if self._before is None or now is None:
            return False
        made = {name: file for name, file in now.items() if name not in self._before}
        if any(now.get(name) != file for name, file in self._before.items()):
            return False
        if any(file.links > 1 for file in made.values()):
            return False
        trash = Path(tempfile.mkdtemp(dir=job_folder, prefix="killed-"))
        for number, name in enumerate(_without_content(made)):
            with suppress(FileNotFoundError):
                move_beneath(self._folder, name, trash / str(number))
        await asyncio.to_thread(shutil.rmtree, trash, ignore_errors=True)
        return True


def _read(folder: Path) -> dict[str, _File] | None:
    """All entries by their names below the folder; `None` if there are too many, or some cannot be read."""
    found: dict[str, _File] = {}
    waiting = [""]
    while waiting:
        below = waiting.pop()
        try:
            with os.scandir(folder / below) as entries:
                for entry in entries:
                    name = f"{below}{entry.name}"
                    if name == STAGING_FOLDER:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        found[name] = _File()
                        waiting.append(f"{name}/")
                    else:
                        status = entry.stat(follow_symlinks=False)
                        found[name] = _File(status.st_ino, status.st_size, status.st_mtime_ns, status.st_nlink)
                    if len(found) > _MAX_ENTRIES:
                        return None
        except OSError:
            return None
    return found


def _without_content(made: Iterable[str]) -> Iterator[str]:
    """The new names that are not in a new folder."""
    names = set(made)
    return (name for name in names if names.isdisjoint(map(str, PurePosixPath(name).parents)))
