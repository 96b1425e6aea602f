"""Colours as CSS writes them."""

from __future__ import annotations

import colorsys
import re
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from ffmpeg_worker.composition.color_names import COLOR_NAMES
from ffmpeg_worker.suggestions import did_you_mean
from ffmpeg_worker.validation_errors import wrong_value

_HEX = re.compile(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
_FUNCTION = re.compile(r"(rgb|hsl)a?\(([^()]{1,100})\)")
_PART = re.compile(r"([+-]?\d{1,6}(?:\.\d{1,9})?|[+-]?\.\d{1,9})(%|deg)?")


def parse_color(text: str) -> tuple[float, float, float, float]:
    """Red, green, blue (as sRGB codes them) and opacity, 0 to 1; "transparent" is (0, 0, 0, 0).

    Raises:
        ValueError: no colour of CSS.
    """
    plain = text.strip().lower()
    if plain == "transparent":
        return (0.0, 0.0, 0.0, 0.0)
    digits = COLOR_NAMES.get(plain, plain)
    if _HEX.fullmatch(digits):
        return _read_hex(digits[1:])
    function = _FUNCTION.fullmatch(plain)
    if function is None:
        raise ValueError("no colour of CSS")
    parts = [part for part in re.split(r"[\s,/]+", function.group(2).strip()) if part]
    matches = [_PART.fullmatch(part) for part in parts]
    if len(parts) not in {3, 4}:
        raise ValueError("a colour has three or four numbers")
    numbers = [(float(match.group(1)), match.group(2) or "") for match in matches if match is not None]
    if len(numbers) != len(parts):
        raise ValueError("a part of the colour is no number")
    return _read_rgb(numbers) if function.group(1) == "rgb" else _read_hsl(numbers)


def _read_hex(digits: str) -> tuple[float, float, float, float]:
    whole = "".join(digit * 2 for digit in digits) if len(digits) < 6 else digits
    red, green, blue, alpha = (int(f"{whole}ff"[index : index + 2], 16) / 255 for index in (0, 2, 4, 6))
    return red, green, blue, alpha


def _read_rgb(numbers: list[tuple[float, str]]) -> tuple[float, float, float, float]:
    red, green, blue = (_clamp(number / (100 if unit == "%" else 255)) for number, unit in numbers[:3])
    return red, green, blue, _alpha(numbers)


def _read_hsl(numbers: list[tuple[float, str]]) -> tuple[float, float, float, float]:
    hue, saturation, lightness = (number for number, _ in numbers[:3])
    red, green, blue = colorsys.hls_to_rgb(hue % 360 / 360, _clamp(lightness / 100), _clamp(saturation / 100))
    return red, green, blue, _alpha(numbers)


def _alpha(numbers: list[tuple[float, str]]) -> float:
    if len(numbers) == 3:
        return 1.0
    number, unit = numbers[3]
    return _clamp(number / 100 if unit == "%" else number)


def _clamp(share: float) -> float:
    return min(max(share, 0.0), 1.0)


def _check_color(value: Any) -> str:
    if not isinstance(value, str):
        raise wrong_value(
            "must be a colour, as a text", 'For example "#ff8800", "rgb(255 136 0 / 50%)" or "orange".'
        )
    plain = value.strip()
    try:
        parse_color(plain)
    except ValueError:
        hint = did_you_mean(plain, COLOR_NAMES) if plain.isalpha() else None
        raise wrong_value(
            "is no colour", hint or 'For example "#ff8800", "#ff880080", "rgb(255 136 0 / 50%)" or "orange".'
        ) from None
    return plain


Color = Annotated[
    str,
    PlainValidator(_check_color),
    WithJsonSchema(
        {
            "type": "string",
            "description": 'CSS: "#rgb", "#rrggbb", "#rrggbbaa", "rgb(…)", "hsl(…)", a name, "transparent".',
            "examples": ["#ff8800"],
        }
    ),
]
