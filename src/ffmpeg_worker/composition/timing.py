"""Fields of timing, and ids of layers."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from ffmpeg_worker.budgets import MAX_DURATION_S
from ffmpeg_worker.validation_errors import wrong_value

_ID_PATTERN = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}"
_ID = re.compile(_ID_PATTERN)
_AFTER = re.compile(rf"after:\s*({_ID_PATTERN})")
_START = 'must be seconds, "auto", or "after:" and the id of another layer'


def _read_id(value: Any) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise wrong_value("must be 1 to 64 letters, digits, `_`, `-` or `.`")
    return value


def _read_start(value: Any) -> float | str:
    if not isinstance(value, str):
        return _read_seconds(value, _START)
    if value == "auto":
        return value
    after = _AFTER.fullmatch(value)
    if after is None:
        raise wrong_value(_START, 'For example "after:intro".')
    return f"after:{after.group(1)}"


def _read_duration(value: Any) -> float | str:
    if isinstance(value, str) and value in {"auto", "end"}:
        return value
    return _read_positive_seconds(
        value,
        'must be seconds, "auto" or "end"',
        'Remove it, or write "auto", to use the duration of the content.',
    )


def _read_canvas_duration(value: Any) -> float | str:
    return "auto" if value == "auto" else _read_positive_seconds(value, 'must be seconds or "auto"')


def _read_positive_seconds(value: Any, kind: str, zero_hint: str | None = None) -> float:
    seconds = _read_seconds(value, kind)
    if seconds == 0:
        raise wrong_value("must be greater than 0", zero_hint)
    return seconds


def _read_seconds(value: Any, kind: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_value(kind)
    if not 0 <= value <= MAX_DURATION_S:  # also refuses NaN
        raise wrong_value(f"must be between 0 and {MAX_DURATION_S:g} seconds")
    return float(value)


Seconds = Annotated[float, Field(ge=0, le=MAX_DURATION_S)]
PositiveSeconds = Annotated[float, Field(gt=0, le=MAX_DURATION_S)]

LayerId = Annotated[
    str, PlainValidator(_read_id), WithJsonSchema({"type": "string", "pattern": f"^{_ID_PATTERN}$"})
]
_SECONDS_SCHEMA = {"type": "number", "minimum": 0, "maximum": MAX_DURATION_S}
_POSITIVE_SECONDS_SCHEMA = {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_DURATION_S}
_AFTER_SCHEMA = {"type": "string", "pattern": rf"^after:\s*{_ID_PATTERN}$"}
Start = Annotated[
    float | str,
    PlainValidator(_read_start),
    WithJsonSchema({"anyOf": [_SECONDS_SCHEMA, {"type": "string", "const": "auto"}, _AFTER_SCHEMA]}),
]
Duration = Annotated[
    float | Literal["auto", "end"],
    PlainValidator(_read_duration),
    WithJsonSchema(
        {
            "anyOf": [
                _POSITIVE_SECONDS_SCHEMA,
                {"type": "string", "title": "AutomaticDuration", "enum": ["auto", "end"]},
            ]
        }
    ),
]
CanvasDuration = Annotated[
    float | Literal["auto"],
    PlainValidator(_read_canvas_duration),
    WithJsonSchema({"anyOf": [_POSITIVE_SECONDS_SCHEMA, {"type": "string", "const": "auto"}]}),
]
