"""Folders of queued jobs: the working files of their attempts, and outputs that wait to be fetched."""

from __future__ import annotations

import asyncio
import os
import secrets
from contextlib import suppress
from pathlib import Path

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.pipeline.scratch import remove_tree

_PLACE_FILE = "place.id"


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
        """Return the folder of a job; it is made if it is missing."""
        folder = self._root / job_id
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
        """Remove the working files of a job, and its folder if no outputs are in it."""
        folder = self._root / job_id
        for path in await asyncio.to_thread(lambda: [*folder.glob("work*")]):
            await remove_tree(path)
        with suppress(OSError):
            if not self.has_outputs(job_id):
                await remove_tree(folder)

    async def remove(self, job_id: str) -> None:
        """Remove all files of a job."""
        await remove_tree(self._root / job_id)


def _read_or_make_name(root: Path) -> str:
    path = root / _PLACE_FILE
    if not path.exists():
        draft = root / f".{_PLACE_FILE}-{secrets.token_hex(4)}"
        draft.write_text(secrets.token_hex(8))
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text()
