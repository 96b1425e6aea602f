"""Numbers, lengths and colors of a composition, constant or in keyframes."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
    PlainValidator,
    SerializationInfo,
    TypeAdapter,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema
from typing_extensions import TypeAliasType

from ffmpeg_worker.composition.color import Color
from ffmpeg_worker.composition.easings import Easing
from ffmpeg_worker.composition.limits import MAX_DURATION_S, MAX_KEYFRAMES, MAX_PLACE
from ffmpeg_worker.composition.node import Node
from ffmpeg_worker.validation_errors import wrong_value

T = TypeVar("T")
_PERCENT = re.compile(r"\s*([+-]?\d{1,6}(?:\.\d{1,9})?|[+-]?\.\d{1,9})\s*%\s*")
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)\s*(px)?\s*")


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


class Keyframe(Node, Generic[T]):
    """A value at a time of its layer; `easing` applies to the change from the previous keyframe."""

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:  # noqa: ARG003
        """Use one name for all value types; the field shows which it is."""
        return cls.__name__

    time: float = Field(
        ge=0,
        le=MAX_DURATION_S,
        allow_inf_nan=False,
        description="Time in seconds of the layer.",
        examples=[1.5],
    )
    value: T = Field(description="Value at that time.", examples=[1])
    easing: Easing = Field(
        "linear",
        description="Easing of the change from the previous keyframe: a name, `cubic-bezier(x1, y1, x2, y2)` or "
        "`steps(n)`.",
        examples=["ease-in-out"],
    )


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
    match = _PERCENT.fullmatch(text)
    if match is not None and abs(float(match.group(1))) <= 10_000:
        return Percent(float(match.group(1)))
    if _NUMBER.fullmatch(text):
        raise wrong_value(
            "is a number in quotation marks", "Write pixels as a number, as in 120; only percentages are strings."
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


_PERCENT_SCHEMA = {"type": "string", "pattern": r"^\s*[+-]?[0-9.]+\s*%\s*$", "examples": ["50%"]}


def _length_schema(**bounds: float) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": "number", **bounds}, _PERCENT_SCHEMA]})


def _dump(value: Any, info: SerializationInfo) -> Any:
    if isinstance(value, tuple):
        return [_dump(item, info) for item in value]
    if isinstance(value, BaseModel):
        return value.model_dump(
            mode="json", exclude_defaults=info.exclude_defaults, exclude_none=info.exclude_none
        )
    return str(value) if isinstance(value, Percent) else value


SERIALIZED = PlainSerializer(_dump)


Length = Annotated[float | Percent, PlainValidator(_read_length), SERIALIZED, _length_schema()]
"""Pixels or a percentage; the field says of what."""

Size = Annotated[
    float | Percent,
    PlainValidator(_read_length),
    AfterValidator(_check_positive),
    SERIALIZED,
    _length_schema(exclusiveMinimum=0),
]
Distance = Annotated[
    float | Percent,
    PlainValidator(_read_length),
    AfterValidator(_check_not_negative),
    SERIALIZED,
    _length_schema(minimum=0),
]


def _read_font_size(value: Any) -> Any:
    return value if value == "auto" else _check_positive(_read_length(value))


FontSize = Annotated[
    float | Percent | Literal["auto"],
    PlainValidator(_read_font_size),
    SERIALIZED,
    WithJsonSchema({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, _PERCENT_SCHEMA, {"const": "auto"}]}),
]


def _check_order(keys: tuple[Keyframe[Any], ...]) -> tuple[Keyframe[Any], ...]:
    for before, after in itertools.pairwise(keys):
        if after.time <= before.time:
            raise wrong_value("has keyframes out of order", "Sort them by time; no two may have the same time.")
    return keys


def _animated(item: Any) -> PlainValidator:
    """Validate one value of type `item`, or a list of keyframes with such values."""
    constant: TypeAdapter[Any] = TypeAdapter(item)
    keyframes: TypeAdapter[Any] = TypeAdapter(
        Annotated[
            tuple[Keyframe[item], ...],
            Field(min_length=1, max_length=MAX_KEYFRAMES, strict=False),
            AfterValidator(_check_order),
        ]
    )

    def read(value: Any) -> Any:
        return (
            keyframes.validate_python(value)
            if isinstance(value, (list, tuple))
            else constant.validate_python(value)
        )

    return PlainValidator(read)


def _animated_schema(item: Any) -> WithJsonSchema:
    value = TypeAdapter(item).json_schema()
    keys = {name: Keyframe.model_json_schema()["properties"][name] for name in ("time", "value", "easing")}
    keyframe = {
        "type": "object",
        "description": "A value at a time of its layer.",
        "properties": {**keys, "value": {**keys["value"], **value}},
        "required": ["time", "value"],
        "additionalProperties": False,
    }
    keyframes = {"type": "array", "items": keyframe, "minItems": 1, "maxItems": MAX_KEYFRAMES}
    return WithJsonSchema(
        {"description": "A value, or keyframes.", "anyOf": [*value.get("anyOf", [value]), keyframes]}
    )


def _number(min_value: float, max_value: float) -> Any:
    return Annotated[float, Field(strict=True, allow_inf_nan=False, ge=min_value, le=max_value)]


AnimatedLength = TypeAliasType(
    "AnimatedLength",
    Annotated[
        float | Percent | tuple[Keyframe[Length], ...], _animated(Length), _animated_schema(Length), SERIALIZED
    ],
)
AnimatedSize = TypeAliasType(
    "AnimatedSize",
    Annotated[float | Percent | tuple[Keyframe[Size], ...], _animated(Size), _animated_schema(Size), SERIALIZED],
)
AnimatedDistance = TypeAliasType(
    "AnimatedDistance",
    Annotated[
        float | Percent | tuple[Keyframe[Distance], ...],
        _animated(Distance),
        _animated_schema(Distance),
        SERIALIZED,
    ],
)
AnimatedScale = TypeAliasType(
    "AnimatedScale",
    Annotated[
        float | tuple[Keyframe[float], ...],
        _animated(_number(0, 100)),
        _animated_schema(_number(0, 100)),
        SERIALIZED,
    ],
)
AnimatedAngle = TypeAliasType(
    "AnimatedAngle",
    Annotated[
        float | tuple[Keyframe[float], ...],
        _animated(_number(-360_000, 360_000)),
        _animated_schema(_number(-360_000, 360_000)),
        SERIALIZED,
    ],
)
AnimatedShare = TypeAliasType(
    "AnimatedShare",
    Annotated[
        float | tuple[Keyframe[float], ...], _animated(_number(0, 1)), _animated_schema(_number(0, 1)), SERIALIZED
    ],
)
AnimatedBlur = TypeAliasType(
    "AnimatedBlur",
    Annotated[
        float | tuple[Keyframe[float], ...],
        _animated(_number(0, 500)),
        _animated_schema(_number(0, 500)),
        SERIALIZED,
    ],
)
AnimatedVolume = TypeAliasType(
    "AnimatedVolume",
    Annotated[
        float | tuple[Keyframe[float], ...],
        _animated(_number(0, 10)),
        _animated_schema(_number(0, 10)),
        SERIALIZED,
    ],
)
AnimatedPan = TypeAliasType(
    "AnimatedPan",
    Annotated[
        float | tuple[Keyframe[float], ...],
        _animated(_number(-1, 1)),
        _animated_schema(_number(-1, 1)),
        SERIALIZED,
    ],
)
AnimatedColor = TypeAliasType(
    "AnimatedColor",
    Annotated[str | tuple[Keyframe[str], ...], _animated(Color), _animated_schema(Color), SERIALIZED],
)
