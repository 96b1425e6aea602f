"""Scratch directories: one for each worker, and in it one for each job, removed however the job ends."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from ffmpeg_worker.errors import DiskFull, Misconfigured
from ffmpeg_worker.file_space import SMALL_BYTES
from ffmpeg_worker.owners import ANONYMOUS
from ffmpeg_worker.pipeline.scratch_usage import ScratchUsage
from ffmpeg_worker.pipeline.small_folders import find_entries
from ffmpeg_worker.pipeline.workspace import UNSAFE_CHARACTERS, Workspace
from ffmpeg_worker.sandbox.sandbox import UNCONFINED, Sandbox
from ffmpeg_worker.tasks import finish_then_cancel

_LOCK_NAME = ".lock"
_SMALL_FILES = 32


class Scratch:
    """The scratch directory of one worker, which contains those of its jobs."""

    def __init__(self, root: Path, sandbox: Sandbox, min_free_bytes: int, usage: ScratchUsage) -> None:
        self.root = root
        self.usage = usage
        """What the jobs of each owner hold."""
        self._sandbox = sandbox
        self._min_free_bytes = min_free_bytes

    @asynccontextmanager
    async def workspace(self, job_id: str, owner: str = ANONYMOUS) -> AsyncIterator[Workspace]:
        """A new directory for one job, removed at the end, also after a failure or cancellation.

        Raises:
            DiskFull: too little room is left for another job.
            KeyLimitReached: the other jobs of `owner` hold too much.
        """
        if shutil.disk_usage(self.root).free < self._min_free_bytes:
            raise DiskFull("The worker's disk is nearly full; it takes no more jobs.", hint="Try again later.")
        root = self.root / f"{UNSAFE_CHARACTERS.sub('_', job_id)[:64]}-{secrets.token_hex(4)}"
        with self.usage.open_job(owner) as usage:
            root.mkdir(mode=0o700)
            with self._sandbox.jail(root) as jail:
                try:
                    yield Workspace(root, jail, usage, is_kept=False)
                finally:
                    await remove_tree(root)

    @asynccontextmanager
    async def kept_workspace(self, root: Path, owner: str = ANONYMOUS) -> AsyncIterator[Workspace]:
        """The directory `root` of a job, with all that lies in it; later attempts at the job use it again.

        Where an earlier attempt still holds it, as in a process that hangs, another one beside it is used. At the
        sandbox level `chroot` it is a new one: jobs cannot leave the folder of the worker.

        Raises:
            DiskFull: too little room is left for another job.
            KeyLimitReached: the other jobs of `owner` hold too much.
        """
        if self._sandbox.confines_to_root:
            async with self.workspace(root.parent.name, owner) as workspace:
                yield workspace
            return
        root.parent.mkdir(mode=0o700, exist_ok=True)
        if shutil.disk_usage(root.parent).free < self._min_free_bytes:
            raise DiskFull("The worker's disk is nearly full; it takes no more jobs.", hint="Try again later.")
        folder, lock = _lock_free(root)
        try:
            with self.usage.open_job(owner) as usage:
                folder.mkdir(mode=0o700, exist_ok=True)
                with self._sandbox.jail(folder) as jail:
                    yield Workspace(folder, jail, usage)
        finally:
            os.close(lock)


def _lock_free(root: Path) -> tuple[Path, int]:
    """Return the first folder that no living attempt holds, `root` or one beside it, and the lock on it."""
    for number in itertools.count():
        folder = root.with_name(f"{root.name}-{number}" if number else root.name)
        lock = os.open(f"{folder}{_LOCK_NAME}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            continue
        if os.fstat(lock).st_nlink > 0:
            return folder, lock
        os.close(lock)  # it was removed by `remove_kept_workspaces` before it was locked
    raise AssertionError


async def remove_kept_workspaces(root: Path) -> None:
    """Remove the directory `root` of `Scratch.kept_workspace` and those beside it, unless attempts hold them."""
    for path in root.parent.glob(f"{root.name}*{_LOCK_NAME}"):
        try:
            lock = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue  # of another attempt, which runs
        else:
            await remove_tree(path.with_suffix(""))
            path.unlink(missing_ok=True)
        finally:
            os.close(lock)


async def remove_tree(root: Path, *, in_thread: bool = False) -> None:
    """Remove a tree completely, even if the job is being cancelled; a large one in a thread, or every one."""
    if root.is_file():
        root.unlink(missing_ok=True)
        return
    if not in_thread and _is_small(root):
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
        found = itertools.islice(find_entries(root), _SMALL_FILES + 1)
        states = [entry.stat(follow_symlinks=False) for entry in found]
    except OSError:
        return False
    # Another name of a file, such as that of a delivered output, keeps its space.
    freed_bytes = sum(status.st_size for status in states if status.st_nlink == 1)
    return len(states) <= _SMALL_FILES and freed_bytes <= SMALL_BYTES


@contextmanager
def open_scratch(
    scratch_root: Path,
    sandbox: Sandbox = UNCONFINED,
    *,
    min_free_bytes: int = 0,
    max_bytes_per_key: int | None = None,
    has_several_keys: bool = False,
) -> Iterator[Scratch]:
    """Make the scratch directory of this worker, and remove those of workers that died.

    A worker holds a lock on a file in its directory, which the kernel releases however the process ends.
    `ScratchUsage` describes the limits for owners.

    Raises:
        Misconfigured: the folder cannot be written.
    """
    try:
        scratch_root.mkdir(mode=0o700, parents=True, exist_ok=True)
        root, lock = _make_locked(scratch_root)
    except OSError as error:
        raise Misconfigured(
            f"The scratch folder {scratch_root} cannot be written: {error.strerror}.",
            hint="Set FFMPEG_WORKER_SCRATCH_ROOT to a folder that the worker's user may write.",
        ) from None
    try:
        _sweep(scratch_root)
        usage = ScratchUsage(
            root,
            min_free_bytes=min_free_bytes // 2,
            max_bytes_per_key=max_bytes_per_key,
            has_several_keys=has_several_keys,
        )
        yield Scratch(root.resolve(), sandbox, min_free_bytes, usage)
    finally:
        shutil.rmtree(root, ignore_errors=True)
        os.close(lock)


def _make_locked(scratch_root: Path) -> tuple[Path, int]:
    """Make the directory of this worker, with a lock that is held; returns both."""
    while True:
        root = scratch_root / f"worker-{os.getpid()}-{secrets.token_hex(4)}"
        root.mkdir(mode=0o700)
        lock = os.open(root / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.fstat(lock).st_nlink > 0:
            return root, lock
        os.close(lock)  # another worker locked it first, took it for that of a dead worker, and removed it


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
