"""Lengths of a composition: pixels or percentages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    GetCoreSchemaHandler,
    PlainSerializer,
    PlainValidator,
    SerializationInfo,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

from ffmpeg_worker.budgets import MAX_PLACE
from ffmpeg_worker.validation_errors import wrong_value

_MAX_LENGTH = 64
_PERCENT = re.compile(r"\s*([+-]?\d{1,6}(?:\.\d{1,9})?|[+-]?\.\d{1,9})\s*%\s*")
_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)\s*(px\s*)?")


@dataclass(frozen=True, slots=True)
class Percent:
    """A percentage: `value` of 100."""

    value: float

    def of(self, whole: float) -> float:
        """Return this percentage of a whole."""
        return whole * self.value / 100

    def __str__(self) -> str:
        return f"{self.value:g}%"

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """A value like a number, no object of the JSON Schema."""
        return core_schema.is_instance_schema(cls)


def _read_length(value: Any) -> float | Percent:
    if isinstance(value, Percent):
        return value
    if isinstance(value, str):
        return _read_percent(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_value('must be a number of pixels or a string such as "50%"')
    if not abs(value) <= MAX_PLACE:  # also refuses NaN
        raise wrong_value(f"must be a number between {-MAX_PLACE:g} and {MAX_PLACE:g}")
    return float(value)


def _read_percent(text: str) -> Percent:
    text = text if len(text) <= _MAX_LENGTH else ""
    match = _PERCENT.fullmatch(text)
    if match is not None and abs(float(match.group(1))) <= 10_000:
        return Percent(float(match.group(1)))
    if _NUMBER.fullmatch(text):
        raise wrong_value(
            'must be a number of pixels or a string such as "50%"', "Write pixels as a number, as in 120."
        )
    raise wrong_value('must be a number of pixels or a string such as "50%"')


def _check_positive(value: float | Percent) -> float | Percent:
    if (value.value if isinstance(value, Percent) else value) <= 0:
        raise wrong_value("must be greater than 0")
    return value


def _check_not_negative(value: float | Percent) -> float | Percent:
    if (value.value if isinstance(value, Percent) else value) < 0:
        raise wrong_value("must not be negative")
    return value


_PERCENT_NUMBER = r"([0-9]{1,4}(\.[0-9]{1,9})?|\.[0-9]{1,9})"
_POSITIVE_NUMBER = r"([1-9][0-9]{0,3}(\.[0-9]{1,9})?|0?\.0{0,3}[1-9][0-9]{0,5})"
_PERCENT_SCHEMA = {"type": "string", "pattern": rf"^\s*[+-]?{_PERCENT_NUMBER}\s*%\s*$", "examples": ["50%"]}
_DISTANCE_PERCENT_SCHEMA = _PERCENT_SCHEMA | {"pattern": rf"^\s*\+?{_PERCENT_NUMBER}\s*%\s*$"}
_SIZE_PERCENT_SCHEMA = _PERCENT_SCHEMA | {"pattern": rf"^\s*\+?{_POSITIVE_NUMBER}\s*%\s*$"}
_SIZE_SCHEMA = {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_PLACE}


def _dump(value: Any, info: SerializationInfo) -> Any:
    if isinstance(value, tuple):
        return [_dump(item, info) for item in value]
    if isinstance(value, BaseModel):
        return value.model_dump(
            mode="json", exclude_defaults=info.exclude_defaults, exclude_none=info.exclude_none
        )
    return str(value) if isinstance(value, Percent) else value


SERIALIZED = PlainSerializer(_dump)


Length = Annotated[
    float | Percent,
    PlainValidator(_read_length),
    SERIALIZED,
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": -MAX_PLACE, "maximum": MAX_PLACE}, _PERCENT_SCHEMA]}),
]
"""Pixels or a percentage; the field says of what."""

Size = Annotated[
    Length, AfterValidator(_check_positive), WithJsonSchema({"anyOf": [_SIZE_SCHEMA, _SIZE_PERCENT_SCHEMA]})
]
Distance = Annotated[
    Length,
    AfterValidator(_check_not_negative),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0, "maximum": MAX_PLACE}, _DISTANCE_PERCENT_SCHEMA]}),
]


def _read_font_size(value: Any) -> Any:
    return value if value == "auto" else _check_positive(_read_length(value))


FontSize = Annotated[
    float | Percent | Literal["auto"],
    PlainValidator(_read_font_size),
    SERIALIZED,
    WithJsonSchema({"anyOf": [_SIZE_SCHEMA, _SIZE_PERCENT_SCHEMA, {"type": "string", "const": "auto"}]}),
]
