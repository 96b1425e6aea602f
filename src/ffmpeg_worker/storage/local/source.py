"""Inputs from local files."""

from __future__ import annotations

import errno
import fnmatch
import os
import re
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import SourceForbidden, SourceNotFound
from ffmpeg_worker.job.file_names import HIDDEN_HINT, display_name
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.storage.errors import source_empty
from ffmpeg_worker.storage.local.roots import LocalRoots
from ffmpeg_worker.storage.transfer import TransferMeter

_NUMBER = re.compile(r"%(0?)(\d*)d")


class LocalSource:
    """A `SourceStore` of local files; they stay where they are."""

    def __init__(self, roots: LocalRoots, first: Sequence[LocalRoots] = ()) -> None:
        """Names are looked up in `first` before `roots`: the files of a request, and those of an API key."""
        self._roots = roots
        self._first = first

    async def fetch(self, source: FileSource, folder: Path, meter: TransferMeter) -> Path:  # noqa: ARG002  (no transfer)
        """See `SourceStore.fetch`."""
        name = source.url.removeprefix("file://").removeprefix("file:")
        path = self._find_first(name) or self._resolve(name)
        _check_readable(path, display_name(name))
        return path

    async def open_ranged(
        self, _source: FileSource, _folder: Path, _sparse_folder: Path, _meter: TransferMeter
    ) -> None:
        """Local files are read where they are."""
        return

    async def find(self, pattern: str) -> list[Path]:
        """See `SourceStore.find`; a pattern applies to the file names of one folder."""
        for roots in (*self._first, self._roots):
            if paths := _find_in(roots, pattern):
                break
        else:
            self._resolve(pattern)
            raise SourceNotFound(
                f'No file matches "{display_name(pattern)}".', hint="Check the folder and the number of digits."
            )
        return paths

    def _find_first(self, name: str) -> Path | None:
        """The file of a name in one of the first roots; `None` if it is in none of them."""
        for roots in self._first:
            path = roots.resolve(name)
            if path is not None and path.exists() and not roots.hides(path):
                return path
        return None

    def _resolve(self, name: str) -> Path:
        path = self._roots.resolve(name)
        if path is None:
            raise SourceForbidden(
                f'The input "{display_name(name)}" is outside the folders that this worker may read.',
                code="path_outside_root",
                hint="Use a name under the data root (FS_PATH), or let the operator allow the folder "
                "with FFMPEG_WORKER_ALLOWED_ROOTS.",
            )
        if self._roots.hides(path):
            raise SourceForbidden(
                f'The input "{display_name(name)}" is a hidden file or in a hidden folder.',
                fault=Fault.CALLER,
                hint=HIDDEN_HINT,
            )
        return path


def _check_readable(path: Path, shown: str) -> None:
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise SourceNotFound(
            f'There is no input "{shown}".',
            hint="Relative names are searched in the job's inputs, then under the data root (FS_PATH).",
        ) from None
    except OSError as error:
        raise _unreadable(shown, error.errno or errno.EIO) from None
    if stat.S_ISDIR(status.st_mode):
        raise SourceForbidden(
            f'The input "{shown}" is a folder.', code="source_is_folder", hint="Name a file in it."
        )
    if not stat.S_ISREG(status.st_mode):
        raise SourceForbidden(f'The input "{shown}" is not a regular file.', code="source_not_regular")
    if status.st_size == 0:
        raise source_empty(shown)
    if not os.access(path, os.R_OK):
        raise _unreadable(shown, errno.EACCES)


def _unreadable(shown: str, number: int) -> SourceForbidden:
    return SourceForbidden(
        f'The input "{shown}" cannot be read: {os.strerror(number)}.',
        hint="Check that the worker's user may read the file.",
    )


def _find_in(roots: LocalRoots, pattern: str) -> list[Path]:
    folder_name, _, name_pattern = pattern.rpartition("/")
    folder = roots.resolve(folder_name or ("/" if pattern.startswith("/") else "."))
    if folder is None or roots.hides(folder):
        return []
    matches = _compile_pattern(name_pattern)
    names = sorted(entry.name for entry in _list_files(folder) if matches(entry.name))
    found = (roots.resolve(str(folder / name)) for name in names)
    return [path for path in found if path is not None and not roots.hides(path)]


def _list_files(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if entry.is_file()]
    except OSError:
        return []


def _compile_pattern(pattern: str) -> Callable[[str], object]:
    """A function that tells whether a file name matches a sequence pattern (`%04d`) or a shell pattern."""
    match = _NUMBER.search(pattern)
    if match is None:
        return re.compile(fnmatch.translate(pattern)).fullmatch
    digits = rf"\d{{{match.group(2)},}}" if match.group(1) else r"\d+"
    before, after = pattern[: match.start()], pattern[match.end() :]
    return re.compile(re.escape(before.replace("%%", "%")) + digits + re.escape(after)).fullmatch
