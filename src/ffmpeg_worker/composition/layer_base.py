"""What layers have in common: when they are there, and how pictures are placed."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from ffmpeg_worker.composition.color import Color
from ffmpeg_worker.composition.limits import MAX_DURATION_S
from ffmpeg_worker.composition.node import Node
from ffmpeg_worker.composition.timing import Duration, LayerId, Start
from ffmpeg_worker.composition.transitions import Transitions
from ffmpeg_worker.composition.values import (
    AnimatedAngle,
    AnimatedBlur,
    AnimatedDistance,
    AnimatedLength,
    AnimatedScale,
    AnimatedShare,
    AnimatedSize,
    Percent,
)
from ffmpeg_worker.suggestions import did_you_mean
from ffmpeg_worker.validation_errors import wrong_value

ANCHORS = (
    "top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom", "bottom-right",
)  # fmt: skip
Anchor = Literal[
    "top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom", "bottom-right"
]
BLENDS = (
    "normal", "multiply", "screen", "overlay", "darken", "lighten", "color-dodge", "color-burn", "hard-light",
    "soft-light", "difference", "exclusion", "add",
)  # fmt: skip
Blend = Literal[
    "normal", "multiply", "screen", "overlay", "darken", "lighten", "color-dodge", "color-burn", "hard-light",
    "soft-light", "difference", "exclusion", "add",
]  # fmt: skip
Fit = Literal["cover", "contain", "contain-blur", "fill", "none", "scale-down"]

_ANCHOR_WORDS = {"middle": "center", "centre": "center"}


def _read_anchor(value: Any) -> Any:
    """Any order of the two words, `middle` for `center`, and `center` where it says nothing."""
    if not isinstance(value, str):
        return value
    words = [_ANCHOR_WORDS.get(word, word) for word in re.split(r"[-_ ]", value.strip().lower())]
    rows = [word for word in words if word in {"top", "bottom"}]
    columns = [word for word in words if word in {"left", "right"}]
    if len(words) > 2 or len(rows) + len(columns) + words.count("center") != len(words):
        raise wrong_value("is no anchor", did_you_mean(value, ANCHORS) or f"Anchors are {', '.join(ANCHORS)}.")
    return "-".join(rows + columns) or "center"


class Trim(Node):
    """Which part of a file is used."""

    start: float = Field(
        0.0,
        ge=0,
        le=MAX_DURATION_S,
        allow_inf_nan=False,
        description="Seconds of the file at which it begins.",
        examples=[2],
    )
    end: float | None = Field(
        None,
        gt=0,
        le=MAX_DURATION_S,
        allow_inf_nan=False,
        description="Seconds of the file at which it ends. Default: the end of the file.",
        examples=[8],
    )

    @model_validator(mode="after")
    def _hold_something(self) -> Self:
        if self.end is not None and self.end <= self.start:
            raise wrong_value("ends before it begins", '"end" is a time in the file, after "start".')
        return self


class Crop(Node):
    """The part of a picture that is shown: pixels of the picture, or percentages of it."""

    x: AnimatedDistance = Field(Percent(0), description="Left edge.", examples=["10%"])
    y: AnimatedDistance = Field(Percent(0), description="Top edge.", examples=[0])
    width: AnimatedSize = Field(Percent(100), description="Width.", examples=["80%"])
    height: AnimatedSize = Field(Percent(100), description="Height.", examples=["100%"])


class ChromaKey(Node):
    """A color that becomes transparent."""

    color: Color = Field("#00ff00", description="The color of the screen behind.", examples=["#00ff00"])
    similarity: float = Field(
        0.15,
        gt=0,
        le=1,
        allow_inf_nan=False,
        description="How far from it a color may be to go as well, above 0 and up to 1.",
        examples=[0.15],
    )
    blend: float = Field(
        0.05, ge=0, le=1, allow_inf_nan=False, description="How soft the edge is, 0 to 1.", examples=[0.05]
    )


class TimedLayer(Node):
    """A layer that is there for a time."""

    id: LayerId | None = Field(None, description="A name for `after:` and `duck_under`.", examples=["intro"])
    start: Start = Field(
        0.0,
        description='Seconds on the timeline (in a group: of the group); "after:ID": when that layer ends; '
        '"auto": when the layer before it in this list ends.',
        examples=["after:intro"],
    )
    duration: Duration = Field(
        "auto",
        description='Seconds; "auto": as long as its file, otherwise to the end; "end": to the end of the '
        "composition or group.",
        examples=[4],
    )
    condition: bool = Field(
        True,
        description="Whether the layer is there at all; with variables, as in `{{badge}}`, `!{{badge}}`, "
        "`{{plan}} == 'pro'` or `{{plan}} != 'pro'`.",
        examples=[True],
        json_schema_extra={"type": ["boolean", "string"]},
    )

    @property
    def follows(self) -> str | None:
        """The id of the layer after which this one starts."""
        return self.start.removeprefix("after:") if isinstance(self.start, str) and self.start != "auto" else None


class VisualLayer(TimedLayer):
    """A layer that is seen."""

    x: AnimatedLength | None = Field(
        None,
        description="Where the anchor lies from the left, in pixels or percent of the canvas (in a group: of the "
        "group). Default: in the middle.",
        examples=["50%"],
    )
    y: AnimatedLength | None = Field(
        None, description="Where the anchor lies from the top. Default: in the middle.", examples=["80%"]
    )
    anchor: Annotated[Anchor, BeforeValidator(_read_anchor)] | None = Field(
        None,
        description="Which point of the layer lies at x and y. Default: top left, for an axis that is given.",
        examples=["center"],
    )
    width: AnimatedSize | None = Field(
        None, description="Width, in pixels or percent of the canvas.", examples=["80%"]
    )
    height: AnimatedSize | None = Field(
        None, description="Height, in pixels or percent of the canvas.", examples=[200]
    )
    scale: AnimatedScale = Field(1.0, description="Factor of its size, about its middle.", examples=[1.2])
    rotation: AnimatedAngle = Field(0.0, description="Degrees clockwise, about its middle.", examples=[5])
    opacity: AnimatedShare = Field(1.0, description="0 (not seen) to 1.", examples=[0.9])
    blur: AnimatedBlur = Field(0.0, description="Standard deviation in pixels.", examples=[8])
    radius: AnimatedDistance = Field(
        0.0, description="Of its corners, in pixels or percent of its shorter side.", examples=[24]
    )
    crop: Crop | None = Field(
        None, description="The part of it that is shown.", examples=[{"x": "10%", "width": "80%"}]
    )
    blend: Blend = Field(
        "normal", description="How it mixes with what lies below, as in CSS.", examples=["multiply"]
    )
    z: float = Field(
        0.0,
        ge=-10_000,
        le=10_000,
        allow_inf_nan=False,
        description="Layers with a larger one lie on top; equal ones in order of the list.",
        examples=[1],
    )
    transition: Transitions | None = Field(
        None,
        description="How it comes and goes.",
        examples=[{"in": {"type": "fade", "duration": 0.4}}],
    )
