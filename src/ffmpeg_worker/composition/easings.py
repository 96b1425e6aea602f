"""Names of the ways from one keyframe to the next."""

from __future__ import annotations

import math
import re
from typing import Annotated

from pydantic import AfterValidator

from ffmpeg_worker.composition.node import snake_case
from ffmpeg_worker.suggestions import did_you_mean
from ffmpeg_worker.validation_errors import wrong_value

_CURVES = ("sine", "quad", "cubic", "quart", "quint", "expo", "circ", "back", "elastic", "bounce")
EASINGS = (
    "linear",
    "hold",
    "ease",
    "ease-in",
    "ease-out",
    "ease-in-out",
    *(f"{curve}-{way}" for curve in _CURVES for way in ("in", "out", "in-out")),
)
"""Every easing that has a name; besides, `cubic-bezier(x1, y1, x2, y2)` and `steps(n)`."""

_BEZIER = re.compile(r"cubic-bezier\(([^()]{1,200})\)")
_STEPS = re.compile(r"steps\(\s*[1-9]\d{0,3}\s*\)")
_WAY_FIRST = re.compile(r"ease-(in|out|in-out)-([a-z]+)")


def _check_easing(name: str) -> str:
    plain = snake_case(name.strip()).replace("_", "-")
    plain = plain if plain in EASINGS else _WAY_FIRST.sub(r"\2-\1", plain)
    if plain in EASINGS or _STEPS.fullmatch(plain):
        return plain
    bezier = _BEZIER.fullmatch(plain)
    if bezier is not None:
        return _check_bezier(bezier.group(1))
    raise wrong_value(
        "names no easing",
        did_you_mean(plain, EASINGS) or 'For example "linear", "ease-in-out", "cubic-out" or "steps(4)".',
    )


def _check_bezier(inside: str) -> str:
    try:
        numbers = [float(part) for part in inside.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 4 or not all(math.isfinite(number) and abs(number) <= 100 for number in numbers):
        raise wrong_value("is no cubic-bezier()", 'Write four numbers, as in "cubic-bezier(0.25, 0.1, 0.25, 1)".')
    if not (0 <= numbers[0] <= 1 and 0 <= numbers[2] <= 1):
        raise wrong_value("is no cubic-bezier()", "Its first and its third number are times: between 0 and 1.")
    return f"cubic-bezier({', '.join(f'{number:g}' for number in numbers)})"


Easing = Annotated[str, AfterValidator(_check_easing)]
