"""Easings: the names that callers may write, and the function of each."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from ffmpeg_worker.composition.node import snake_case
from ffmpeg_worker.suggestions import did_you_mean
from ffmpeg_worker.validation_errors import wrong_value

EasingFunction = Callable[[float], float]
"""Maps the elapsed fraction of the time (0 to 1) to the fraction of the change, which may overshoot."""

_BACK_OVERSHOOT = 1.70158
_BOUNCES = ((1.0, 0.0, 0.0), (2.0, 1.5, 0.75), (2.5, 2.25, 0.9375), (2.75, 2.625, 0.984375))
"""End, middle and lowest point of each bounce; all of them take 2.75."""


def _bounce(p: float) -> float:
    elapsed = (1 - p) * 2.75
    middle, height = next((m, h) for end, m, h in _BOUNCES if elapsed <= end)
    return 1 - ((elapsed - middle) ** 2 + height)


def _elastic(p: float) -> float:
    if p in {0.0, 1.0}:
        return p
    return -(2 ** (10 * p - 10)) * math.sin((p * 10 - 10.75) * 2 * math.pi / 3)


def _out(ease: EasingFunction) -> EasingFunction:
    return lambda p: 1 - ease(1 - p)


def _in_out(ease: EasingFunction) -> EasingFunction:
    return lambda p: ease(2 * p) / 2 if p < 0.5 else 1 - ease(2 - 2 * p) / 2


def _cubic_bezier(x1: float, y1: float, x2: float, y2: float) -> EasingFunction:
    """The curve of CSS `cubic-bezier()`; x is the time and is solved for by bisection."""

    def coordinate(a: float, b: float, u: float) -> float:
        return 3 * (1 - u) ** 2 * u * a + 3 * (1 - u) * u**2 * b + u**3

    def ease(p: float) -> float:
        if p <= 0 or p >= 1:
            return min(max(p, 0.0), 1.0)
        low, high = 0.0, 1.0
        for _ in range(40):
            u = (low + high) / 2
            if coordinate(x1, x2, u) < p:
                low = u
            else:
                high = u
        return coordinate(y1, y2, (low + high) / 2)

    return ease


def _steps(count: int) -> EasingFunction:
    # Rounding errors put fractions that mean a whole step slightly below it.
    return lambda p: math.floor(p * count + 1e-9) / count


_IN_FUNCTIONS: Mapping[str, EasingFunction] = {
    "sine": lambda p: 1 - math.cos(p * math.pi / 2),
    "quad": lambda p: p**2,
    "cubic": lambda p: p**3,
    "quart": lambda p: p**4,
    "quint": lambda p: p**5,
    "expo": lambda p: 0.0 if p == 0 else 2 ** (10 * p - 10),
    "circ": lambda p: 1 - math.sqrt(1 - p * p),
    "back": lambda p: (_BACK_OVERSHOOT + 1) * p**3 - _BACK_OVERSHOOT * p**2,
    "elastic": _elastic,
    "bounce": _bounce,
}

EASINGS: Mapping[str, EasingFunction] = {
    "linear": lambda p: p,
    "hold": lambda p: float(p >= 1),
    "ease": _cubic_bezier(0.25, 0.1, 0.25, 1.0),
    "ease-in": _cubic_bezier(0.42, 0.0, 1.0, 1.0),
    "ease-out": _cubic_bezier(0.0, 0.0, 0.58, 1.0),
    "ease-in-out": _cubic_bezier(0.42, 0.0, 0.58, 1.0),
    **{
        f"{curve}-{direction}": mirror(ease)
        for curve, ease in _IN_FUNCTIONS.items()
        for direction, mirror in (("in", lambda ease: ease), ("out", _out), ("in-out", _in_out))
    },
}
"""Every easing that has a name. `cubic-bezier(x1, y1, x2, y2)` and `steps(n)` exist besides."""

_MAX_LENGTH = 250
_CUBIC_BEZIER = re.compile(r"cubic-bezier\(([^()]{1,200})\)")
_STEPS = re.compile(r"steps\(\s*([1-9]\d{0,3})\s*\)")
_DIRECTION_FIRST = re.compile(r"ease-(in|out|in-out)-([a-z]+)")


@dataclass(frozen=True, slots=True)
class ParsedEasing:
    """An easing under its canonical name; `step_count` is the n of `steps(n)`."""

    name: str
    function: EasingFunction
    step_count: int | None = None


def parse_easing(text: str) -> ParsedEasing:
    """Parse an easing as callers write it: also in camel case, or as `ease-in-cubic`.

    Raises:
        PydanticCustomError: no easing has this name, or its numbers are out of range.
    """
    return _parse_easing(text if len(text) <= _MAX_LENGTH else "")


@functools.lru_cache(maxsize=256)
def _parse_easing(text: str) -> ParsedEasing:
    name = snake_case(text.strip()).replace("_", "-")
    name = name if name in EASINGS else _DIRECTION_FIRST.sub(r"\2-\1", name)
    if name in EASINGS:
        return ParsedEasing(name, EASINGS[name])
    if steps := _STEPS.fullmatch(name):
        count = int(steps.group(1))
        return ParsedEasing(name, _steps(count), step_count=count)
    if bezier := _CUBIC_BEZIER.fullmatch(name):
        return _parse_cubic_bezier(bezier.group(1))
    raise wrong_value(
        "is not the name of an easing",
        did_you_mean(name, EASINGS) or 'For example "linear", "ease-in-out", "cubic-out" or "steps(4)".',
    )


def _parse_cubic_bezier(arguments: str) -> ParsedEasing:
    problem = "is not a valid cubic-bezier()"
    try:
        numbers = [float(part) for part in arguments.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 4 or not all(math.isfinite(number) and abs(number) <= 100 for number in numbers):
        raise wrong_value(problem, 'Write four numbers, as in "cubic-bezier(0.25, 0.1, 0.25, 1)".')
    if not (0 <= numbers[0] <= 1 and 0 <= numbers[2] <= 1):
        raise wrong_value(problem, "The first and the third number are times: they must be between 0 and 1.")
    x1, y1, x2, y2 = (f"{number:g}" for number in numbers)
    # The function has the numbers of the name, so that the name alone defines it.
    function = _cubic_bezier(float(x1), float(y1), float(x2), float(y2))
    return ParsedEasing(f"cubic-bezier({x1}, {y1}, {x2}, {y2})", function)


_TIME = r" ?(0|1|0?\.[0-9]{1,9})"
_CHANGE = r" ?-?([0-9]{1,2}(\.[0-9]{1,9})?|\.[0-9]{1,9})"
_FUNCTION_PATTERN = rf"^(steps\([1-9][0-9]{{0,3}}\)|cubic-bezier\({_TIME},{_CHANGE},{_TIME},{_CHANGE}\))$"

Easing = Annotated[
    str,
    AfterValidator(lambda text: parse_easing(text).name),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "title": "EasingName", "enum": list(EASINGS)},
                {"type": "string", "pattern": _FUNCTION_PATTERN},
            ]
        }
    ),
]
"""The canonical name of an easing."""
