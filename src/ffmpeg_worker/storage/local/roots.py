"""The local folders that jobs may read and write."""

from __future__ import annotations

import errno
import logging
import os
import tempfile
from collections.abc import Sequence
from copy import copy
from pathlib import Path

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.job.file_names import is_hidden
from ffmpeg_worker.logs import log

KEY_FOLDERS = ".keys"
"""Name of the folder in the data root with one folder for each of several API keys."""
_ONLY_READABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT})


class LocalRoots:
    """The data root, which relative names start from, and further folders allowed by absolute path.

    Links are resolved before the check, so a link that leads out of the roots is refused.
    """

    def __init__(self, data_root: Path, allowed_roots: Sequence[Path] = (), private: Sequence[Path] = ()) -> None:
        """Make the data root if it is missing; no job reads or writes the `private` folders of the worker.

        Raises:
            Misconfigured: the data root cannot be made, read or written, or an allowed folder is not there.
        """
        self.data_root = _open_data_root(data_root)
        self.folders = (self.data_root, *(_check_allowed(root) for root in allowed_roots))
        """The data root and the allowed folders."""
        self.private = tuple(folder.absolute().resolve() for folder in private)
        """Folders of the worker itself."""
        self.device = self.data_root.stat().st_dev
        """The disk of the data root."""

    def of_key(self, owner: str) -> LocalRoots:
        """The same roots with a folder of an API key in the place of the data root; it is made if it is missing.

        It is in a hidden folder, so that jobs of other keys cannot name its files.
        """
        own = copy(self)
        own.data_root = self.data_root / KEY_FOLDERS / owner
        own.data_root.mkdir(mode=0o755, parents=True, exist_ok=True)
        own.folders = (own.data_root, *self.folders)
        return own

    def only(self, folder: Path) -> LocalRoots:
        """The same with an existing folder as the only root."""
        other = copy(self)
        other.data_root = folder.resolve()
        other.folders = (other.data_root,)
        return other

    def hides(self, path: Path) -> bool:
        """Whether a resolved path is hidden, or in a hidden folder, below every root that it is in.

        Outside of the other roots nothing is hidden where the operator allows the whole machine.
        """
        roots = [self.data_root, *(root for root in self.folders if root != Path("/"))]
        found = [below for root in roots if (below := _name_below(path, root)) is not None]
        return bool(found) and all(is_hidden(below.split("/")) for below in found)

    def resolve(self, name: str) -> Path | None:
        """The path that a name refers to, links resolved; `None` if it is outside the roots."""
        try:
            path = (self.data_root / name).resolve()
        except (OSError, RuntimeError, ValueError):
            return None
        if _is_below(path, self.data_root) and not self._is_private(path, below=self.data_root):
            return path
        is_allowed = any(_is_below(path, root) for root in self.folders)
        return path if is_allowed and not self._is_private(path) else None

    def _is_private(self, path: Path, below: Path | None = None) -> bool:
        """Whether a path is in a private folder; with `below`, only those inside of that folder count."""
        folders = [folder for folder in self.private if below is None or _is_below(folder, below)]
        return any(_is_below(path, folder) for folder in folders)


def _is_below(path: Path, folder: Path) -> bool:
    return _name_below(path, folder) is not None


def _name_below(path: Path, folder: Path) -> str | None:
    """The relative name of a path in a folder; `None` outside of it. Both are resolved.

    `Path.relative_to` takes twenty times as long, and every name is checked against every root.
    """
    text, above = str(path), str(folder).rstrip("/")
    if text == above:
        return ""
    return text[len(above) + 1 :] if text.startswith(f"{above}/") else None


def _open_data_root(folder: Path) -> Path:
    """Make the data root; one that is only readable serves jobs whose outputs go elsewhere."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        resolved = folder.resolve()
        with os.scandir(resolved):
            pass
        with tempfile.TemporaryFile(dir=resolved):
            return resolved
    except FileExistsError:
        reason = "it is not a folder"
    except OSError as error:
        reason = os.strerror(error.errno or errno.EIO)
        if error.errno in _ONLY_READABLE and os.access(folder, os.R_OK | os.X_OK):
            log(logging.WARNING, "the data root cannot be written", folder=str(folder), reason=reason)
            return folder.resolve()
    except (RuntimeError, ValueError):  # a loop of links, a NUL character
        reason = "it is not a usable path"
    raise Misconfigured(
        f"The data root {folder} cannot be used: {reason}.",
        hint="Set FS_PATH to a folder that the worker's user may read and write.",
    )


def _check_allowed(folder: Path) -> Path:
    if not folder.is_dir():
        raise Misconfigured(
            f"The folder {folder} in FFMPEG_WORKER_ALLOWED_ROOTS does not exist.",
            hint=f"Name existing folders, separated by {os.pathsep!r}, or leave the variable unset.",
        )
    return folder.resolve()
