"""File operations below a job's folder that never follow a symbolic link made by the job."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def open_beneath(folder: Path, name: str) -> Iterator[int]:
    """Open a file for reading; yields its descriptor.

    Raises:
        OSError: it does not exist; ELOOP or ENOTDIR: it is a symbolic link, or one is in its path.
    """
    *parents, last = _parts(name)
    with _descend(folder, parents) as parent:
        descriptor = os.open(last, _FILE, dir_fd=parent)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def open_plain_beneath(folder: Path, name: str) -> BinaryIO:
    """Open a regular file with one name for reading.

    Raises:
        OSError: it does not exist, is no such file, or a symbolic link is in its path.
    """
    with open_beneath(folder, name) as descriptor:
        status = os.fstat(descriptor)
        if not is_plain_file(status, status.st_uid):
            raise OSError(errno.EINVAL, "not a regular file with one name")
        return os.fdopen(os.dup(descriptor), "rb", buffering=0)


def hardlink_beneath(folder: Path, name: str, second: Path) -> None:
    """Make a hard link to a file at the path `second`, outside the folder.

    Raises:
        OSError: the file does not exist, is on another disk, or a symbolic link is in its path.
    """
    *parents, last = _parts(name)
    with _descend(folder, parents) as parent:
        os.link(last, second, src_dir_fd=parent, follow_symlinks=False)


def move_beneath(folder: Path, name: str, target: Path) -> None:
    """Move a file or a folder with its content to the path `target`, outside the folder, on the same disk.

    Raises:
        OSError: it does not exist, or a symbolic link is in its path.
    """
    *parents, last = _parts(name)
    with _descend(folder, parents) as parent:
        os.rename(last, target, src_dir_fd=parent)


def is_plain_file(status: os.stat_result, owner: int, *, link_count: int = 1) -> bool:
    """Whether it is a regular file with this number of hard links that belongs to `owner`."""
    return stat.S_ISREG(status.st_mode) and status.st_nlink == link_count and status.st_uid == owner


def read_beneath(folder: Path, name: str, max_bytes: int) -> bytes:
    """The first `max_bytes` bytes of a regular file; empty if there is none.

    Raises:
        OSError: it cannot be read, or a symbolic link is in its path.
    """
    try:
        with open_beneath(folder, name) as descriptor:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return b""
            with os.fdopen(os.dup(descriptor), "rb") as file:
                return file.read(max_bytes)
    except FileNotFoundError:
        return b""


def make_folders_beneath(folder: Path, name: str, owner: int | None) -> None:
    """Make a folder and its missing parents, owned by `owner`; `None`: by the worker.

    Raises:
        OSError: a symbolic link or a file is in its path.
    """
    with _descend(folder, _parts(name), make_for=owner, make=True):
        pass


def write_beneath(
    folder: Path, name: str, content: bytes | bytearray, owner: int | None, *, replace: bool = False
) -> None:
    """Write a new file, owned by `owner`; `None`: by the worker. `replace` removes an old one first.

    Raises:
        OSError: the name exists, a symbolic link is in its path, or the disk is full.
    """
    *parents, last = _parts(name)
    with _descend(folder, parents) as parent:
        if replace:
            _remove(last, parent)
        descriptor = os.open(last, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644, dir_fd=parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if owner is not None:
                os.fchown(descriptor, owner, owner)


def symlink_beneath(folder: Path, name: str, target: str, *, replace: bool = False) -> None:
    """Make a symbolic link to `target`, another name below the folder; `replace` removes an old one first.

    Raises:
        OSError: the name exists, or a symbolic link is in its path.
    """
    *parents, last = _parts(name)
    with _descend(folder, parents) as parent:
        if replace:
            _remove(last, parent)
        os.symlink(os.path.relpath(target, Path(name).parent), last, dir_fd=parent)


@contextmanager
def _descend(folder: Path, parts: list[str], *, make: bool = False, make_for: int | None = None) -> Iterator[int]:
    current = os.open(folder, _FOLDER)
    try:
        for part in parts:
            made = make and _make(part, current)
            inner = os.open(part, _FOLDER, dir_fd=current)
            os.close(current)
            current = inner
            if made and make_for is not None:
                os.fchown(current, make_for, make_for)
        yield current
    finally:
        os.close(current)


def _make(name: str, parent: int) -> bool:
    try:
        os.mkdir(name, dir_fd=parent)
    except FileExistsError:
        return False
    return True


def _remove(name: str, parent: int) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=parent)


def _parts(name: str) -> list[str]:
    parts = os.path.normpath(name).split("/")
    if parts[0] in {"", ".."}:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    return [part for part in parts if part != "."]
