"""Estimates when work ends, from the finished fraction of it over time."""

from __future__ import annotations

import math
from collections.abc import Callable

_MIN_AGE_S = 0.5
"""Work that is younger is too short a sample: FFmpeg's first reports come in bursts."""
_MIN_PAUSE_S = 0.2
_MIN_MEMORY_S = 10.0
_MAX_MEMORY_S = 120.0
_MEMORY_SHARE = 0.25
_MAX_S = 30 * 86400.0


class RemainingTime:
    """Seconds until a fraction that grows from 0 to 1 is complete.

    The rate of growth is an average in which recent time counts most. It goes back a quarter of the time that the
    work has taken, so that short jobs follow a change at once and long ones stay steady. Its sums start at zero
    and are divided by the sum of their weights, so the first estimates are plain averages.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` returns seconds; only differences count."""
        self._clock = clock
        self._time: float | None = None
        self._fraction = 0.0
        self._latest = 0.0
        self._age_s = 0.0
        self._rate = self._weight = 0.0

    def update(self, fraction: float) -> None:
        """Take the finished fraction at this moment; the first one above 0 starts the clock.

        Encoders read many frames before they write the first one.
        """
        now = self._clock()
        self._latest = max(self._latest, min(fraction, 1.0))
        if self._time is None or self._fraction <= 0:
            self._time, self._fraction = now, self._latest
            return
        passed_s = now - self._time
        if passed_s < _MIN_PAUSE_S:  # several commands report one after the other
            return
        self._age_s += passed_s
        memory_s = min(max(self._age_s * _MEMORY_SHARE, _MIN_MEMORY_S), _MAX_MEMORY_S)
        kept = math.exp(-passed_s / memory_s)
        self._rate = self._rate * kept + (self._latest - self._fraction) / passed_s * (1 - kept)
        self._weight = self._weight * kept + 1 - kept
        self._time, self._fraction = now, self._latest

    def pause(self) -> None:
        """Stop the clock until the next update: nothing works now."""
        self._time = None

    @property
    def seconds(self) -> float | None:
        """Seconds until the end; `None` while there is nothing to tell it from."""
        if self._age_s < _MIN_AGE_S or self._rate <= 0:
            return None
        left_s = (1 - self._latest) * self._weight / self._rate
        return left_s if left_s <= _MAX_S else None
