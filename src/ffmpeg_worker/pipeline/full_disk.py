"""The error of a job whose files the worker's disk cannot hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ffmpeg_worker.errors import DiskFull
from ffmpeg_worker.storage.errors import DISK_FULL_ERRNOS


@contextmanager
def full_disk_as_error() -> Iterator[None]:
    """Replace the error of a full disk, which other jobs may fill at any moment.

    Raises:
        DiskFull: there is no room for a file of the job.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_FULL_ERRNOS:
            raise
        raise DiskFull(
            "The worker's disk has no room for the files of the job.",
            hint="Try again later; if it stays, add disk.",
            detail=str(error),
        ) from None
