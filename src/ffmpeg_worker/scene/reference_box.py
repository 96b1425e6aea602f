"""Lengths, numbers and colors of a composition, resolved to drawn pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ffmpeg_worker.composition.color import parse_color
from ffmpeg_worker.composition.keyframes import Keyframe
from ffmpeg_worker.composition.lengths import Percent
from ffmpeg_worker.scene.curve import Color, Curve, Key, Number

Written = float | Percent | tuple[Keyframe[Any], ...]
"""Pixels or a percentage, constant or in keyframes."""


def even_side(length: float) -> int:
    """Return the nearest even number of pixels, at least 2, as 4:2:0 needs."""
    return max(2, 2 * round(length / 2))


@dataclass(frozen=True, slots=True)
class ReferenceBox:
    """The box that percentages refer to: the canvas, or the group that a layer is in.

    Attributes:
        width, height: drawn pixels.
        canvas_shorter_side: of the canvas, also within groups, in drawn pixels.
        pixel_scale: drawn pixels per pixel of the composition.
    """

    width: float
    height: float
    canvas_shorter_side: float
    pixel_scale: float = 1.0

    def length(self, value: Written, whole: float) -> Number:
        """Resolve a length, whose percentages are of `whole`, to drawn pixels."""
        return resolve_number(value, lambda one: self.fixed(one, whole))

    def fixed(self, value: float | Percent, whole: float) -> float:
        """Resolve a constant length, whose percentages are of `whole`, to drawn pixels."""
        return value.of(whole) if isinstance(value, Percent) else value * self.pixel_scale


def resolve_number(value: Any, read: Callable[[Any], float] = float) -> Number:
    """Return a number, or the curve of its keyframes; `read` converts each value."""
    if not isinstance(value, tuple):
        return read(value)
    keys = tuple(Key(key.time, (read(key.value),), key.easing) for key in value)
    return keys[0].value[0] if len({key.value for key in keys}) == 1 else Curve(keys)


def resolve_color(value: str | tuple[Keyframe[str], ...]) -> Color | Curve:
    """Return a color, or the curve of its keyframes."""
    if isinstance(value, str):
        return parse_color(value)
    return Curve(tuple(Key(key.time, parse_color(key.value), key.easing) for key in value))


def initial_value(number: Number) -> float:
    """Return the value of a number at its first key."""
    return number.keys[0].value[0] if isinstance(number, Curve) else number


def scale_number(number: Number, factor: float) -> Number:
    """Multiply a number, or every key of a curve, by a factor."""
    if not isinstance(number, Curve):
        return number * factor
    return Curve(tuple(Key(key.time, (key.value[0] * factor,), key.easing) for key in number.keys))
