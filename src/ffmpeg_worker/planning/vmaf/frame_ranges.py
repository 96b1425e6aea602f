"""A select filter that keeps ranges of frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def select_ranges(ranges: Iterable[tuple[int, int]]) -> str:
    """The filter that keeps the frames in `ranges`, each given by its first frame and its length.

    The expression halves the ranges again and again, so that a frame costs as many comparisons as the number of
    ranges has binary digits.
    """
    bounds = _bounds(ranges)
    return f"select='{_choose(bounds, 0, len(bounds))}'"


def _bounds(ranges: Iterable[tuple[int, int]]) -> list[int]:
    """First and last frame (exclusive) of each range in turn; adjacent ranges are joined."""
    bounds: list[int] = []
    for first, count in ranges:
        if bounds and bounds[-1] == first:
            bounds[-1] = first + count
        else:
            bounds += [first, first + count]
    return bounds


def _choose(bounds: Sequence[int], low: int, high: int) -> str:
    """The expression for frames after `low` to `high` of the bounds; after an odd number they are in a range."""
    if low == high:
        return str(low % 2)
    middle = (low + high) // 2
    return f"if(lt(n,{bounds[middle]}),{_choose(bounds, low, middle)},{_choose(bounds, middle + 1, high)})"
