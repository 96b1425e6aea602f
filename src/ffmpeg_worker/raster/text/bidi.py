"""Text direction, by the Unicode bidirectional algorithm (https://www.unicode.org/reports/tr9/)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TypeVar

from bidi import algorithm

_RIGHT_TO_LEFT = {"R", "AL", "AN", "RLE", "RLO", "RLI"}
_AS_EMBEDDINGS = str.maketrans({"\u2066": "\u202a", "\u2067": "\u202b", "\u2068": "\u202a", "\u2069": "\u202c"})
_T = TypeVar("_T")


def base_level(text: str, direction: str) -> int:
    """Return 0 for left-to-right text, 1 for right-to-left; `auto` decides by the first letter."""
    if direction == "auto":
        return int(algorithm.get_base_level(text))
    return int(direction == "rtl")


def resolve_levels(text: str, base: int) -> list[int]:
    """Return the embedding level of every character of a paragraph: even is left-to-right, odd right-to-left."""
    if base == 0 and not any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in text):
        return [0] * len(text)
    storage = algorithm.get_empty_storage()
    storage["base_level"] = base
    storage["base_dir"] = "LR"[base]
    algorithm.get_embedding_levels(text.translate(_AS_EMBEDDINGS), storage)
    # The algorithm removes explicit formatting characters from the list; their entries are kept here.
    every = list(storage["chars"])
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    algorithm.resolve_neutral_types(storage, False)
    algorithm.resolve_implicit_levels(storage, False)
    kept = {id(entry) for entry in storage["chars"]}
    levels: list[int] = []
    for entry in every:
        levels.append(entry["level"] if id(entry) in kept or not levels else levels[-1])
    return levels


def visual_order(items: Sequence[_T], levels: Sequence[int]) -> list[_T]:
    """Reorder the parts of a line from logical order to left to right, by their levels (rule L2)."""
    order = list(range(len(items)))
    odd = [level for level in levels if level % 2]
    for level in range(max(levels, default=0), min(odd, default=1) - 1, -1):
        start = 0
        while start < len(order):
            end = start
            while end < len(order) and levels[order[end]] >= level:
                end += 1
            order[start:end] = order[start:end][::-1]
            start = max(end, start + 1)
    return [items[index] for index in order]
