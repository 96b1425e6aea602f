"""Brings files into a job's folder by hard link or copy, where the job's user cannot read them in place."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from ffmpeg_worker.job.file_names import is_hidden

_COPY_BYTES = 1 << 20
_MAX_MIRRORED = 10_000


def give_second_name(path: Path, target: Path) -> bool:
    """Hard-link `target` to a file; returns whether that was possible."""
    try:
        target.hardlink_to(path)
    except OSError:  # another disk, or the kernel protects files of other users
        return False
    return True


def copy_file(path: Path, target: Path) -> None:
    """Copy a file to a new one, sharing its blocks if the file system can."""
    with path.open("rb") as source, target.open("xb") as copy:
        left = os.fstat(source.fileno()).st_size
        try:
            while left > 0 and (done := os.copy_file_range(source.fileno(), copy.fileno(), left)):
                left -= done
        except OSError:  # not between these two disks
            source.seek(0)
            copy.truncate(0)
            copy.seek(0)
            shutil.copyfileobj(source, copy, _COPY_BYTES)


def has_hidden_files(folder: Path) -> bool:
    """Whether a folder has hidden files or folders, which jobs may not read; folders below it are searched, too.

    Not all of them are searched where there are far more files than a manifest has.
    """
    count = 0
    for _, folders, names in os.walk(folder):
        if is_hidden((*folders, *names)):
            return True
        count += len(names) + len(folders)
        if count > _MAX_MIRRORED:
            return False
    return False


def mirror_folder(folder: Path, target: Path, check_room: Callable[[int], None] = lambda _bytes: None) -> int:
    """Hard-link or copy the files of a folder but for hidden ones, at most as many as a manifest may have.

    `check_room` receives the size of each file before it is copied, and may raise. Returns the bytes copied.
    """
    count, copied = 0, 0
    for path, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not is_hidden([name])]
        copy = target / Path(path).relative_to(folder)
        copy.mkdir()
        for name in names:
            file = Path(path) / name
            if is_hidden([name]) or not file.is_file() or file.is_symlink():
                continue
            count += 1
            if count > _MAX_MIRRORED:
                return copied
            if not file.stat().st_mode & 0o004 or not give_second_name(file, copy / name):
                size = file.stat().st_size
                check_room(size)
                copy_file(file, copy / name)
                copied += size
    return copied
