"""Easing between keyframes: a second implementation from the definitions, independent of the renderer's."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

_PLAIN: Mapping[str, Callable[[float], float]] = {
    "linear": lambda p: p,
    "hold": lambda _: 0.0,
    "ease": lambda p: _bezier([0.25, 0.1, 0.25, 1], p),
    "ease-in": lambda p: _bezier([0.42, 0, 1, 1], p),
    "ease-out": lambda p: _bezier([0, 0, 0.58, 1], p),
    "ease-in-out": lambda p: _bezier([0.42, 0, 0.58, 1], p),
}
_POWERS = {"quad": 2, "cubic": 3, "quart": 4, "quint": 5}


def ease(name: str, passed: float) -> float:
    """The eased progress, when a share of the time has passed."""
    if passed <= 0 or passed >= 1:
        return float(passed >= 1)
    if name in _PLAIN:
        return _PLAIN[name](passed)
    if "(" in name:
        numbers = [float(part) for part in name.partition("(")[2].rstrip(")").split(",")]
        return (
            math.floor(passed * numbers[0] + 1e-9) / numbers[0] if len(numbers) == 1 else _bezier(numbers, passed)
        )
    return _named(name, passed)


def _named(name: str, passed: float) -> float:
    kind, way = name.split("-", 1)
    if way == "out":
        return 1 - _growing(kind, 1 - passed)
    if way == "in-out" and passed < 0.5:
        return _growing(kind, 2 * passed) / 2
    return _growing(kind, passed) if way == "in" else 1 - _growing(kind, 2 - 2 * passed) / 2


def _bezier(handles: list[float], passed: float) -> float:
    """A cubic Bézier curve as many straight pieces, evaluated at the time."""
    u = np.linspace(0, 1, 20_001)
    x1, y1, x2, y2 = handles
    x = 3 * u * (1 - u) ** 2 * x1 + 3 * u**2 * (1 - u) * x2 + u**3
    y = 3 * u * (1 - u) ** 2 * y1 + 3 * u**2 * (1 - u) * y2 + u**3
    return float(np.interp(passed, x, y))


def _growing(kind: str, p: float) -> float:
    """The ease-in form, as easings.net defines it."""
    if kind in _POWERS:
        return float(p ** _POWERS[kind])
    if kind == "sine":
        return 1 - math.cos(math.pi * p / 2)
    if kind == "expo":
        return float(2.0 ** (10 * p - 10)) if p > 0 else 0.0
    if kind == "circ":
        return 1 - math.sqrt(1 - p**2)
    if kind == "back":
        return 2.70158 * p**3 - 1.70158 * p**2
    raise ValueError(kind)


def value_at(value: Any, time: float) -> float:
    """A number, or the value of keyframes at a time of the layer."""
    if not isinstance(value, list):
        return float(value)
    if time <= value[0]["time"]:
        return float(value[0]["value"])
    for before, after in itertools.pairwise(value):
        if time < after["time"]:
            passed = (time - before["time"]) / (after["time"] - before["time"])
            share = ease(after.get("easing", "linear"), passed)
            return float(before["value"] + (after["value"] - before["value"]) * share)
    return float(value[-1]["value"])
