"""Measures how fast a source answers: latency, and bytes per second of one connection and of several together."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

_MIN_BYTES = 256 << 10
"""Shorter stretches say little."""
_FAST_RATE = 125_000_000
"""Bytes per second of one connection with which others are not worth their costs."""
_GAIN = 1.25
"""How much faster than one connection several must be, to be worth their costs."""


@dataclass(frozen=True, slots=True)
class Link:
    """The measured speed of the link to a source.

    Attributes:
        latency_s: seconds from a request to its answer.
        rate: bytes per second of a connection that is alone.
        shared_rate: bytes per second of several connections together; 0 if that was not tried.
    """

    latency_s: float = 0.0
    rate: float = 20e6
    shared_rate: float = 0.0

    @property
    def gains_by_sharing(self) -> bool:
        """Whether several connections are faster than one, or may be."""
        return self.rate < _FAST_RATE and (not self.shared_rate or self.shared_rate >= _GAIN * self.rate)


@dataclass(slots=True)
class Stretch:
    """Bytes of one answer that arrive without a pause."""

    began_at: float
    beside: int
    """Other stretches at its begin."""
    is_after_pause: bool
    """Whether bytes have waited in the buffers of the connection."""


class LinkMeter:
    """Measures the connections of one job to one source."""

    def __init__(self) -> None:
        self.link = Link()
        self._running = 0

    def note_latency(self, seconds: float) -> None:
        """Note the time from a request to its answer."""
        known_s = self.link.latency_s
        self.link = replace(self.link, latency_s=min(seconds, known_s) if known_s else seconds)

    def begin(self, *, is_after_pause: bool = False) -> Stretch:
        """Begin a stretch, which must be ended."""
        self._running += 1
        return Stretch(time.monotonic(), self._running - 1, is_after_pause)

    def end(self, stretch: Stretch, size: int) -> None:
        """Note how long the bytes of a stretch took."""
        self._running -= 1
        if size < _MIN_BYTES or stretch.is_after_pause:
            return
        rate = size / max(time.monotonic() - stretch.began_at, 1e-3)
        link = self.link
        if not stretch.beside and not self._running:
            self.link = replace(link, rate=(link.rate + rate) / 2)
        elif stretch.beside and self._running:
            together = rate * (1 + (stretch.beside + self._running) / 2)
            self.link = replace(
                link, shared_rate=(link.shared_rate + together) / 2 if link.shared_rate else together
            )
