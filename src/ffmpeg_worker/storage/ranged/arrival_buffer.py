"""Memory for bytes that have arrived and wait to be written to the sparse file."""

from __future__ import annotations


class ArrivalBuffer:
    """Bytes are added behind those that wait, and taken from the front, also while others are being added."""

    def __init__(self, capacity: int) -> None:
        self._memory = memoryview(bytearray(capacity))  # the system gives it pages when they are used
        self._start = 0
        self._end = 0

    def __len__(self) -> int:
        return self._end - self._start

    @property
    def waiting(self) -> memoryview:
        """The bytes that wait."""
        return self._memory[self._start : self._end]

    def make_space(self) -> memoryview:
        """The memory behind the bytes that wait; empty if they must be dropped first.

        It is used until the next call of this method.
        """
        if self._start == self._end:
            self._start = self._end = 0
        return self._memory[self._end :]

    def add(self, count: int) -> None:
        """Add so many bytes, which were written to the space."""
        self._end += count

    def drop(self, count: int) -> None:
        """Remove so many bytes from the front."""
        self._start += count
