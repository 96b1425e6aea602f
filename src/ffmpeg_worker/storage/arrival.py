"""What all downloads have in common: a folder of their own, a plain extension, a disk that may be full."""

from __future__ import annotations

import errno
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from ffmpeg_worker.errors import DiskFull

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Numbers of the errors of a disk without room."""
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,12}")


@contextmanager
def download_folder(folder: Path) -> Iterator[Path]:
    """A folder for one download below `folder`, which is gone when that fails.

    One for each: what is relative to an input, as in a playlist, finds nobody else's files.
    """
    own = folder / f".{secrets.token_hex(8)}"
    own.mkdir(mode=0o700)
    try:
        yield own
    except BaseException:
        shutil.rmtree(own, ignore_errors=True)
        raise


def plain_suffix(path: str) -> str:
    """The extension of a path elsewhere, in lower case, if it is one that a local file may have, else nothing."""
    suffix = PurePosixPath(path).suffix.lower()
    return suffix if _SUFFIX.fullmatch(suffix) else ""


def disk_full() -> DiskFull:
    """The error of an input that does not fit."""
    return DiskFull(
        "The worker's disk has no room for the input.",
        hint="Try again later; if it stays, the worker needs more disk.",
    )
