"""A text of many lines in bounded memory: its beginning and its end."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator


class KeptText:
    """Keeps whole lines: all of them, or the first and the last ones of a text that is longer than `max_bytes`."""

    def __init__(self, max_bytes: int) -> None:
        self._max_head = max_bytes // 2
        self._max_tail = max_bytes - self._max_head
        self._head: list[str] = []
        self._head_bytes = 0
        self._is_head_full = False
        self._tail: deque[tuple[int, str]] = deque()
        self._tail_bytes = 0
        self._left_out = 0

    @property
    def truncated(self) -> bool:
        """Whether lines were left out."""
        return self._left_out > 0

    @property
    def size(self) -> int:
        """Bytes of the kept lines, with a line end for each."""
        return self._head_bytes + self._tail_bytes

    def shrink(self, max_bytes: int) -> None:
        """Keep fewer bytes from now on."""
        self._max_head = max_bytes // 2
        self._max_tail = max_bytes - self._max_head
        while self._head_bytes > self._max_head:
            self._is_head_full = True
            line = self._head.pop()
            size = _size_of(line)
            self._head_bytes -= size
            if self._left_out:
                self._left_out += 1
            else:
                self._tail.appendleft((size, line))
                self._tail_bytes += size
        self._trim_tail()

    def add(self, line: str) -> None:
        """Add a line, without its line end."""
        size = _size_of(line)
        if not self._is_head_full and self._head_bytes + size <= self._max_head:
            self._head.append(line)
            self._head_bytes += size
            return
        self._is_head_full = True
        self._tail.append((size, line))
        self._tail_bytes += size
        self._trim_tail()

    def lines(self) -> Iterator[str]:
        """The lines, with one in their middle that tells how many were left out."""
        yield from self._head
        if self._left_out:
            yield f"[… {self._left_out} lines left out …]"
        for _, line in self._tail:
            yield line

    def _trim_tail(self) -> None:
        while self._tail_bytes > self._max_tail:
            self._tail_bytes -= self._tail.popleft()[0]
            self._left_out += 1


def _size_of(line: str) -> int:
    return 1 + (len(line) if line.isascii() else len(line.encode(errors="replace")))
