"""Sets of bytes of a file, as ranges that do not touch each other."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator


class ByteRanges:
    """Ranges `[start, end)` of a file, merged and in order."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(list(zip(self._starts, self._ends, strict=True)))

    def add(self, start: int, end: int) -> None:
        """Add a range, which may overlap others."""
        if start >= end:
            return
        first = bisect_left(self._ends, start)
        last = bisect_right(self._starts, end)
        if first < last:
            start = min(start, self._starts[first])
            end = max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]

    def covers(self, start: int, end: int) -> bool:
        """Whether every byte of a range is in the set; true for an empty range."""
        return self.end_of_run(start) >= end or start >= end

    def end_of_run(self, start: int) -> int:
        """The end of the range that contains `start`; `start` itself if none does."""
        index = bisect_right(self._starts, start) - 1
        return self._ends[index] if index >= 0 and self._ends[index] > start else start

    def next_start(self, position: int) -> int | None:
        """The first start of a range at or behind a position; `None` if there is none."""
        index = bisect_left(self._starts, position)
        return self._starts[index] if index < len(self._starts) else None

    def gaps(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The parts of a range that are not in the set, in order."""
        while (start := self.end_of_run(start)) < end:
            following = self.next_start(start)
            stop = end if following is None else min(end, following)
            yield start, stop
            start = stop

    def total(self) -> int:
        """The number of bytes in the set."""
        return sum(self._ends) - sum(self._starts)
