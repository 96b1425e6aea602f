"""A file whose bytes are still to come, as the supervisor of a child's reads needs it."""

from __future__ import annotations

from typing import Protocol

from ffmpeg_worker.errors import WorkerError


class WaitingReader(Protocol):
    """One reader of a file: an open descriptor of a child."""

    def has(self, start: int, length: int) -> bool:
        """Whether all bytes of a range are in the file."""
        ...

    async def fetch(self, start: int, length: int) -> None:
        """Return when they are.

        Raises:
            WorkerError: they cannot be had.
        """
        ...

    def close(self) -> None:
        """End it."""
        ...


class WaitingFile(Protocol):
    """A file of its full length with holes."""

    @property
    def size(self) -> int:
        """Length in bytes."""
        ...

    @property
    def problem(self) -> WorkerError | None:
        """Why a read has failed."""
        ...

    def open_reader(self) -> WaitingReader:
        """Begin to read."""
        ...

    def open_descriptor(self) -> int:
        """Open the file; the descriptor has a position of its own."""
        ...
