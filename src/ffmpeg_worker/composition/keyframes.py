"""Numbers, lengths and colors of a composition, constant or in keyframes."""

from __future__ import annotations

import itertools
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, Field, PlainValidator, TypeAdapter, WithJsonSchema
from typing_extensions import TypeAliasType

from ffmpeg_worker.budgets import MAX_KEYFRAMES
from ffmpeg_worker.composition.color import Color
from ffmpeg_worker.composition.easings import Easing
from ffmpeg_worker.composition.lengths import SERIALIZED, Distance, Length, Percent, Size
from ffmpeg_worker.composition.node import Node
from ffmpeg_worker.composition.timing import Seconds
from ffmpeg_worker.validation_errors import wrong_value

T = TypeVar("T")


class Keyframe(Node, Generic[T]):
    """A value at a time of its layer; `easing` applies to the change from the previous keyframe."""

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:  # noqa: ARG003
        """Use one name for all value types; the field shows which it is."""
        return cls.__name__

    time: Seconds = Field(description="Time in seconds of the layer.", examples=[1.5])
    value: T = Field(description="Value at that time.", examples=[1])
    easing: Easing = Field(
        "linear",
        description="Easing of the change from the previous keyframe: a name, `cubic-bezier(x1, y1, x2, y2)` or "
        "`steps(n)`.",
        examples=["ease-in-out"],
    )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it as a keyframe of any value: pickle finds classes by name, and parametrized ones share it."""
        return _new_keyframe, (), self.__getstate__()


def _new_keyframe() -> Keyframe[Any]:
    return Keyframe.__new__(Keyframe)


def _check_order(keys: tuple[Keyframe[Any], ...]) -> tuple[Keyframe[Any], ...]:
    for before, after in itertools.pairwise(keys):
        if after.time <= before.time:
            raise wrong_value("has keyframes out of order", "Sort them by time; no two may have the same time.")
    return keys


def _animated(item: Any, keyframe_title: str) -> PlainValidator:
    """Validate one value of type `item`, or a list of keyframes with such values."""
    constant: TypeAdapter[Any] = TypeAdapter(item)
    keyframes: TypeAdapter[Any] = TypeAdapter(
        Annotated[
            tuple[Keyframe[item], ...],
            Field(min_length=1, max_length=MAX_KEYFRAMES, strict=False, fail_fast=True),
            AfterValidator(_check_order),
        ]
    )

    def read(value: Any) -> Any:
        return (keyframes if isinstance(value, (list, tuple)) else constant).validate_python(value)

    return PlainValidator(
        read, json_schema_input_type=Annotated[Any, _animated_schema(constant.json_schema(), keyframe_title)]
    )


def _animated_schema(value: dict[str, Any], title: str) -> WithJsonSchema:
    fields = Keyframe.model_json_schema()["properties"]
    keyframe = {
        "type": "object",
        "title": title,
        "description": "A value at a time of its layer.",
        "properties": {**fields, "value": {**fields["value"], **value}},
        "required": ["time", "value"],
        "additionalProperties": False,
    }
    keyframes = {"type": "array", "items": keyframe, "minItems": 1, "maxItems": MAX_KEYFRAMES}
    return WithJsonSchema(
        {"description": "A value, or keyframes.", "anyOf": [*value.get("anyOf", [value]), keyframes]}
    )


def _number(min_value: float, max_value: float) -> Any:
    return Annotated[float, Field(strict=True, allow_inf_nan=False, ge=min_value, le=max_value)]


_AnimatedNumber = float | tuple[Keyframe[float], ...]
_AnimatedLength = float | Percent | tuple[Keyframe[float | Percent], ...]

AnimatedLength = TypeAliasType(
    "AnimatedLength", Annotated[_AnimatedLength, _animated(Length, "LengthKeyframe"), SERIALIZED]
)
AnimatedSize = TypeAliasType(
    "AnimatedSize", Annotated[_AnimatedLength, _animated(Size, "SizeKeyframe"), SERIALIZED]
)
AnimatedDistance = TypeAliasType(
    "AnimatedDistance", Annotated[_AnimatedLength, _animated(Distance, "DistanceKeyframe"), SERIALIZED]
)
AnimatedScale = TypeAliasType(
    "AnimatedScale", Annotated[_AnimatedNumber, _animated(_number(0, 100), "ScaleKeyframe"), SERIALIZED]
)
AnimatedAngle = TypeAliasType(
    "AnimatedAngle", Annotated[_AnimatedNumber, _animated(_number(-360_000, 360_000), "AngleKeyframe"), SERIALIZED]
)
AnimatedShare = TypeAliasType(
    "AnimatedShare", Annotated[_AnimatedNumber, _animated(_number(0, 1), "ShareKeyframe"), SERIALIZED]
)
AnimatedBlur = TypeAliasType(
    "AnimatedBlur", Annotated[_AnimatedNumber, _animated(_number(0, 500), "BlurKeyframe"), SERIALIZED]
)
AnimatedVolume = TypeAliasType(
    "AnimatedVolume", Annotated[_AnimatedNumber, _animated(_number(0, 10), "VolumeKeyframe"), SERIALIZED]
)
AnimatedPan = TypeAliasType(
    "AnimatedPan", Annotated[_AnimatedNumber, _animated(_number(-1, 1), "PanKeyframe"), SERIALIZED]
)
AnimatedColor = TypeAliasType(
    "AnimatedColor", Annotated[str | tuple[Keyframe[str], ...], _animated(Color, "ColorKeyframe"), SERIALIZED]
)
