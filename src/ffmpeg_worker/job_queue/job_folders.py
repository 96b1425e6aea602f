"""Folders of queued jobs: the working files of their attempts, and outputs that wait to be fetched."""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
from contextlib import suppress
from pathlib import Path

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.pipeline.full_disk import full_disk_as_error
from ffmpeg_worker.pipeline.scratch import remove_kept_workspaces, remove_tree

WORK = "work"
"""Name of the folder with the working files of an attempt, in that of its job."""
INPUTS = "inputs"
"""Name of the folder with the files that came with a job, in that of the job."""
_PLACE_FILE = "place.id"
_ASIDE = ".removed-"


class JobFolders:
    """The folder of all jobs.

    Attributes:
        place: names the folder; processes that share it, on whatever machine, find the same name.
    """

    def __init__(self, root: Path) -> None:
        """Make the folder if it is missing.

        Raises:
            Misconfigured: it cannot be written.
        """
        self._root = root
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.place = _read_or_make_name(root)
        except OSError as error:
            raise Misconfigured(
                f"The folder of queued jobs {root} cannot be written: {error.strerror}.",
                hint="Set FFMPEG_WORKER_STATE_ROOT to a folder that the worker's user may write.",
            ) from None

    def of(self, job_id: str) -> Path:
        """Return the folder of a job; it is made if it is missing.

        Raises:
            DiskFull: there is no room for it.
        """
        folder = self._root / job_id
        with full_disk_as_error():
            folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def outputs_of(self, job_id: str) -> Path:
        """Return the folder with a job's outputs, which may not exist."""
        return self._root / job_id / "outputs"

    def has_outputs(self, job_id: str) -> bool:
        """Whether outputs of a job are here."""
        with suppress(OSError), os.scandir(self.outputs_of(job_id)) as entries:
            return any(True for _ in entries)
        return False

    async def remove_work(self, job_id: str) -> None:
        """Remove the working files of a job, and its folder if no outputs are in it.

        Files of another attempt stay: where the folder is shared, a worker that was taken for dead ends late.
        """
        folder = self._root / job_id
        if not folder.exists():
            return
        await remove_kept_workspaces(folder / WORK)
        for path in (self.outputs_of(job_id), folder):
            with suppress(OSError):  # it is not empty
                path.rmdir()

    async def end(self, job_id: str) -> None:
        """Remove what an ended job does not need: the files that came with it, and its working files."""
        inputs = self._root / job_id / INPUTS
        if inputs.exists():
            await remove_tree(inputs)
        await self.remove_work(job_id)

    def has_inputs(self, job_id: str) -> bool:
        """Whether files that came with a job are here."""
        return (self._root / job_id / INPUTS).is_dir()

    async def remove(self, job_id: str) -> None:
        """Remove all files of a job."""
        await remove_tree(self._root / job_id)

    def list_ages(self, now: float) -> dict[str, float]:
        """Return the seconds since the last change of every job's folder, by job id."""
        ages: dict[str, float] = {}
        with os.scandir(self._root) as entries:
            for entry in entries:
                with suppress(OSError):  # removed meanwhile
                    if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
                        ages[entry.name] = now - entry.stat(follow_symlinks=False).st_mtime
        return ages

    def set_aside(self, job_id: str) -> bool:
        """Take a job's folder away at once, to be removed later; not while a process works in it."""
        folder = self._root / job_id
        if any(_is_locked(lock) for lock in folder.glob("work*.lock")):
            return False
        with suppress(FileNotFoundError):
            folder.rename(self._root / f"{_ASIDE}{secrets.token_hex(8)}")
        return True

    async def remove_set_aside(self) -> None:
        """Remove all folders that were set aside, also those of processes that ended before they could."""
        for folder in await asyncio.to_thread(lambda: [*self._root.glob(f"{_ASIDE}*")]):
            await remove_tree(folder, in_thread=True)  # there may be thousands


def _is_locked(path: Path) -> bool:
    """Whether an attempt holds its lock; the kernel releases it however its process ends."""
    try:
        lock = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(lock)


def _read_or_make_name(root: Path) -> str:
    path = root / _PLACE_FILE
    if not path.exists():
        draft = root / f".{_PLACE_FILE}-{secrets.token_hex(4)}"
        draft.write_text(secrets.token_hex(8))
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text()
