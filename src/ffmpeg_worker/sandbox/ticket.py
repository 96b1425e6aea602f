"""A ticket as a program with one sees it: an input that it can open as often as it likes."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from typing import BinaryIO

from ffmpeg_worker.sandbox.kernel import syscall
from ffmpeg_worker.sandbox.syscalls import NUMBERS

BLOCK_BYTES = 262144
"""Bytes of one read. Otherwise FFmpeg reads up to 4 MiB at once, and the worker fetches twice as much for a
thumbnail. Smaller reads save nothing more, and each one costs a notice."""
LONG_BLOCK_BYTES = 1 << 20
"""Bytes of one read of a program that reads all."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The file that the worker gives for a descriptor; see waiting_reads.py. It is opened as a path is."""

    number: int

    def open(self, _mode: str = "rb", buffering: int = -1) -> BinaryIO:
        """Open the file for reading. Raises OSError."""
        return os.fdopen(self._exchange(), "rb", buffering)

    def stat(self) -> os.stat_result:
        """The status of the file. Raises OSError."""
        with self.open() as file:
            return os.fstat(file.fileno())

    def _exchange(self) -> int:
        return syscall(NUMBERS[platform.machine()]["dup"], self.number)  # os.dup() calls fcntl


def open_options(number: int, block_bytes: int = BLOCK_BYTES) -> dict[str, str]:
    """Options with which FFmpeg's libraries open `fd:` through a ticket."""
    return {"fd": str(number), "blocksize": str(block_bytes)}


def open_arguments(number: int, block_bytes: int = BLOCK_BYTES) -> list[str]:
    """Arguments with which FFmpeg and ffprobe read through a ticket."""
    options = (part for name, value in open_options(number, block_bytes).items() for part in (f"-{name}", value))
    return [*options, "-i", "fd:"]
