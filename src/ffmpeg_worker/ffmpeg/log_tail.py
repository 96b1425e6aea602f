"""Keeps the relevant part of ffmpeg's log: the first problems and the end."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable

MAX_LOG_BYTES = 64 * 1024 * 1024
"""A run with a longer log is stopped, because reading the log costs the worker time."""

MAX_LINE_CHARS = 4096
"""The rest of a longer line is dropped."""

_MAX_TAIL_CHARS = 64 * 1024
_MAX_FIRST_PROBLEMS = 40

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_PROBLEM = re.compile(r"^(?:\[[^\]]*+\] )*\[(?:warning|error|fatal|panic)\] ")
_TAGS = re.compile(
    r"^((?:\[(?>[^\]\n]*? @ )[^\]\n]*+\] )*)\[(?:quiet|panic|fatal|error|warning|info|verbose|debug|trace)\] ?",
    re.MULTILINE,
)
# The echo of an option that run_ffmpeg adds.
_ECHO = re.compile(r"^\[info\] ffmpeg stats and -progress period set to .*\n?", re.MULTILINE)
_ADDRESS = re.compile(r" @ (?:0x)?[0-9a-fA-F]{6,16}(?=\])")


class LogTail:
    """Collects the log in bounded memory, from chunks that may end anywhere.

    Lines have the level tags of `-loglevel level+info`; `strip_log_tags` removes them.
    """

    def __init__(
        self, on_line: Callable[[str], None] | None = None, change: Callable[[str], str] | None = None
    ) -> None:
        """`on_line` receives each line that is not empty, also those that are not kept.

        `change` rewrites each line before that.
        """
        self._on_line = on_line
        self._change = change
        self._partial = b""
        self._count = 0
        self._first_problems: list[tuple[int, str]] = []
        self._tail: deque[tuple[int, str]] = deque()
        self._tail_chars = 0

    def feed(self, chunk: bytes) -> None:
        """Add the next bytes of the log."""
        *lines, self._partial = (self._partial + chunk).replace(b"\r", b"\n").split(b"\n")
        # A UTF-8 character takes at most 4 bytes.
        self._partial = self._partial[: 4 * MAX_LINE_CHARS]
        for line in lines:
            self._keep(line)

    def end(self) -> None:
        """Take the rest for a line: no more bytes come."""
        line, self._partial = self._partial, b""
        self._keep(line)

    @property
    def text(self) -> str:
        """The first problems (warnings and worse), then the last lines; each line once."""
        tail = [*self._tail, *((self._count, line) for line in [_clean(self._partial)] if line)]
        begin = tail[0][0] if tail else 0
        before = [line for number, line in self._first_problems if number < begin]
        return "\n".join([*before, *(line for _, line in tail)])

    def last(self, n_lines: int) -> str:
        """Return the last `n_lines` lines."""
        return "\n".join(self.text.split("\n")[-n_lines:])

    def _keep(self, raw: bytes) -> None:
        line = _clean(raw)
        if not line:
            return
        if self._change is not None:
            line = self._change(line)
        if len(self._first_problems) < _MAX_FIRST_PROBLEMS and _PROBLEM.match(line):
            self._first_problems.append((self._count, line))
        self._tail.append((self._count, line))
        self._tail_chars += len(line) + 1
        self._count += 1
        if self._on_line is not None:
            self._on_line(line)
        while self._tail_chars > _MAX_TAIL_CHARS:
            self._tail_chars -= len(self._tail.popleft()[1]) + 1


def strip_log_tags(text: str) -> str:
    """Remove level tags and memory addresses from a log."""
    return _ADDRESS.sub("", _TAGS.sub(r"\1", _ECHO.sub("", text)))


def _clean(raw: bytes) -> str:
    line = raw[: 4 * MAX_LINE_CHARS].decode(errors="replace")[:MAX_LINE_CHARS]
    if not line.isprintable():
        line = _CONTROL.sub("", _ANSI.sub("", line))
    return line.rstrip()
