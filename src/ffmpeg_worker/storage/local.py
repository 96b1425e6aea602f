"""Files on this machine: under the data root and the allowed roots, nowhere else."""

from __future__ import annotations

import asyncio
import errno
import fnmatch
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ffmpeg_worker.errors import (
    SourceError,
    SourceForbidden,
    SourceNotFound,
    SourceUnreadable,
    TargetError,
    TargetForbidden,
    TargetUnavailable,
)
from ffmpeg_worker.job.names import shown_name
from ffmpeg_worker.job.sources import FileSource

_FEW = 16
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

    async def fetch(self, source: FileSource, folder: Path) -> Path:  # noqa: ARG002  (files here stay in place)
        """The file's own place; see `Storage.fetch`."""
        name = source.url.removeprefix("file://").removeprefix("file:")
        path = self._locate(name)
        if path is None:
            raise SourceForbidden(
                f'The input "{shown_name(name)}" lies outside the folders this worker may read.',
                code="path_outside_root",
                hint="Use a name under the data root (FS_PATH), or let the operator allow the folder "
                "with FFMPEG_WORKER_ALLOWED_ROOTS.",
            )
        self._check_readable(path, name)
        return path

    async def find(self, pattern: str) -> list[Path]:
        """Files of one folder that match; see `Storage.find`."""
        folder_name, _, name_pattern = pattern.rpartition("/")
        folder = self._locate(folder_name or ("/" if pattern.startswith("/") else "."))
        if folder is None:
            raise SourceForbidden(
                f'The input "{shown_name(pattern)}" lies outside the folders this worker may read.',
                code="path_outside_root",
            )
        matches = _matcher(name_pattern)
        found = sorted(entry.name for entry in _scan(folder) if matches(entry.name))
        if not found:
            raise SourceNotFound(
                f'No file matches "{shown_name(pattern)}".', hint="Check the folder and the number of digits."
            )
        return [path for name in found if (path := self._locate(str(folder / name))) is not None]

    def check(self, name: str) -> None:
        """Refuse names outside the roots and names of folders; see `Target.check`."""
        self._target(name)

    async def put(self, files: Mapping[str, Path]) -> Mapping[str, Path]:
        """Move the files into place, or copy where the disk is another one; see `Target.put`."""
        targets = {name: self._target(name) for name in files}
        if len(files) <= _FEW and all(_device(path) == self._device for path in files.values()):
            return _put_all(files, targets)  # a few renames: quicker than handing them to a thread
        return await asyncio.to_thread(_put_all, files, targets)

    def _target(self, name: str) -> Path:
        path = self._locate(name)
        if path is None:
            raise TargetForbidden(
                f'The output "{shown_name(name)}" lies outside the folders this worker may write.',
                code="path_outside_root",
                hint="Give a relative name: it is put under the data root.",
                where={"output": shown_name(name)},
            )
        if path.is_dir():
            raise TargetForbidden(
                f'The output "{shown_name(name)}" is a folder.',
                code="target_is_folder",
                hint="Name a file in it.",
                where={"output": shown_name(name)},
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
        shown = shown_name(name)
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


def _device(path: Path) -> int | None:
    try:
        return path.stat().st_dev
    except OSError:
        return None


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


def _put_all(files: Mapping[str, Path], targets: Mapping[str, Path]) -> Mapping[str, Path]:
    """Bring every file next to its target under a hidden name, then rename: nobody sees half of one."""
    waiting: list[tuple[Path, Path]] = []
    try:
        for name, source in files.items():
            target = targets[name]
            target.parent.mkdir(parents=True, exist_ok=True)
            hidden = target.with_name(f".{secrets.token_hex(8)}.part")
            waiting.append((hidden, target))
            _move(source, hidden)
        for hidden, target in waiting:
            hidden.replace(target)
    except OSError as error:
        raise _undeliverable(error) from error
    finally:
        for hidden, _ in waiting:
            hidden.unlink(missing_ok=True)
    return targets


def _move(source: Path, hidden: Path) -> None:
    try:
        source.rename(hidden)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.copyfile(source, hidden)


def _undeliverable(error: OSError) -> TargetError:
    reason = os.strerror(error.errno) if error.errno else "unknown reason"
    kind = TargetUnavailable if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EIO} else TargetForbidden
    return kind(
        f"The outputs cannot be written under the data root: {reason}.",
        hint="Free space or correct the permissions of the data root (FS_PATH).",
        detail=str(error),
    )
