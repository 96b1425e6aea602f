"""Colors as CSS writes them."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema
from tinycss2 import color4

from ffmpeg_worker.suggestions import did_you_mean
from ffmpeg_worker.validation_errors import wrong_value

_MAX_LENGTH = 128
_FUNCTION = re.compile(r"(rgb|hsl)a?\(([^()]*)\)", re.IGNORECASE)
_LUMINANCE = (0.2126, 0.7152, 0.0722)
_DARK = 0.1
"""Relative luminance: that of black is 0, of blue 0.07, of red 0.21."""
_EXAMPLES = 'For example "#ff8800", "#ff880080", "rgb(255 136 0 / 50%)" or "orange".'


def parse_color(text: str) -> tuple[float, float, float, float]:
    """Red, green and blue (sRGB, gamma-encoded) and opacity, each 0 to 1; "transparent" is (0, 0, 0, 0).

    Raises:
        ValueError: not a CSS color in sRGB.
    """
    try:
        color = color4.parse_color(_normalize(text.strip())) if len(text) <= _MAX_LENGTH else None
    except ValueError:
        color = None
    if not isinstance(color, color4.Color) or color.space not in {"srgb", "hsl", "hwb"}:
        raise ValueError("not a CSS color in sRGB")
    red, green, blue, alpha = (min(max(channel, 0.0), 1.0) for channel in color.to("srgb"))
    return red, green, blue, alpha


def is_dark(text: str) -> bool:
    """Whether a color is so dark that a white outline shows it better than a black one.

    What is no color is not dark.
    """
    try:
        channels = parse_color(text)[:3]
    except ValueError:
        return False
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels
    ]
    return sum(weight * channel for weight, channel in zip(_LUMINANCE, linear, strict=True)) < _DARK


def _normalize(text: str) -> str:
    """Rewrite `rgb()` and `hsl()` so that any separators and any mixture of numbers and percentages are valid.

    tinycss2 accepts only what CSS Color 4 called legacy syntax and does not clamp saturation and lightness.
    """
    function = _FUNCTION.fullmatch(text)
    if function is None:
        return text
    name, parts = function.group(1).lower(), re.split(r"[\s,/]+", function.group(2).strip())
    channels = parts[:3]
    if name == "hsl":
        channels[1:] = [f"{min(max(float(channel.removesuffix('%')), 0.0), 100.0)}%" for channel in channels[1:]]
    elif any(channel.endswith("%") for channel in channels):
        channels = [channel if channel.endswith("%") else f"{float(channel) / 2.55}%" for channel in channels]
    return f"{name}({' '.join(channels)}{''.join(f' / {part}' for part in parts[3:])})"


def _check_color(value: Any) -> str:
    if not isinstance(value, str):
        raise wrong_value("must be a color, as a string", _EXAMPLES)
    text = value.strip()
    try:
        parse_color(text)
    except ValueError:
        hint = did_you_mean(text, color4._COLOR_KEYWORDS) if text.isalpha() else None  # noqa: SLF001
        raise wrong_value("is not a color", hint or _EXAMPLES) from None
    return text


Color = Annotated[
    str,
    PlainValidator(_check_color),
    WithJsonSchema(
        {
            "type": "string",
            # Which words are names of colors, and which numbers a function takes, is not said here.
            "pattern": r"^\s*(#([0-9A-Fa-f]{3,4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})|[A-Za-z]+(\([^()\u0000]*\))?)\s*$",
            "maxLength": _MAX_LENGTH,
            "description": 'CSS: "#rgb", "#rrggbb", "#rrggbbaa", "rgb(…)", "hsl(…)", a name, "transparent".',
            "examples": ["#ff8800"],
        }
    ),
]
"""A CSS color as callers write it."""
