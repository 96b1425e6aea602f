"""The files of one owner under its data root: found, listed, put in place and removed by name."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ffmpeg_worker.errors import DiskFull, FileError, InvalidJob
from ffmpeg_worker.job.file_names import HIDDEN_HINT, check_name, display_name, is_hidden
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.storage.errors import DISK_FULL_ERRNOS
from ffmpeg_worker.storage.local.data_usage import DataUsage
from ffmpeg_worker.storage.local.roots import LocalRoots

UPLOADS = ".uploads"
"""Name of the hidden folder in a data root with files that are being uploaded."""
UPLOAD_MARK = "user.ffmpeg_worker.uploaded"
"""Extended attribute of a file that was uploaded: only such files are removed after the retention time."""
_TRIES = 5


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file of a list."""

    name: str
    status: os.stat_result


class FileArea:
    """The files of one owner; all methods block."""

    def __init__(self, roots: LocalRoots, usage: DataUsage, owner: str) -> None:
        self.root = roots.data_root
        self.owner = owner
        self.usage = usage
        self._roots = roots

    @property
    def uploads(self) -> Path:
        """The folder of unfinished files, on the disk of the others."""
        return self.root / UPLOADS

    def locate(self, name: str) -> Path:
        """Return the path of a name, whether there is such a file or not.

        Raises:
            InvalidJob: no file can have the name: see `check_file_name`.
            FileError: a folder has the name, or a file that of its folder.
        """
        check_file_name(name)
        path = self._roots.resolve(name)
        if path is None or self._roots.hides(path):
            raise InvalidJob(
                f'The name "{display_name(name)}" leads out of the data root by a link.',
                code="path_outside_root",
                hint="Use another name.",
            )
        if path.is_dir():
            raise _in_the_way(f'"{display_name(name)}" is a folder.')
        return path

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading; it stays readable when it is replaced or removed meanwhile.

        Raises:
            InvalidJob, FileError: see `locate`; there is no such file.
        """
        path = self.locate(name)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            raise file_not_found(name) from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise file_not_found(name)
        return os.fdopen(descriptor, "rb", buffering=0)

    def put(self, draft: Path, name: str, *, replaces: bool = True) -> os.stat_result:
        """Move a finished file to its name in one step; returns its status.

        Raises:
            InvalidJob, FileError: see `locate`; there is such a file, and it is not to be replaced.
            DiskFull: there is no room for its folder.
        """
        target = self.locate(name)
        draft.chmod(0o644)
        self.usage.mark(draft, self.owner)
        with suppress(OSError, AttributeError):  # a disk without marks: the file stays
            os.setxattr(draft, UPLOAD_MARK, b"1")
        for _ in range(_TRIES):
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                if replaces:
                    draft.replace(target)
                else:
                    os.link(draft, target)
                    draft.unlink()
                return target.stat()
            except FileNotFoundError:  # the folder was removed with its last file, or the file at once
                continue
            except FileExistsError:
                if not replaces and target.is_file():
                    raise file_exists(name) from None
                raise _in_the_way(f'A folder of "{display_name(name)}" is a file.') from None
            except (NotADirectoryError, IsADirectoryError):
                raise _in_the_way(f'A folder of "{display_name(name)}" is a file, or it is one.') from None
            except OSError as error:
                raise cannot_write(error) from error
        raise FileError(
            f'Another request removes "{display_name(name)}".', code="file_in_the_way", hint="Try again."
        )

    def remove(self, name: str) -> None:
        """Remove a file, and the folders that it leaves empty.

        Raises:
            InvalidJob, FileError: see `locate`; there is no such file.
        """
        self.locate(name)
        path = self.root / name  # of a link, the link
        try:
            self.usage.forget(path)
            path.unlink()
        except FileNotFoundError:
            raise file_not_found(name) from None
        except NotADirectoryError:
            raise file_not_found(name) from None
        except OSError as error:
            raise cannot_write(error) from error
        remove_empty_folders(path.parent, self.root)

    def list(self, prefix: str, after: str, limit: int) -> list[ListedFile]:
        """Return up to `limit` files in the order of their names: those with a prefix, after a name."""
        found: list[ListedFile] = []
        for name, entry in _walk(self.root, "", prefix, after):
            with suppress(OSError):  # removed meanwhile
                status = entry.stat()
                if stat.S_ISREG(status.st_mode):
                    found.append(ListedFile(name, status))
            if len(found) == limit:
                break
        return found


def check_file_name(name: str) -> None:
    """Refuse a name that no file of the API may have.

    Raises:
        InvalidJob: it is absolute, hidden, empty in a part, not a name of a file, or looks like a URL.
    """
    check_name(name, what="file")
    if name.startswith("/"):
        raise InvalidJob(
            "The file name is absolute.",
            code="path_outside_root",
            hint="Give a relative name; it may have folders: clips/a.mp4.",
        )
    if is_hidden(name.split("/")):
        raise _invalid("is that of a hidden file, or leads into a hidden folder", HIDDEN_HINT)
    if "" in name.split("/"):
        raise _invalid("has an empty part", "Write one slash between a folder and a file.")
    if name.startswith("~") or FileSource.model_construct(url=name).scheme is not None:
        raise _invalid('begins with "~", or looks like a URL', "Use another name.")


def file_not_found(name: str) -> FileError:
    """Return the error of a name without a file."""
    return FileError(
        f'There is no file "{display_name(name)}".',
        hint="GET /api/files lists the files of this API key.",
    )


def file_exists(name: str) -> FileError:
    """Return the error of a name that has a file already."""
    return FileError(
        f'There is a file "{display_name(name)}" already.',
        code="file_exists",
        hint="Use another name, or leave out If-None-Match to replace the file.",
    )


def cannot_write(error: OSError) -> DiskFull | FileError:
    """Return the error of a file that the disk does not take."""
    if error.errno in DISK_FULL_ERRNOS:
        return DiskFull("The worker's disk has no room for the file.", hint="Try again later, or delete files.")
    reason = os.strerror(error.errno) if error.errno else "unknown reason"
    return FileError(
        f"The file cannot be written under the data root: {reason}.",
        code="file_in_the_way",
        hint="Let the operator correct the permissions of the data root (FS_PATH).",
        detail=str(error),
    )


def remove_empty_folders(folder: Path, root: Path) -> None:
    """Remove a folder and those above it, up to `root`, as far as they are empty."""
    with suppress(OSError):
        while folder != root and folder.is_relative_to(root):
            folder.rmdir()
            folder = folder.parent


def _walk(folder: Path, above: str, prefix: str, after: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield names and entries in the order of the names, without hidden ones; unneeded folders are not read."""
    entries: list[tuple[str, os.DirEntry[str]]] = []
    with suppress(OSError), os.scandir(folder) as found:
        for entry in found:
            if not entry.name.startswith("."):
                is_folder = entry.is_dir(follow_symlinks=False)
                entries.append((f"{above}{entry.name}/" if is_folder else f"{above}{entry.name}", entry))
    for name, entry in sorted(entries, key=lambda item: item[0]):
        if name.endswith("/"):
            may_match = name.startswith(prefix) or prefix.startswith(name)
            if may_match and (name >= after or after.startswith(name)):
                yield from _walk(folder / entry.name, name, prefix, after)
        elif name.startswith(prefix) and name > after:
            yield name, entry


def _in_the_way(message: str) -> FileError:
    return FileError(message, code="file_in_the_way", hint="Use another name.")


def _invalid(reason: str, hint: str) -> InvalidJob:
    return InvalidJob(f"The file name {reason}.", code="invalid_name", hint=hint)
