"""Compares the time that a function takes for an input with that for one ten times as large."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_FACTOR = 10
_EXPECTED_RATIO = 12
_MAX_RATIO = 25
"""A busy machine disturbs long runs more than short ones; quadratic time has a ratio of 100."""
_MEASURABLE_S = 2e-4
_ATTEMPTS = 24


def grows_linearly(run: Callable[[T], object], make: Callable[[int], T], *, largest: int = 20_000) -> bool:
    """Whether `run` takes about ten times as long for `make(10 * n)` as for `make(n)`, not a hundred times.

    `n` is the smallest size, up to a tenth of `largest`, that takes a measurable time. Noise makes measurements
    only longer, so the shortest of several counts; there are more of them until the ratio is close to ten.
    """
    size = min(20, largest // _FACTOR)
    while size * 2 * _FACTOR <= largest and _measure(run, make(size)) < _MEASURABLE_S:
        size *= 2
    small, large = make(size), make(size * _FACTOR)
    shortest_small = shortest_large = float("inf")
    for _ in range(_ATTEMPTS):
        shortest_small = min(shortest_small, _measure(run, small))
        shortest_large = min(shortest_large, _measure(run, large))
        if shortest_large <= _EXPECTED_RATIO * max(shortest_small, _MEASURABLE_S / 2):
            return True
    return shortest_large <= _MAX_RATIO * max(shortest_small, _MEASURABLE_S / 2)


def _measure(run: Callable[[T], object], value: T) -> float:
    """Return the processor time of this thread in seconds."""
    gc.disable()
    try:
        begin = time.thread_time()
        run(value)
        return time.thread_time() - begin
    finally:
        gc.enable()
