"""How a value gets from one keyframe to the next."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable

Ease = Callable[[float], float]
"""From the share of the time that has passed, 0 to 1, to the share of the way; may leave 0 to 1 in between."""

_BEZIER = re.compile(r"cubic-bezier\(\s*([^,]+),([^,]+),([^,]+),([^,)]+)\)")
_STEPS = re.compile(r"steps\(\s*(\d{1,4})\s*\)")
_BACK = 1.70158
_CSS = {
    "ease": (0.25, 0.1, 0.25, 1.0),
    "ease-in": (0.42, 0.0, 1.0, 1.0),
    "ease-out": (0.0, 0.0, 0.58, 1.0),
    "ease-in-out": (0.42, 0.0, 0.58, 1.0),
}


_BOUNCES = ((1.0, 0.0, 0.0), (2.0, 1.5, 0.75), (2.5, 2.25, 0.9375), (2.75, 2.625, 0.984375))
"""Until when, about which middle and how far up each bounce goes; times are 2.75 in all."""


def _bounce(p: float) -> float:
    passed = (1 - p) * 2.75
    middle, height = next((m, h) for until, m, h in _BOUNCES if passed <= until)
    return 1 - ((passed - middle) ** 2 + height)


def _elastic(p: float) -> float:
    if p in {0.0, 1.0}:
        return p
    return -(2 ** (10 * p - 10)) * math.sin((p * 10 - 10.75) * 2 * math.pi / 3)


_IN: dict[str, Ease] = {
    "sine": lambda p: 1 - math.cos(p * math.pi / 2),
    "quad": lambda p: p**2,
    "cubic": lambda p: p**3,
    "quart": lambda p: p**4,
    "quint": lambda p: p**5,
    "expo": lambda p: 0.0 if p == 0 else 2 ** (10 * p - 10),
    "circ": lambda p: 1 - math.sqrt(1 - p * p),
    "back": lambda p: (_BACK + 1) * p**3 - _BACK * p**2,
    "elastic": _elastic,
    "bounce": _bounce,
}
NAMES = ("linear", "hold", *_CSS, *(f"{name}-{way}" for name in _IN for way in ("in", "out", "in-out")))
"""Every easing that has a name; besides, `cubic-bezier(x1, y1, x2, y2)` and `steps(n)`."""


@functools.lru_cache(maxsize=256)
def read_easing(name: str) -> Ease:
    """The function of an easing's name.

    Raises:
        ValueError: there is none of that name, or its numbers are wrong.
    """
    if name == "linear":
        return lambda p: p
    if name == "hold":
        return lambda p: float(p >= 1)
    if name in _CSS:
        return _bezier(*_CSS[name])
    if match := _BEZIER.fullmatch(name):
        x1, y1, x2, y2 = (float(part) for part in match.groups())
        if not (0 <= x1 <= 1 and 0 <= x2 <= 1 and math.isfinite(y1) and math.isfinite(y2)):
            raise ValueError("the first and third number of cubic-bezier() must lie between 0 and 1")
        return _bezier(x1, y1, x2, y2)
    if match := _STEPS.fullmatch(name):
        count = max(1, int(match.group(1)))
        # Shares of time that mean a whole step come out a hair below it.
        return lambda p: math.floor(p * count + 1e-9) / count
    kind, _, way = name.partition("-")
    if kind in _IN and way in {"in", "out", "in-out"}:
        return _turned(_IN[kind], way)
    raise ValueError(f'there is no easing "{name[:64]}"')


def _turned(ease: Ease, way: str) -> Ease:
    if way == "in":
        return ease
    if way == "out":
        return lambda p: 1 - ease(1 - p)
    return lambda p: ease(2 * p) / 2 if p < 0.5 else 1 - ease(2 - 2 * p) / 2


def _bezier(x1: float, y1: float, x2: float, y2: float) -> Ease:
    """CSS's cubic curve: x is time, and is solved for by halving."""

    def along(a: float, b: float, u: float) -> float:
        return 3 * (1 - u) ** 2 * u * a + 3 * (1 - u) * u**2 * b + u**3

    def ease(p: float) -> float:
        if p <= 0 or p >= 1:
            return min(max(p, 0.0), 1.0)
        low, high = 0.0, 1.0
        for _ in range(40):
            u = (low + high) / 2
            if along(x1, x2, u) < p:
                low = u
            else:
                high = u
        return along(y1, y2, (low + high) / 2)

    return ease
