"""Suggests the known name that a caller most likely meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from heapq import nlargest
from itertools import islice, takewhile

_MAX_LENGTH = 100
_MAX_KNOWN = 5000
_MAX_RATED = 20


def find_nearest(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known name most similar to `name`, ignoring case; None where none is similar enough.

    `cutoff` is the least similarity, from 0 to 1. Of equally similar names the one that shares the longest
    beginning wins. Only the first thousands of names and short ones are compared: the time has a bound.
    """
    wanted = name[: _MAX_LENGTH + 1].lower()
    if len(wanted) > _MAX_LENGTH:
        return None
    by_lower = {item.lower(): item for item in islice(known, _MAX_KNOWN) if len(item) <= _MAX_LENGTH}
    matcher = difflib.SequenceMatcher(b=wanted)
    bounds = []
    for candidate in by_lower:
        matcher.set_seq1(candidate)
        if matcher.real_quick_ratio() >= cutoff and (bound := matcher.quick_ratio()) >= cutoff:
            bounds.append((bound, candidate))
    # No similarity exceeds its bound, which takes little time; the similarity takes the square of the length.
    rated = [_rate(candidate, wanted) for _, candidate in nlargest(_MAX_RATED, bounds)]
    best = max(rated, default=None)
    return by_lower[best[2]] if best is not None and best[0] >= cutoff else None


def did_you_mean(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The question `Did you mean "…"?` with the nearest known name, for the hint of an error."""
    nearest = find_nearest(name, known, cutoff=cutoff)
    return None if nearest is None else f'Did you mean "{nearest}"?'


def _rate(candidate: str, wanted: str) -> tuple[float, int, str]:
    pairs = zip(candidate, wanted, strict=False)
    same_beginning = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return difflib.SequenceMatcher(None, candidate, wanted).ratio(), same_beginning, candidate
