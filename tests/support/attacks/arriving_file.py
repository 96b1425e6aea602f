"""A file whose bytes arrive when they are read, or never."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

BLOCK = 4096


class ArrivingFile:
    """See `process.waiting_file.WaitingFile`; every byte of the file is an `a`, a hole reads as zeros."""

    size = 1 << 22
    problem = None

    def __init__(self, path: Path, *, never: bool = False) -> None:
        self.waiting = 0
        """Reads that wait."""
        self.readers = 0
        """Readers that are open."""
        self._path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._never = never
        self._present: set[int] = set()
        os.ftruncate(self._descriptor, self.size)

    def open_descriptor(self) -> int:
        return os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)

    def open_reader(self) -> ArrivingFile:
        self.readers += 1
        return self

    def has(self, start: int, length: int) -> bool:
        return set(range(start // BLOCK, (start + length - 1) // BLOCK + 1)) <= self._present

    async def fetch(self, start: int, length: int) -> None:
        self.waiting += 1
        try:
            await (asyncio.Event().wait() if self._never else asyncio.sleep(0))
        finally:
            self.waiting -= 1
        for block in range(start // BLOCK, (start + length - 1) // BLOCK + 1):
            os.pwrite(self._descriptor, b"a" * BLOCK, block * BLOCK)
            self._present.add(block)

    def close(self) -> None:
        self.readers -= 1

    def end(self) -> None:
        """Give the file up."""
        os.close(self._descriptor)
