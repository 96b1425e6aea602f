"""Fields that layers have in common: timing, position, and appearance."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from ffmpeg_worker.composition.color import Color
from ffmpeg_worker.composition.condition import CONDITION_PATTERN
from ffmpeg_worker.composition.keyframes import (
    AnimatedAngle,
    AnimatedBlur,
    AnimatedDistance,
    AnimatedLength,
    AnimatedScale,
    AnimatedShare,
    AnimatedSize,
)
from ffmpeg_worker.composition.lengths import Percent
from ffmpeg_worker.composition.node import Node
from ffmpeg_worker.composition.timing import Duration, LayerId, PositiveSeconds, Seconds, Start
from ffmpeg_worker.composition.transitions import Transitions
from ffmpeg_worker.suggestions import did_you_mean
from ffmpeg_worker.validation_errors import wrong_value

Anchor = Literal[
    "top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom", "bottom-right"
]
Blend = Literal[
    "normal", "multiply", "screen", "overlay", "darken", "lighten", "color-dodge", "color-burn", "hard-light",
    "soft-light", "difference", "exclusion", "add",
]  # fmt: skip

_ANCHOR_WORDS = {"middle": "center", "centre": "center"}


def _read_anchor(value: Any) -> Any:
    """Accept the two words in any order, `middle` for `center`, and a redundant `center`."""
    if not isinstance(value, str):
        return value
    words = [_ANCHOR_WORDS.get(word, word) for word in re.split(r"[-_ ]", value.strip().lower())]
    rows = [word for word in words if word in {"top", "bottom"}]
    columns = [word for word in words if word in {"left", "right"}]
    if len(words) > 2 or len(rows) + len(columns) + words.count("center") != len(words):
        raise wrong_value(
            "is not an anchor",
            did_you_mean(value, get_args(Anchor)) or f"Anchors are {', '.join(get_args(Anchor))}.",
        )
    return "-".join(rows + columns) or "center"


class Trim(Node):
    """The part of a file that is used."""

    start: Seconds = Field(0.0, description="Start of the part, in seconds of the file.", examples=[2])
    end: PositiveSeconds | None = Field(
        None, description="End of the part, in seconds of the file. Default: the end of the file.", examples=[8]
    )

    @model_validator(mode="after")
    def _check_not_empty(self) -> Self:
        if self.end is not None and self.end <= self.start:
            raise wrong_value("ends before it starts", '"end" is a time in the file and must be after "start".')
        return self


class Crop(Node):
    """The visible part of a picture, in pixels or percent of it."""

    x: AnimatedDistance = Field(Percent(0), description="Left edge.", examples=["10%"])
    y: AnimatedDistance = Field(Percent(0), description="Top edge.", examples=[0])
    width: AnimatedSize = Field(Percent(100), description="Width.", examples=["80%"])
    height: AnimatedSize = Field(Percent(100), description="Height.", examples=["100%"])


class ChromaKey(Node):
    """A color that becomes transparent."""

    color: Color = Field("#00ff00", description="Color of the background screen.", examples=["#00ff00"])
    similarity: float = Field(
        0.15,
        gt=0,
        le=1,
        description="Colors up to this distance become transparent too, above 0 and up to 1.",
        examples=[0.15],
    )
    blend: float = Field(0.05, ge=0, le=1, description="Softness of the edge, 0 to 1.", examples=[0.05])


_CONDITION_SCHEMA = WithJsonSchema(
    {"anyOf": [{"type": "boolean"}, {"type": "string", "pattern": CONDITION_PATTERN, "maxLength": 2000}]}
)


class TimedLayer(Node):
    """A layer with a start and a duration."""

    id: LayerId | None = Field(
        None, description="Unique name, for `after:` and `duck_under` of other layers.", examples=["intro"]
    )
    start: Start = Field(
        0.0,
        description='Start in seconds of the timeline (in a group: of the group). "after:ID": at the end of that '
        'layer; "auto": at the end of the previous layer of this list.',
        examples=["after:intro"],
    )
    duration: Duration = Field(
        "auto",
        description='Duration in seconds. "auto": that of its file, or until the end if it has none; '
        '"end": until the end of the composition or group.',
        examples=[4],
    )
    condition: Annotated[bool, _CONDITION_SCHEMA] = Field(
        True,
        description="Whether the layer exists. Usually an expression of variables: `{{badge}}`, `!{{badge}}`, "
        "`{{plan}} == 'pro'` or `{{plan}} != 'pro'`.",
        examples=[True],
    )

    @property
    def follows(self) -> str | None:
        """Id of the layer after which this one starts."""
        return self.start.removeprefix("after:") if isinstance(self.start, str) and self.start != "auto" else None


class VisualLayer(TimedLayer):
    """A visible layer."""

    x: AnimatedLength | None = Field(
        None,
        description="Distance of the anchor from the left, in pixels or percent of the canvas (in a group: of the "
        "group). Default: the center.",
        examples=["50%"],
    )
    y: AnimatedLength | None = Field(
        None,
        description="Distance of the anchor from the top, in pixels or percent. Default: the center.",
        examples=["80%"],
    )
    anchor: Annotated[Anchor, BeforeValidator(_read_anchor)] | None = Field(
        None,
        description="Point of the layer that is placed at x and y. Default: top left, for an axis that is given.",
        examples=["center"],
    )
    width: AnimatedSize | None = Field(
        None, description="Width, in pixels or percent of the canvas.", examples=["80%"]
    )
    height: AnimatedSize | None = Field(
        None, description="Height, in pixels or percent of the canvas.", examples=[200]
    )
    scale: AnimatedScale = Field(1.0, description="Scale factor, about the center.", examples=[1.2])
    rotation: AnimatedAngle = Field(
        0.0, description="Rotation in degrees clockwise, about the center.", examples=[5]
    )
    opacity: AnimatedShare = Field(1.0, description="Opacity, 0 (invisible) to 1.", examples=[0.9])
    blur: AnimatedBlur = Field(0.0, description="Blur radius: the standard deviation in pixels.", examples=[8])
    radius: AnimatedDistance = Field(
        0.0, description="Radius of the corners, in pixels or percent of the shorter side.", examples=[24]
    )
    crop: Crop | None = Field(
        None, description="Visible part of the picture.", examples=[{"x": "10%", "width": "80%"}]
    )
    blend: Blend = Field(
        "normal", description="Blend mode with the layers below, as in CSS.", examples=["multiply"]
    )
    z: float = Field(
        0.0,
        ge=-10_000,
        le=10_000,
        description="Layers with a larger `z` are on top; layers with the same `z` keep the order of the list.",
        examples=[1],
    )
    transition: Transitions | None = Field(
        None,
        description="Transitions at the start and the end.",
        examples=[{"in": {"type": "fade", "duration": 0.4}}],
    )
