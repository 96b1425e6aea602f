"""Numbers that FFmpeg prints, and lists of them that stay within a limit."""

from __future__ import annotations

import math
from typing import Annotated, Generic, TypeVar

from pydantic import PlainSerializer, WithJsonSchema

R = TypeVar("R")

_MAX_DIGITS = 40


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


Level = Annotated[
    float,
    PlainSerializer(_finite, return_type=float | None, when_used="json"),
    WithJsonSchema({"type": ["number", "null"]}),
]
"""A number that may be infinite, as the level of digital silence is; `null` in JSON."""


def read_number(text: str) -> float | None:
    """The number at the beginning of a text such as `-21.1 dB` or `-inf`; `None` where there is none."""
    word = text[: _MAX_DIGITS + 1].split(maxsplit=1)
    if not word or len(word[0]) > _MAX_DIGITS:
        return None
    try:
        return float(word[0])
    except ValueError:
        return None


def read_integer(text: str) -> int | None:
    """The whole number at the beginning of a text; `None` where there is none."""
    number = read_number(text)
    return int(number) if number is not None and math.isfinite(number) else None


class Allowance:
    """The values that one filter may still add to a result."""

    def __init__(self, values: int) -> None:
        self._left = values

    def take(self, values: int) -> bool:
        """Take room for `values`; return whether there was enough."""
        if values > self._left:
            return False
        self._left -= values
        return True

    def give_back(self, values: int) -> None:
        """Make room again."""
        self._left += values


class Rows(Generic[R]):
    """Rows of a result within an allowance: the first ones, or, if it `thins`, every n-th of all.

    Attributes:
        count: number of all rows.
        every: a row is kept of so many.
    """

    def __init__(self, allowance: Allowance, *, thins: bool = False) -> None:
        self.count = 0
        self.every = 1
        self._thins = thins
        self._allowance = allowance
        self._kept: list[tuple[int, R]] = []
        self._is_cut = False

    @property
    def wants_next(self) -> bool:
        """Whether the next row is kept if there is room for it."""
        return self.count % self.every == 0 and not (self._is_cut and not self._thins)

    @property
    def truncated(self) -> bool:
        """Whether some rows were left out."""
        return self._is_cut

    @property
    def kept(self) -> tuple[R, ...]:
        """The rows that were kept."""
        return tuple(row for _, row in self._kept)

    def skip(self) -> None:
        """Count a row without keeping it."""
        self.count += 1
        self._is_cut = True

    def add(self, row: R, values: int) -> None:
        """Add a row that holds so many values."""
        if self.wants_next and self._make_room(values):
            self._kept.append((values, row))
        else:
            self._is_cut = True
        self.count += 1

    def _make_room(self, values: int) -> bool:
        while not self._allowance.take(values):
            self._is_cut = True
            if not self._thins or len(self._kept) < 2:
                return False
            self._allowance.give_back(sum(size for size, _ in self._kept[1::2]))
            self._kept = self._kept[::2]
            self.every *= 2
            if not self.wants_next:
                return False
        return True
