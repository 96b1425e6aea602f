"""Standard output that cannot be written: a full disk, or a pipe whose reader has gone."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from typing_extensions import Buffer

READER_GONE = 1
"""Exit code where the reader of a pipe has gone, as of other commands that are written with Click."""
NOT_WRITTEN = 4
"""Exit code where the output cannot be written, as for any destination."""


class OutputLost(BaseException):
    """Standard output cannot be written; no handler of a command's own errors must catch it."""

    def __init__(self, number: int) -> None:
        super().__init__(os.strerror(number))
        self.number = number


def run_with_output(run: Callable[[], int]) -> int:
    """Return the exit code of `run`, or of the failure to write its output.

    Nothing is said about a reader that went away, as in `… | head`. Messages on standard error that cannot be
    written are dropped.
    """
    streams = sys.stdout, sys.stderr  # whoever opened them would close the descriptors, were they forgotten
    sys.stdout, sys.stderr = _reopen(sys.stdout, _Output), _reopen(sys.stderr, _Messages)
    try:
        code = run()
        sys.stdout.flush()
    except OutputLost as lost:
        discarding = os.open(os.devnull, os.O_WRONLY)
        os.dup2(discarding, sys.stdout.fileno())  # what is still in the buffer
        os.close(discarding)
        if lost.number == errno.EPIPE:
            return READER_GONE
        sys.stderr.write(f"Error: Standard output cannot be written: {lost}.\n")
        return NOT_WRITTEN
    finally:
        sys.stdout, sys.stderr = streams
    return code


class _Output(io.FileIO):
    """Raises `OutputLost`, which tells its failures from those of other files."""

    def write(self, data: Buffer, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise OutputLost(error.errno or errno.EIO) from None


class _Messages(io.FileIO):
    """Drops what cannot be written: there is nowhere left to say so."""

    def write(self, data: Buffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def _reopen(stream: TextIO | None, kind: type[io.FileIO]) -> TextIO:
    """Return a stream to the same descriptor with failures of this kind; a closed stream is replaced."""
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - open until the program ends
    try:
        raw = kind(stream.fileno(), "w", closefd=False)
    except (OSError, ValueError):  # in memory, as in a test
        return stream
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=kind is _Messages or stream.isatty(),
    )
