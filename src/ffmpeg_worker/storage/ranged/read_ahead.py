"""The distance that is read ahead: one block after a jump, more the longer a reader reads on."""

from __future__ import annotations

from dataclasses import dataclass

from ffmpeg_worker.storage.ranged.link_meter import Link

MIN_BLOCK_BYTES = 256 << 10
MAX_BLOCK_BYTES = 2 << 20
MAX_AHEAD_BYTES = 32 << 20
"""A reader that stops has at most so many bytes fetched ahead of it."""

_BLOCK_RATE = 20_000_000
"""Bytes per second: a block after a jump grows by what a usual connection transfers during one round trip."""
_MAX_RATE = 400_000_000
"""Bytes per second up to which the latency of the next request shall not make a reader wait."""
_MIN_WINDOW_BYTES = 1 << 20
"""A reader has at most as much ahead of it as it has read, until that is so much."""
_SHORT_BYTES = 4 << 20
"""A reader that has read less may be after a single picture."""
_LONG_BYTES = 32 << 20
"""A reader that has read so much probably reads all."""
_LONG_SHARE = 4
_HUNGRY_SHARE = 2
"""Such a reader has this part of what it has read ahead of it; the second one if it waits for the source."""
_PIECES = 3
"""Pieces of the window of such a reader, where several connections are faster than one."""
_MAX_REACH_BYTES = 2 << 20
_MAX_HUNGRY_REACH_BYTES = 16 << 20
_MAX_LONG_REACH_BYTES = 64 << 20
"""How far behind the goal a request may reach. The buffers of a connection fill up when its reader pauses or ends;
those of a reader that waits for the source are empty."""
_STEPS = 8
"""Steps in which a window is moved on."""
_SKIP_BYTES = 1 << 20
"""A reader that leaves out so much reads on; a demuxer skips streams that nobody asked for."""
_MAX_RUNS = 3
"""Places where one reader reads alternately: an index at the end, sound and picture that are far apart."""
_ALIGNMENT = 16 << 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """A range to request for a reader; parts of it may have arrived or be on their way already."""

    start: int
    goal: int
    """The bytes before it are wanted now."""
    extent: int
    """A request that is sent for them may reach so far; it is read on when the reader has come closer."""
    horizon: int
    """What is missing before it is requested now, so that it arrives in time."""
    piece: int | None = None
    """The most bytes of one request, if several may bring them side by side."""


@dataclass(slots=True)
class _Run:
    """A place where a reader reads on."""

    position: int
    """Byte behind the last one that was read."""
    goal: int
    """Byte behind the last one that was wanted."""
    read: int = 0
    waited_at: int | None = None
    """Byte behind the last read for which the reader had to wait; a jump does not count."""

    def is_hungry(self, early: int) -> bool:
        """Whether the reader is faster than the source; `early` bytes are requested before they are wanted."""
        if self.waited_at is None or self.read < _MIN_WINDOW_BYTES:
            return False
        return self.position - self.waited_at <= max(_MIN_WINDOW_BYTES + early, self.read // 4)


class ReadAhead:
    """The read-ahead of one reader."""

    def __init__(self, size: int, limit: int | None = None) -> None:
        """`limit`: byte from which on the reader will probably read nothing."""
        self._size = size
        self._limit = size if limit is None else min(size, limit)
        self._runs: list[_Run] = []

    def advance(self, start: int, end: int, link: Link, *, has_arrived: bool = True) -> Wanted | None:
        """Note a read, and decide what to request for it and ahead of it.

        Args:
            start: first byte of the read.
            end: byte behind the last one.
            link: how fast the source answers.
            has_arrived: whether the bytes are there, so that the reader does not wait for them.

        Returns:
            What is wanted; `None` if it is little more than what was wanted before.
        """
        run = self._find(start)
        if run is None:
            aligned = start - start % _ALIGNMENT
            goal = max(end, self._cap(aligned + block_size(link.latency_s), end))
            self._runs = [_Run(position=end, goal=goal, read=end - start), *self._runs[: _MAX_RUNS - 1]]
            return Wanted(aligned, goal, goal, goal)
        self._runs.remove(run)
        self._runs.insert(0, run)
        if not has_arrived:
            run.waited_at = end
        if end > run.position:
            run.read += end - max(start, run.position)
            run.position = end
            return self._go_on(run, start, link)
        return None

    def _go_on(self, run: _Run, start: int, link: Link) -> Wanted | None:
        early = min(run.read, round(link.latency_s * min(link.rate, _MAX_RATE)))
        is_hungry = run.is_hungry(early)
        if not is_hungry and run.read < _LONG_BYTES:
            early = 0  # what is ahead of it lasts until the next answer
        window = window_size(run.read, link.latency_s, is_hungry=is_hungry)
        goal = self._cap(run.position + window, run.position)
        if run.position <= run.goal and goal - run.goal < window // _STEPS and not goal == self._limit > run.goal:
            return None
        # What a reader has left out stays out.
        run.goal = goal
        if run.read >= _LONG_BYTES and link.gains_by_sharing:
            piece = window // _PIECES
            return Wanted(start, goal, self._cap(goal + piece, run.position), goal, piece + piece // 2)
        extent = goal + early + reach_size(run.read, is_hungry=is_hungry)
        return Wanted(start, goal, self._cap(extent, run.position), self._cap(goal + early, run.position))

    def _find(self, start: int) -> _Run | None:
        """The run that a read continues, or repeats a part of."""
        for run in self._runs:
            first = run.position - max(run.read, MIN_BLOCK_BYTES)
            if first <= start <= max(run.position + _SKIP_BYTES, run.goal):
                return run
        return None

    def _cap(self, goal: int, needed: int) -> int:
        """Round up, but end at the limit unless the reader itself is behind it."""
        rounded = goal + -goal % _ALIGNMENT
        return min(rounded, self._limit if needed <= self._limit else self._size)


def block_size(latency_s: float) -> int:
    """Bytes to request after a jump."""
    return min(MIN_BLOCK_BYTES + round(latency_s * _BLOCK_RATE), MAX_BLOCK_BYTES)


def window_size(read: int, latency_s: float, *, is_hungry: bool = False) -> int:
    """Bytes to have ahead of a reader that has read `read` bytes one after the other."""
    if read < _LONG_BYTES:
        return min(_MIN_WINDOW_BYTES, max(read if is_hungry else read // 2, block_size(latency_s)))
    return min(read // (_HUNGRY_SHARE if is_hungry else _LONG_SHARE), MAX_AHEAD_BYTES)


def reach_size(read: int, *, is_hungry: bool) -> int:
    """Bytes behind the goal that a request for such a reader may bring, too."""
    if is_hungry:
        most = _MAX_HUNGRY_REACH_BYTES if read < _LONG_BYTES else _MAX_LONG_REACH_BYTES
        return min(read // 2 if read < _SHORT_BYTES else 2 * read, most)
    if read < _LONG_BYTES:
        return min(max(read // 8, MIN_BLOCK_BYTES), _MAX_REACH_BYTES)
    return min(read // 2, MAX_AHEAD_BYTES)
