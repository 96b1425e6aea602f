"""Kinds in random order, without leaving one out."""

from __future__ import annotations

import random
from collections.abc import Mapping


class ShuffledKinds:
    """Returns the names of `weights` as often as they say, in random order, again and again."""

    def __init__(self, weights: Mapping[str, int], chance: random.Random) -> None:
        self._names = [name for name, weight in weights.items() for _ in range(weight)]
        self._chance = chance
        self._left: list[str] = []

    def next(self) -> str:
        """The next name."""
        if not self._left:
            self._left = self._chance.sample(self._names, len(self._names))
        return self._left.pop()
