"""Scratch directories: one a worker, one a job inside it, gone whatever happens."""

from __future__ import annotations

import asyncio
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
from ffmpeg_worker.planning.plan import STAGING_FOLDER
from ffmpeg_worker.sandbox.jail import Jail
from ffmpeg_worker.sandbox.sandbox import UNCONFINED, Sandbox

_LOCK_NAME = ".lock"
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_MAX_STEM = 60
_SMALL_FILES = 32
_SMALL_BYTES = 64 << 20


class Workspace:
    """The directory of one job: a staging folder with its inputs, and a working directory for each lane.

    Links in it that lead to each other are relative: the job's user may not pass the folders above.
    """

    def __init__(self, root: Path, jail: Jail) -> None:
        self.root = root
        self.jail = jail
        self.staging = root / STAGING_FOLDER
        self.staging.mkdir(mode=0o700, parents=True)
        jail.show(root)
        jail.show(self.staging)
        self._taken: set[str] = set()

    def lane(self, name: str) -> Path:
        """Make the working directory of a lane, below the job's; all inputs appear in a staging folder of its own.

        A real folder, so that `_in/../name` is the lane's: concat lists name earlier outputs that way.
        """
        folder = self.root / name
        (folder / STAGING_FOLDER).mkdir(mode=0o700, parents=True)
        for staged in self.staging.iterdir():
            (folder / STAGING_FOLDER / staged.name).symlink_to(f"../../{STAGING_FOLDER}/{staged.name}")
        self.jail.show(folder / STAGING_FOLDER)
        return folder

    def reserve(self, name: str, *, stem: str | None = None) -> str:
        """A staged name of its own for an input: plain characters, the extension kept.

        Args:
            name: file name or path, as the caller or the store has it.
            stem: to be used instead of the name's own, e.g. the name of an input.
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
    """The directory of one worker, in which its jobs have theirs."""

    def __init__(self, root: Path, sandbox: Sandbox, min_free_bytes: int) -> None:
        self.root = root
        self._sandbox = sandbox
        self._min_free_bytes = min_free_bytes

    @asynccontextmanager
    async def workspace(self, job_id: str) -> AsyncIterator[Workspace]:
        """A fresh directory for one job, removed on the way out, also out of a failure or cancellation.

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
    """Remove a tree, to the end even when the job is being cancelled; a large one off the event loop."""
    if _is_small(root):
        shutil.rmtree(root, ignore_errors=True)
        return
    removal = asyncio.ensure_future(asyncio.to_thread(shutil.rmtree, root, ignore_errors=True))
    cancelled: asyncio.CancelledError | None = None
    while not removal.done():
        try:
            await asyncio.shield(removal)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


def _is_small(root: Path) -> bool:
    """Whether removing it takes well under a millisecond, less than handing it to a thread."""
    try:
        sizes = [path.lstat().st_size for path in itertools.islice(root.rglob("*"), _SMALL_FILES + 1)]
    except OSError:
        return False
    return len(sizes) <= _SMALL_FILES and sum(sizes) <= _SMALL_BYTES


@contextmanager
def open_scratch(
    scratch_root: Path, sandbox: Sandbox = UNCONFINED, *, min_free_bytes: int = 0
) -> Iterator[Scratch]:
    """Make this worker's own scratch directory and sweep what workers that died have left.

    A lock on a file in it says that its worker lives: the kernel drops it with the process, however it ends.

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
