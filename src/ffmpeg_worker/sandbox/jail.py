"""What one job may touch: its folder, its inputs, and nothing else."""

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


class Reach(Enum):
    """How far the job's user gets with a file by itself."""

    FILE = auto()
    """It can read it."""
    NAME = auto()
    """It could, but may not pass a folder above it."""
    NOTHING = auto()
    """It may not read it."""


class Jail:
    """The confinement of one job's programs; all of them are the same user.

    `owner` is the user that the job's programs, and so the files they make, belong to.
    """

    def __init__(self, root: Path, base: Confinement | None, *, cores: int) -> None:
        """`base` is what every program may touch; `None`: nothing is confined."""
        self.root = root
        self._base = base
        self._cores = cores
        self._readable: list[str] = []

    @property
    def uid(self) -> int | None:
        """The job's own user; `None`: it is the worker's."""
        return None if self._base is None else self._base.uid

    @property
    def owner(self) -> int:
        """Whose files the job's programs make."""
        return os.geteuid() if self.uid is None else self.uid

    def admit(self, path: Path) -> None:
        """Let the job's programs read a file, or a folder with all below it."""
        self._readable.append(str(path))

    def reach(self, path: Path) -> Reach:
        """How far the job's user gets with a file or folder outside of the job's own."""
        if self.uid is None:
            return Reach.FILE
        mode = path.stat().st_mode
        wanted = 0o005 if path.is_dir() else 0o004
        if mode & wanted != wanted:
            return Reach.NOTHING
        if self._base is not None and self._base.root is not None:
            return Reach.NAME
        passable = all(parent.stat().st_mode & 0o001 for parent in path.parents)
        return Reach.FILE if passable else Reach.NAME

    def claim(self, folder: Path, name: str, *, names: int = 1) -> None:
        """Take over a file that one of the job's programs has made, none of which runs in that folder any more.

        `names` is how many it has: the worker may have given it a second one.

        It becomes the worker's, with the mode that the worker's own files have.

        Raises:
            OSError: it is no plain file of the job's, or behind a link.
        """
        with open_beneath(folder, name) as descriptor:
            if not is_plain_file(os.fstat(descriptor), self.owner, names=names):
                raise OSError(errno.EPERM, os.strerror(errno.EPERM))
            if self.uid is not None:
                os.fchown(descriptor, os.geteuid(), os.getegid())
            os.fchmod(descriptor, 0o644 & ~_umask())

    def lend(self, folder: Path) -> None:
        """Make a folder, and what programs will find in it, the job's own; none of them has run there yet."""
        folder.chmod(0o700)
        if self.uid is None:
            return
        for path, folders, files in os.walk(folder):
            os.chown(path, self.uid, self.uid)
            for name in files:
                os.chown(Path(path) / name, self.uid, self.uid, follow_symlinks=False)
            # Links to inputs stay the worker's.
            folders[:] = [name for name in folders if (Path(path) / name).name != STAGING_FOLDER]

    def give(self, path: Path) -> None:
        """Make a file that the worker has written the job's own; none of its programs runs in that folder."""
        if self.uid is not None:
            os.chown(path, self.uid, self.uid, follow_symlinks=False)

    def show(self, folder: Path) -> None:
        """Let the job's user pass through and read a folder of the worker's own, and nobody else."""
        if self.uid is None:
            return
        os.chown(folder, -1, self.uid)
        folder.chmod(0o750)

    def for_command(self, folder: Path, seconds: float) -> Confinement | None:
        """For a program that works in `folder`, the only one it may write, for so long at most."""
        if self._base is None:
            return None
        cpu_s = max(int(seconds * self._cores), 1)
        return replace(
            self._base,
            readable=(*self._base.readable, str(self.root / STAGING_FOLDER), *self._readable),
            writable=(str(folder),),
            limits=replace(self._base.limits, cpu_s=cpu_s),
        )

    def for_probe(self, seconds: float) -> Confinement | None:
        """For a program that looks at inputs and outputs, and writes nothing."""
        if self._base is None:
            return None
        return replace(
            self._base,
            readable=(*self._base.readable, str(self.root), *self._readable),
            limits=replace(self._base.limits, cpu_s=max(int(seconds), 1)),
        )


@cache
def _umask() -> int:
    """The worker's; it can be read by setting it only, so it is done once."""
    before = os.umask(0o077)
    os.umask(before)
    return before
