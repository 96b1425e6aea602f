"""Sets of bytes, beside sets of numbers."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ffmpeg_worker.storage.ranged.byte_ranges import ByteRanges

RANGES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12)


@given(RANGES, st.integers(0, 60), st.integers(0, 60))
def test_ranges_are_sets_of_numbers(added: list[tuple[int, int]], start: int, end: int) -> None:
    ranges, numbers = ByteRanges(), set[int]()
    for first, stop in added:
        ranges.add(first, stop)
        numbers |= set(range(first, stop))
    assert {number for part in ranges for number in range(*part)} == numbers
    assert ranges.total() == len(numbers)
    assert ranges.covers(start, end) == (set(range(start, end)) <= numbers)
    missing = [number for gap in ranges.gaps(start, end) for number in range(*gap)]
    assert missing == sorted(set(range(start, end)) - numbers)
    parts = list(ranges)
    assert all(before[1] < after[0] for before, after in pairwise(parts))
