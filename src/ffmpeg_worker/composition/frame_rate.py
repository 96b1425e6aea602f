"""Frame rates as callers write them, and their exact values."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from ffmpeg_worker.budgets import MAX_FPS
from ffmpeg_worker.validation_errors import wrong_value

_FRACTION = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")
_BROADCAST = tuple(Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60, 120))


def exact_rate(fps: float) -> Fraction:
    """Return the exact rate of a number of frames per second: 29.97 is 30000/1001."""
    near = min(_BROADCAST, key=lambda rate: abs(rate - fps))
    return near if abs(near - Fraction(fps)) < Fraction(1, 200) else Fraction(fps).limit_denominator(1000)


def _read_rate(value: Any) -> float:
    if isinstance(value, str):
        match = _FRACTION.fullmatch(value.strip())
        if match is None or int(match.group(2)) == 0:
            raise wrong_value('must be a number of frames per second, or a string such as "30000/1001"')
        value = int(match.group(1)) / int(match.group(2))
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_value("must be a number of frames per second")
    if not 1 <= value <= MAX_FPS:  # also refuses NaN
        raise wrong_value(f"must be between 1 and {MAX_FPS} frames per second")
    return float(value)


FrameRate = Annotated[
    float,
    PlainValidator(_read_rate),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 1, "maximum": MAX_FPS},
                {"type": "string", "pattern": r"^\s*[1-9][0-9]{0,8}/[1-9][0-9]{0,8}\s*$"},
            ]
        }
    ),
]
"""Frames per second: a number, or a fraction as a string."""
