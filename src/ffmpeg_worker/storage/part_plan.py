"""Divides a growing file into parts that are uploaded before it is complete."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

MIN_PART_BYTES = 5 << 20
"""Stores accept no smaller part, except the last."""
MAX_PARTS = 9_000
"""Stores accept 10 000."""

_HEAD_PARTS = 1
"""Parts at the start that wait for the end: muxers write sizes and indexes there when they finish."""
_MIN_PARTS = 3
"""Complete parts of a file that is worth an upload in parts while it grows."""
MIN_GROWING_BYTES = _MIN_PARTS * MIN_PART_BYTES
"""Smaller files are uploaded when they are complete."""


@dataclass(frozen=True, slots=True)
class PartPlan:
    """Parts of `part_bytes` each, numbered from 0; only the last one may be smaller."""

    part_bytes: int = MIN_PART_BYTES

    @classmethod
    def for_files_up_to(cls, max_bytes: int) -> PartPlan:
        """The smallest parts that suffice for a file of any size up to `max_bytes`."""
        return cls(max(MIN_PART_BYTES, -(-max_bytes // MAX_PARTS)))

    def fits(self, size: int) -> bool:
        """Whether a file of `size` bytes has no more parts than stores accept."""
        return self.count(size) <= MAX_PARTS

    def count(self, size: int) -> int:
        """The number of parts of a complete file of `size` bytes."""
        return -(-size // self.part_bytes)

    def length(self, number: int, size: int) -> int:
        """Bytes of a part of a complete file of `size` bytes; 0 or less if the file has no such part."""
        return min(self.part_bytes, size - number * self.part_bytes)

    def ready(self, size: int, taken: Collection[int]) -> list[int]:
        """Parts that can be uploaded while the file still grows, in order, without those that are `taken`.

        The writer has gone beyond the whole of each. It may still change one: only a comparison with the complete
        file can tell.
        """
        complete = size // self.part_bytes
        if complete < _MIN_PARTS:
            return []
        return [number for number in range(_HEAD_PARTS, complete) if number not in taken]
