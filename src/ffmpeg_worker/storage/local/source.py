"""Files on this machine: under the data root and the allowed roots, nowhere else."""

from __future__ import annotations

import errno
import fnmatch
import os
import re
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from ffmpeg_worker.errors import (
    SourceError,
    SourceForbidden,
    SourceNotFound,
    SourceUnreadable,
    TargetForbidden,
)
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.storage.local.delivery import LocalDelivery
from ffmpeg_worker.storage.transfer import TransferMeter

_NUMBER = re.compile(r"%(0?)(\d*)d")


class LocalStorage:
    """Reads and writes below the data root and, by absolute name, below the allowed roots.

    Links are followed before the check, so one that leads out of the roots is refused.
    """

    def __init__(self, data_root: Path, allowed_roots: Sequence[Path] = ()) -> None:
        data_root.mkdir(parents=True, exist_ok=True)
        self.data_root = data_root.resolve()
        self._device = self.data_root.stat().st_dev
        self._roots = (self.data_root, *(root.resolve() for root in allowed_roots))

    async def fetch(self, source: FileSource, folder: Path, meter: TransferMeter) -> Path:  # noqa: ARG002  (files stay in place)
        """The file's own place; see `SourceStore.fetch`."""
        name = source.url.removeprefix("file://").removeprefix("file:")
        path = self._locate(name)
        if path is None:
            raise SourceForbidden(
                f'The input "{display_name(name)}" lies outside the folders this worker may read.',
                code="path_outside_root",
                hint="Use a name under the data root (FS_PATH), or let the operator allow the folder "
                "with FFMPEG_WORKER_ALLOWED_ROOTS.",
            )
        self._check_readable(path, name)
        return path

    async def find(self, pattern: str) -> list[Path]:
        """Files of one folder that match; see `SourceStore.find`."""
        folder_name, _, name_pattern = pattern.rpartition("/")
        folder = self._locate(folder_name or ("/" if pattern.startswith("/") else "."))
        if folder is None:
            raise SourceForbidden(
                f'The input "{display_name(pattern)}" lies outside the folders this worker may read.',
                code="path_outside_root",
            )
        matches = _matcher(name_pattern)
        found = sorted(entry.name for entry in _scan(folder) if matches(entry.name))
        if not found:
            raise SourceNotFound(
                f'No file matches "{display_name(pattern)}".', hint="Check the folder and the number of digits."
            )
        return [path for name in found if (path := self._locate(str(folder / name))) is not None]

    accepts_early = False
    """A rename at the end costs nothing."""

    def check(self, names: Sequence[str]) -> None:
        """Refuse names outside the roots and names of folders; see `Target.check`."""
        for name in names:
            self._target(name)

    async def preflight(self) -> None:
        """Nothing can be found out that `check` does not."""

    def open(self, meter: TransferMeter) -> LocalDelivery:  # noqa: ARG002  (nothing is transferred)
        """See `Target.open`."""
        return LocalDelivery(self._target, self._device)

    def _target(self, name: str) -> Path:
        path = self._locate(name)
        if path is None:
            raise TargetForbidden(
                f'The output "{display_name(name)}" lies outside the folders this worker may write.',
                code="path_outside_root",
                hint="Give a relative name: it is put under the data root.",
                where={"output": display_name(name)},
            )
        if path.is_dir():
            raise TargetForbidden(
                f'The output "{display_name(name)}" is a folder.',
                code="target_is_folder",
                hint="Name a file in it.",
                where={"output": display_name(name)},
            )
        return path

    def _locate(self, name: str) -> Path | None:
        """Where a name leads, links followed; `None` when that is outside the roots."""
        try:
            path = (self.data_root / name).resolve()
        except (OSError, RuntimeError, ValueError):
            return None
        return path if any(path.is_relative_to(root) for root in self._roots) else None

    def _check_readable(self, path: Path, name: str) -> None:
        shown = display_name(name)
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            raise SourceNotFound(
                f'There is no input "{shown}".',
                hint="Relative names are looked up in the job's inputs, then under the data root (FS_PATH).",
            ) from None
        except OSError as error:
            raise _unreadable(shown, error) from None
        if stat.S_ISDIR(status.st_mode):
            raise SourceForbidden(
                f'The input "{shown}" is a folder.', code="source_is_folder", hint="Name a file in it."
            )
        if not stat.S_ISREG(status.st_mode):
            raise SourceForbidden(f'The input "{shown}" is not a regular file.', code="source_not_regular")
        if status.st_size == 0:
            raise SourceUnreadable(
                f'The input "{shown}" is empty (0 bytes).',
                code="source_empty",
                hint="Check that its upload or download was complete.",
            )
        if not os.access(path, os.R_OK):
            raise _unreadable(shown, PermissionError(errno.EACCES, "Permission denied"))


def _unreadable(shown: str, error: OSError) -> SourceError:
    return SourceForbidden(
        f'The input "{shown}" cannot be read: {os.strerror(error.errno or errno.EIO)}.',
        code="source_forbidden",
        hint="Check the file's permissions for the worker's user.",
    )


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if entry.is_file()]
    except OSError:
        return []


def _matcher(pattern: str) -> Callable[[str], object]:
    match = _NUMBER.search(pattern)
    if match is None:
        return re.compile(fnmatch.translate(pattern)).fullmatch
    digits = rf"\d{{{match.group(2)},}}" if match.group(1) else r"\d+"
    before, after = pattern[: match.start()], pattern[match.end() :]
    return re.compile(re.escape(before.replace("%%", "%")) + digits + re.escape(after)).fullmatch
