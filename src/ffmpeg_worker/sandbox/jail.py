"""The confinement of one job: its programs reach its folder, its inputs, and nothing else."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from enum import Enum, auto
from functools import cache
from pathlib import Path

from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.sandbox.beneath import is_plain_file, open_beneath
from ffmpeg_worker.sandbox.confinement import Confinement


class ReadAccess(Enum):
    """The way in which the job's user can read a file."""

    DIRECT = auto()
    """By its own path."""
    BY_LINK = auto()
    """By a hard link in the job's folder: the file is readable, but a folder above it is closed."""
    NONE = auto()
    """Not at all."""


class Jail:
    """Makes the confinements of one job's programs, and gives and takes the ownership of its files.

    All programs of a job run as the same user.
    """

    def __init__(self, root: Path, base: Confinement | None, *, cores: int) -> None:
        """`base` is what every program may access; `None`: nothing is confined."""
        self.root = root
        self._base = base
        self._cores = cores
        self._readable: list[str] = []

    @property
    def uid(self) -> int | None:
        """The job's own user; `None`: the job runs as the worker's user."""
        return None if self._base is None else self._base.uid

    @property
    def owner(self) -> int:
        """The user that the job's programs run as, and who owns the files they create."""
        return os.geteuid() if self.uid is None else self.uid

    def allow_read(self, path: Path) -> None:
        """Allow the job's programs to read a file, or a folder with everything below it."""
        self._readable.append(str(path))

    def read_access(self, path: Path) -> ReadAccess:
        """The way in which the job's user can read a file or folder outside the job's folder."""
        if self.uid is None:
            return ReadAccess.DIRECT
        mode = path.stat().st_mode
        wanted = 0o005 if path.is_dir() else 0o004
        if mode & wanted != wanted:
            return ReadAccess.NONE
        if self._base is not None and self._base.root is not None:
            return ReadAccess.BY_LINK
        passable = all(parent.stat().st_mode & 0o001 for parent in path.parents)
        return ReadAccess.DIRECT if passable else ReadAccess.BY_LINK

    def take_ownership(self, folder: Path, name: str, *, link_count: int = 1) -> None:
        """Make the worker the owner of a file that a job's program has created; none may run in `folder` any more.

        The file gets the mode of the worker's own files. `link_count` is the expected number of hard links: the
        worker may have made a second one.

        Raises:
            OSError: it is not a regular file that the job owns, or a symbolic link is in its path.
        """
        with open_beneath(folder, name) as descriptor:
            if not is_plain_file(os.fstat(descriptor), self.owner, link_count=link_count):
                raise OSError(errno.EPERM, os.strerror(errno.EPERM))
            if self.uid is not None:
                os.fchown(descriptor, os.geteuid(), os.getegid())
            os.fchmod(descriptor, 0o644 & ~_umask())

    def hand_over(self, folder: Path) -> None:
        """Make the job's user the owner of a folder and its content, while no program runs in it.

        Files with another hard link keep their owner: a program may have linked what is not its own.
        """
        folder.chmod(0o700)
        if self.uid is None:
            return
        for path, folders, files in os.walk(folder):
            os.chown(path, self.uid, self.uid)
            for name in files:
                if (Path(path) / name).lstat().st_nlink == 1:
                    os.chown(Path(path) / name, self.uid, self.uid, follow_symlinks=False)
            # The worker keeps the links to inputs.
            folders[:] = [name for name in folders if (Path(path) / name).name != STAGING_FOLDER]

    def hand_over_file(self, path: Path) -> None:
        """Make the job's user the owner of a file, while no program runs in its folder."""
        if self.uid is not None:
            os.chown(path, self.uid, self.uid, follow_symlinks=False)

    def share(self, folder: Path) -> None:
        """Allow the job's user, and nobody else, to enter and read a folder of the worker."""
        if self.uid is None:
            return
        os.chown(folder, -1, self.uid)
        folder.chmod(0o750)

    def for_command(self, folder: Path, seconds: float) -> Confinement | None:
        """The confinement of a program that runs for up to `seconds` and may write only to `folder`."""
        return self._confine(self.root / STAGING_FOLDER, seconds * self._cores, writable=(str(folder),))

    def for_probe(self, seconds: float) -> Confinement | None:
        """The confinement of a program that reads inputs and outputs for up to `seconds`, and writes nothing."""
        return self._confine(self.root, seconds)

    def for_loaded_probe(self, seconds: float) -> Confinement | None:
        """The confinement of a probe that has loaded all its libraries: it needs no file but the job's own."""
        if self._base is None:
            return None
        limits = replace(self._base.limits, cpu_s=max(int(seconds), 1))
        readable = (str(self.root), *self._readable)
        return replace(
            self._base, readable=readable, executable=(), devices=(), names_threads=False, limits=limits
        )

    def _confine(self, readable: Path, cpu_s: float, *, writable: tuple[str, ...] = ()) -> Confinement | None:
        if self._base is None:
            return None
        return replace(
            self._base,
            readable=(*self._base.readable, str(readable), *self._readable),
            writable=writable,
            limits=replace(self._base.limits, cpu_s=max(int(cpu_s), 1)),
        )


@cache
def _umask() -> int:
    """The worker's umask. Reading it requires setting it, so this is done once."""
    before = os.umask(0o077)
    os.umask(before)
    return before
