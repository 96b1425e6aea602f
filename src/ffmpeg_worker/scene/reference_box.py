"""Lengths, numbers and colours of a composition in pixels of what is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ffmpeg_worker.composition.color import parse_color
from ffmpeg_worker.composition.values import Keyframe, Percent
from ffmpeg_worker.scene.curve import Color, Curve, Key, Number

Written = float | Percent | tuple[Keyframe[Any], ...]
"""A number of pixels or a percentage, still or in keyframes."""


def even_side(length: float) -> int:
    """The nearest side of which half is whole, too."""
    return max(2, 2 * round(length / 2))


@dataclass(frozen=True, slots=True)
class ReferenceBox:
    """What a layer is measured against.

    Percentages are of `width` and `height`, which are drawn pixels; `per_pixel` of them are one pixel of the
    composition. `canvas_short` is the canvas' shorter side in drawn pixels, in groups, too.
    """

    width: float
    height: float
    canvas_short: float
    per_pixel: float = 1.0

    def across(self, value: Written) -> Number:
        """A length from left to right."""
        return self.length(value, self.width)

    def down(self, value: Written) -> Number:
        """A length from top to bottom."""
        return self.length(value, self.height)

    def length(self, value: Written, whole: float) -> Number:
        """A length whose percentages are of `whole` (drawn pixels)."""
        return read_number(value, lambda one: one.of(whole) if isinstance(one, Percent) else one * self.per_pixel)

    def still(self, value: float | Percent, whole: float) -> float:
        """A length that does not change."""
        return value.of(whole) if isinstance(value, Percent) else value * self.per_pixel


def read_number(value: Any, read: Callable[[Any], float] = float) -> Number:
    """A number, or a curve of what `read` makes of the values of its keyframes."""
    if not isinstance(value, tuple):
        return read(value)
    keys = tuple(Key(key.time, (read(key.value),), key.easing) for key in value)
    return keys[0].value[0] if len({key.value for key in keys}) == 1 else Curve(keys)


def read_color(value: str | tuple[Keyframe[str], ...]) -> Color | Curve:
    """A colour, or a curve of colours."""
    if isinstance(value, str):
        return parse_color(value)
    return Curve(tuple(Key(key.time, parse_color(key.value), key.easing) for key in value))


def first_value(number: Number) -> float:
    """What a number is at its first key."""
    return number.keys[0].value[0] if isinstance(number, Curve) else number


def times(number: Number, factor: float) -> Number:
    """A number multiplied all along."""
    if not isinstance(number, Curve):
        return number * factor
    return Curve(tuple(Key(key.time, (key.value[0] * factor,), key.easing) for key in number.keys))
