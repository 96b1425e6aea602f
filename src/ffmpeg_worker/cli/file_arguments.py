"""Files named on the command line."""

from __future__ import annotations

import sys
from pathlib import Path

from ffmpeg_worker.errors import InvalidJob


def read_file_argument(name: str, shown: str, *, hint: str) -> bytes:
    """Read a whole file; `-` is standard input. `shown` begins the error message.

    Raises:
        InvalidJob: the file cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise InvalidJob(
            f"{shown} cannot be read: {error.strerror}.", code="job_file_unreadable", hint=hint
        ) from None


def resolve_file_argument(name: str) -> str:
    """Make a file name absolute; a URL stays unchanged.

    Names on the command line are relative to the current folder, wherever the data root is.
    """
    return name if "://" in name else str(Path(name).resolve())
