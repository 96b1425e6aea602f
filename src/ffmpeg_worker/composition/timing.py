"""Fields of timing, and ids of layers."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import PlainValidator, WithJsonSchema

from ffmpeg_worker.composition.limits import MAX_DURATION_S
from ffmpeg_worker.validation_errors import wrong_value

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_AFTER = re.compile(r"after:\s*(\S+)")


def _read_id(value: Any) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise wrong_value("must be 1 to 64 letters, digits, `_`, `-` or `.`")
    return value


def _read_start(value: Any) -> float | str:
    if isinstance(value, str):
        if value == "auto":
            return value
        after = _AFTER.fullmatch(value)
        if after is not None and _ID.fullmatch(after.group(1)):
            return f"after:{after.group(1)}"
        raise wrong_value(
            'must be seconds, "auto", or "after:" and the id of another layer', 'For example "after:intro".'
        )
    return _read_seconds(value, 'must be seconds, "auto", or "after:" and the id of another layer', min_s=0)


def _read_duration(value: Any) -> float | str:
    if isinstance(value, str) and value in {"auto", "end"}:
        return value
    seconds = _read_seconds(value, 'must be seconds, "auto" or "end"', min_s=0)
    if seconds == 0:
        raise wrong_value(
            "must be greater than 0", 'Remove it, or write "auto", to use the duration of the content.'
        )
    return seconds


def _read_canvas_duration(value: Any) -> float | str:
    if value == "auto":
        return "auto"
    seconds = _read_seconds(value, 'must be seconds or "auto"', min_s=0)
    if seconds == 0:
        raise wrong_value("must be greater than 0")
    return seconds


def _read_seconds(value: Any, kind: str, *, min_s: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_value(kind)
    if not min_s <= value <= MAX_DURATION_S:  # also refuses NaN
        raise wrong_value(f"must be between {min_s:g} and {MAX_DURATION_S:g} seconds")
    return float(value)


LayerId = Annotated[
    str,
    PlainValidator(_read_id),
    WithJsonSchema({"type": "string", "pattern": r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$"}),
]
_NUMBER_OF_SECONDS = {"type": "number", "minimum": 0, "maximum": MAX_DURATION_S}
Start = Annotated[
    float | str,
    PlainValidator(_read_start),
    WithJsonSchema(
        {
            "anyOf": [
                _NUMBER_OF_SECONDS,
                {"const": "auto"},
                {"type": "string", "pattern": r"^after:\s*[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$"},
            ]
        }
    ),
]
Duration = Annotated[
    float | Literal["auto", "end"],
    PlainValidator(_read_duration),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_DURATION_S},
                {"enum": ["auto", "end"]},
            ]
        }
    ),
]
CanvasDuration = Annotated[
    float | Literal["auto"],
    PlainValidator(_read_canvas_duration),
    WithJsonSchema(
        {"anyOf": [{"type": "number", "exclusiveMinimum": 0, "maximum": MAX_DURATION_S}, {"const": "auto"}]}
    ),
]
