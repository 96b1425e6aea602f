"""Values that change over time."""

from __future__ import annotations

import bisect
from dataclasses import dataclass

from ffmpeg_worker.composition.easings import parse_easing


@dataclass(frozen=True, slots=True)
class Key:
    """A value at a time, in seconds of its element; `easing` leads here from the previous key."""

    time: float
    value: tuple[float, ...]
    easing: str = "linear"


@dataclass(frozen=True, slots=True)
class Curve:
    """One or more keys in order of time; the value is constant before the first and after the last."""

    keys: tuple[Key, ...]

    def at(self, time: float) -> tuple[float, ...]:
        """Return the value at a time."""
        index = bisect.bisect_right(self.keys, time, key=lambda key: key.time)
        if index == 0:
            return self.keys[0].value
        before = self.keys[index - 1]
        if index == len(self.keys):
            return before.value
        after = self.keys[index]
        share = parse_easing(after.easing).function((time - before.time) / (after.time - before.time))
        return tuple(a + (b - a) * share for a, b in zip(before.value, after.value, strict=True))


Number = float | Curve
"""A number, or a curve of one number."""

Color = tuple[float, float, float, float]
"""Red, green, blue (sRGB, gamma-encoded) and opacity, 0 to 1; not premultiplied."""


def number_at(number: Number, time: float) -> float:
    """Return the value of a number at a time."""
    return number.at(time)[0] if isinstance(number, Curve) else number


def color_at(color: Color | Curve, time: float) -> Color:
    """Return the value of a color at a time, each channel clamped to 0 to 1."""
    if not isinstance(color, Curve):
        return color
    red, green, blue, alpha = (min(max(part, 0.0), 1.0) for part in color.at(time))
    return red, green, blue, alpha


def max_value(number: Number) -> float:
    """Return the largest value at any key."""
    return max(key.value[0] for key in number.keys) if isinstance(number, Curve) else number
