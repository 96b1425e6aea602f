"""A file that the command line names, or standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from ffmpeg_worker.errors import InvalidJob


def read_file_argument(name: str, shown: str, *, hint: str) -> bytes:
    """All of it; `-` is standard input. `shown` begins the sentence of the error.

    Raises:
        InvalidJob: it cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise InvalidJob(
            f"{shown} cannot be read: {error.strerror}.", code="job_file_unreadable", hint=hint
        ) from None
