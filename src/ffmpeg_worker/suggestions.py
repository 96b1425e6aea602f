"""Suggests the known name that a caller most likely meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import takewhile


def find_nearest(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known name most similar to `name`, ignoring case; None where none is similar enough.

    `cutoff` is the least similarity, from 0 to 1. Of equally similar names the one that shares the longest
    beginning wins.
    """
    wanted = name.lower()
    by_lower = {item.lower(): item for item in known}
    close = difflib.get_close_matches(wanted, by_lower, n=5, cutoff=cutoff)
    best = max(close, key=lambda candidate: _rate(candidate, wanted), default=None)
    return None if best is None else by_lower[best]


def did_you_mean(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The question `Did you mean "…"?` with the nearest known name, for the hint of an error."""
    nearest = find_nearest(name, known, cutoff=cutoff)
    return None if nearest is None else f'Did you mean "{nearest}"?'


def _rate(candidate: str, wanted: str) -> tuple[float, int]:
    pairs = zip(candidate, wanted, strict=False)
    same_beginning = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return difflib.SequenceMatcher(None, candidate, wanted).ratio(), same_beginning
