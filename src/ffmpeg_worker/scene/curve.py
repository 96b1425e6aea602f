"""Values that change with time."""

from __future__ import annotations

import bisect
from dataclasses import dataclass

from ffmpeg_worker.composition.easings import parse_easing


@dataclass(frozen=True, slots=True)
class Key:
    """A value at a time (seconds of its element); `easing` leads here from the key before."""

    time: float
    value: tuple[float, ...]
    easing: str = "linear"


@dataclass(frozen=True, slots=True)
class Curve:
    """Keys in order of time, at least one, all of one size; still before the first and after the last."""

    keys: tuple[Key, ...]

    def at(self, time: float) -> tuple[float, ...]:
        """The value at a time."""
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
"""Red, green, blue (as sRGB codes them) and opacity, 0 to 1; not multiplied with the opacity."""


def number_at(number: Number, time: float) -> float:
    """What a number is at a time."""
    return number.at(time)[0] if isinstance(number, Curve) else number


def color_at(colour: Color | Curve, time: float) -> Color:
    """What a colour is at a time."""
    if not isinstance(colour, Curve):
        return colour
    red, green, blue, alpha = (min(max(part, 0.0), 1.0) for part in colour.at(time))
    return red, green, blue, alpha


def greatest(number: Number) -> float:
    """The largest value at any key."""
    return max(key.value[0] for key in number.keys) if isinstance(number, Curve) else number
