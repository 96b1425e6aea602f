"""Scratch directories: one for each worker, and in it one for each job, removed however the job ends."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import os
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path, PurePosixPath

from ffmpeg_worker.errors import DiskFull, Misconfigured
from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.pipeline.link_or_copy import copy_file, give_second_name, mirror_folder
from ffmpeg_worker.sandbox.jail import Jail, ReadAccess
from ffmpeg_worker.sandbox.sandbox import UNCONFINED, Sandbox
from ffmpeg_worker.tasks import finish_then_cancel

_LOCK_NAME = ".lock"
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_MAX_STEM = 60
_SMALL_FILES = 32
_SMALL_BYTES = 64 << 20


class Workspace:
    """The directory of one job: a staging folder with its inputs, and a working directory for each lane.

    Links between its parts are relative, since the job's user may not read the folders above.
    """

    def __init__(self, root: Path, jail: Jail) -> None:
        """`root` is made if it does not exist; that of an earlier attempt is used with all that lies in it."""
        self.root = root
        self.jail = jail
        self.staging = root / STAGING_FOLDER
        self.staging.mkdir(mode=0o700, parents=True, exist_ok=True)
        jail.share(root)
        jail.share(self.staging)
        self._taken: set[str] = {path.name for path in self.staging.iterdir()}
        self._lent: set[Path] = set()
        self._admit_links()

    def lane(self, name: str) -> Path:
        """Make the working directory of a lane, below the job's; all inputs appear in a staging folder of its own.

        It is a real folder, so that `_in/../name` is the lane's: concat lists name earlier outputs that way.
        The directory of an earlier attempt is used as it is.
        """
        folder = self.root / name
        if not folder.exists():
            (folder / STAGING_FOLDER).mkdir(mode=0o700, parents=True)
            for staged in self.staging.iterdir():
                (folder / STAGING_FOLDER / staged.name).symlink_to(f"../../{STAGING_FOLDER}/{staged.name}")
        self.jail.share(folder / STAGING_FOLDER)
        return folder

    def mark_done(self, step: str) -> None:
        """Note that what a step wrote is in this workspace, for later attempts."""
        self._mark(step).touch(mode=0o600)

    def has_done(self, step: str) -> bool:
        """Whether what a step wrote is here, and not in the workspace of an attempt on another machine."""
        return self._mark(step).exists()

    def _mark(self, step: str) -> Path:
        return self.root / f".done-{step.replace('/', '-')}"

    def hand_over(self, folder: Path) -> None:
        """Make a working directory the job user's own, before the first program of this attempt uses it."""
        if folder not in self._lent:
            self._lent.add(folder)
            self.jail.hand_over(folder)

    def _admit_links(self) -> None:
        """Let the job's programs read what the links of an earlier attempt lead to."""
        for path in self.staging.rglob("*"):
            if path.is_symlink() and not path.resolve().is_relative_to(self.root.resolve()):
                self.jail.allow_read(path.resolve())

    async def place(self, path: Path, staged: str, *, one_of_many: bool = False) -> Path:
        """Make a file appear under its staged name, readable for the job's programs; returns the path they read.

        It is a symbolic link where the job's user can read the file in place, else a hard link, else a copy, for
        files that are closed to others or on another disk.

        Args:
            path: absolute, links resolved.
            staged: see `reserve`; its folder exists.
            one_of_many: prefer a hard link: a symbolic link needs a rule of the sandbox for each file.
        """
        target = self.staging / staged
        if path.is_relative_to(self.staging):
            target.symlink_to(os.path.relpath(path, target.parent))
            return path
        access = self.jail.read_access(path)
        if access is ReadAccess.DIRECT and not one_of_many:
            target.symlink_to(path)
            self.jail.allow_read(path)
            return path
        if access is not ReadAccess.NONE and give_second_name(path, target):
            return target
        if access is ReadAccess.DIRECT:
            target.symlink_to(path)
            self.jail.allow_read(path)
            return path
        await asyncio.to_thread(copy_file, path, target)
        return target

    async def place_folder(self, folder: Path, staged: str) -> Path:
        """Make a folder with everything below it appear; see `place`."""
        target = self.staging / staged
        if folder.is_relative_to(self.staging):
            target.symlink_to(os.path.relpath(folder, target.parent))
            return folder
        if self.jail.read_access(folder) is ReadAccess.DIRECT:
            target.symlink_to(folder)
            self.jail.allow_read(folder)
            return folder
        await asyncio.to_thread(mirror_folder, folder, target)
        return target

    def show_inputs(self) -> None:
        """Let the job's user read what the worker has written into the staging folder."""
        if self.jail.uid is None:
            return
        for path, _, names in os.walk(self.staging):
            if path != str(self.staging):
                Path(path).chmod(0o755)
            for name in names:
                file = Path(path) / name
                # A hard link to a caller's own file keeps its mode.
                if not file.is_symlink() and file.stat().st_nlink == 1:
                    file.chmod(0o644)

    def reserve(self, name: str, *, stem: str | None = None) -> str:
        """Reserve a unique staged name for an input: plain characters and its extension.

        Args:
            name: file name or path, as the caller or the store has it.
            stem: replaces the stem of `name`, e.g. by the name of an input.
        """
        path = PurePosixPath(name)
        suffix = "." + _UNSAFE.sub("", path.suffix[1:])[:12] if path.suffix[1:] else ""
        plain = _UNSAFE.sub("_", stem if stem is not None else path.stem).strip("_")[:_MAX_STEM] or "input"
        candidate = f"{plain}{suffix}"
        number = 1
        while candidate in self._taken:
            number += 1
            candidate = f"{plain}-{number}{suffix}"
        self._taken.add(candidate)
        return candidate


