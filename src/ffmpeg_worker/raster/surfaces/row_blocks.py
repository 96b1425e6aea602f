"""Divides pictures into blocks of rows, for arithmetic in several steps."""

from __future__ import annotations

from collections.abc import Iterator

_PIXELS_AT_ONCE = 16_384
"""Few enough to stay in the processor's cache from step to step, which is several times faster."""


def row_blocks(height: int, width: int) -> Iterator[slice]:
    """Yield the rows of a picture, top first, in blocks that fit in the cache."""
    rows = max(1, _PIXELS_AT_ONCE // max(width, 1))
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))