class Scratch:
    """The scratch directory of one worker, which contains those of its jobs."""

    def __init__(self, root: Path, sandbox: Sandbox, min_free_bytes: int) -> None:
        self.root = root
        self._sandbox = sandbox
        self._min_free_bytes = min_free_bytes

    @asynccontextmanager
    async def workspace(self, job_id: str) -> AsyncIterator[Workspace]:
        """A new directory for one job, removed at the end, also after a failure or cancellation.

        Raises:
            DiskFull: too little room is left for another job.
        """
        if shutil.disk_usage(self.root).free < self._min_free_bytes:
            raise DiskFull("The worker's disk is nearly full; it takes no more jobs.", hint="Try again later.")
        root = self.root / f"{_UNSAFE.sub('_', job_id)[:64]}-{secrets.token_hex(4)}"
        root.mkdir(mode=0o700)
        with self._sandbox.jail(root) as jail:
            try:
                yield Workspace(root, jail)
            finally:
                await _remove(root)


async def _remove(root: Path) -> None:
    """Remove a tree completely, even if the job is being cancelled; a large one in a thread."""
    if _is_small(root):
        _erase(root)
        return
    await finish_then_cancel(asyncio.to_thread(_erase, root))


def _erase(root: Path) -> None:
    """Remove a tree, also if the job has removed the permissions of its own folders."""
    shutil.rmtree(root, ignore_errors=True)
    if not root.exists():
        return
    for path, names, _ in os.walk(root):
        for name in names:
            folder = Path(path) / name
            if not folder.is_symlink():
                with contextlib.suppress(OSError):
                    folder.chmod(0o700)
    shutil.rmtree(root, ignore_errors=True)


def _is_small(root: Path) -> bool:
    """Whether removing it takes well under a millisecond, which is less than starting a thread."""
    try:
        sizes = [path.lstat().st_size for path in itertools.islice(root.rglob("*"), _SMALL_FILES + 1)]
    except OSError:
        return False
    return len(sizes) <= _SMALL_FILES and sum(sizes) <= _SMALL_BYTES


@contextmanager
def open_scratch(
    scratch_root: Path, sandbox: Sandbox = UNCONFINED, *, min_free_bytes: int = 0
) -> Iterator[Scratch]:
    """Make the scratch directory of this worker, and remove those of workers that died.

    A worker holds a lock on a file in its directory, which the kernel releases however the process ends.

    Raises:
        Misconfigured: the folder cannot be written.
    """
    try:
        scratch_root.mkdir(mode=0o700, parents=True, exist_ok=True)
        root = scratch_root / f"worker-{os.getpid()}-{secrets.token_hex(4)}"
        root.mkdir(mode=0o700)
        lock = os.open(root / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Misconfigured(
            f"The scratch folder {scratch_root} cannot be written: {error.strerror}.",
            hint="Set FFMPEG_WORKER_SCRATCH_ROOT to a folder that the worker's user may write.",
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _sweep(scratch_root)
        yield Scratch(root.resolve(), sandbox, min_free_bytes)
    finally:
        shutil.rmtree(root, ignore_errors=True)
        os.close(lock)


def _sweep(scratch_root: Path) -> None:
    """Remove the directories of workers that no longer hold their lock."""
    for folder in scratch_root.glob("worker-*"):
        try:
            lock = os.open(folder / _LOCK_NAME, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue  # being made or being removed by its own worker
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        else:
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)
