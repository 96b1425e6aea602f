"""The model of a composition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, SkipValidation, WithJsonSchema, model_validator

from ffmpeg_worker.budgets import MAX_CANVAS_PIXELS, MAX_FONTS, MAX_ROWS, MAX_SIDE, MAX_TEXT, MAX_VARIABLES
from ffmpeg_worker.composition.color import Color
from ffmpeg_worker.composition.frame_rate import FrameRate
from ffmpeg_worker.composition.keyframes import AnimatedVolume
from ffmpeg_worker.composition.layers import Layers
from ffmpeg_worker.composition.media_layers import SRC_DESCRIPTION, Src
from ffmpeg_worker.composition.node import Node
from ffmpeg_worker.composition.placeholder import VARIABLE_NAME, Scalar
from ffmpeg_worker.composition.timing import CanvasDuration
from ffmpeg_worker.validation_errors import wrong_value

_VALUES_SCHEMA: dict[str, JsonValue] = {
    "type": "object",
    "additionalProperties": {
        "type": ["string", "number", "boolean", "null"],
        "maxLength": MAX_TEXT,
        "pattern": r"^[^\u0000]*$",
        # JSON with longer whole numbers is refused.
        "exclusiveMinimum": -1e20,
        "exclusiveMaximum": 1e20,
    },
    "propertyNames": {"pattern": f"^{VARIABLE_NAME.pattern}$"},
    "maxProperties": MAX_VARIABLES,
}
VARIABLES_SCHEMA: dict[str, JsonValue] = {
    "anyOf": [_VALUES_SCHEMA, {"type": "array", "items": _VALUES_SCHEMA, "minItems": 1, "maxItems": MAX_ROWS}]
}
"""JSON Schema of the values of variables: one row, or a list of rows."""


class Font(Node):
    """A font of the composition."""

    family: str = Field(
        min_length=1, max_length=100, description="Name of the font in `font_family`.", examples=["Inter"]
    )
    src: Src = Field(
        repr=False,
        description=f"A .ttf, .otf, .ttc, .woff or .woff2 file: {SRC_DESCRIPTION}",
        examples=["fonts/Inter.ttf"],
    )
    weight: int | None = Field(
        None, ge=1, le=1000, description="Weight, 1 to 1000. Default: that of the file.", examples=[700]
    )
    style: Literal["normal", "italic"] | None = Field(
        None, description="Upright or italic. Default: that of the file.", examples=["italic"]
    )


class AudioOptions(Node):
    """Options of the audio mix."""

    volume: AnimatedVolume = Field(1.0, description="Volume factor of the mix.", examples=[0.8])
    loudness: float | None = Field(
        None,
        ge=-40,
        le=-5,
        description="Integrated loudness to reach, in LUFS. Default: unchanged, but limited to avoid clipping.",
        examples=[-14],
    )


class Composition(Node):
    """A composition with its variables filled in."""

    width: int = Field(1920, ge=2, le=MAX_SIDE, description="Width in pixels.", examples=[1080])
    height: int = Field(1080, ge=2, le=MAX_SIDE, description="Height in pixels.", examples=[1920])
    fps: FrameRate = Field(30.0, description='Frames per second, also as "30000/1001" or 29.97.', examples=[30])
    duration: CanvasDuration = Field(
        "auto", description='Duration in seconds. "auto": until the end of the last layer.', examples=[10]
    )
    background: Color = Field(
        "#000000",
        description='Color below all layers; "transparent" if the output supports it.',
        examples=["#101018"],
    )
    # Validated before they are filled in.
    variables: Annotated[Mapping[str, Scalar], SkipValidation, WithJsonSchema(VARIABLES_SCHEMA)] = Field(
        default_factory=dict,
        description="Values of `{{name}}` in any string of the composition. A list of objects makes one output "
        "for each of them.",
        examples=[{"name": "Ada"}],
    )
    fonts: tuple[Font, ...] = Field(
        (),
        strict=False,
        fail_fast=True,
        max_length=MAX_FONTS,
        description="Fonts in addition to the bundled ones.",
        examples=[[{"family": "Inter", "src": "fonts/Inter.ttf"}]],
    )
    layers: Layers = Field(
        min_length=1,
        description="Layers; the last one is on top.",
        examples=[[{"type": "text", "text": "Hello {{name}}"}]],
    )
    audio: AudioOptions = Field(
        default_factory=AudioOptions, description="Volume and loudness of the mix.", examples=[{"loudness": -14}]
    )

    @model_validator(mode="after")
    def _check_pixels(self) -> Self:
        if self.width * self.height > MAX_CANVAS_PIXELS:
            raise wrong_value(
                f"has more than {MAX_CANVAS_PIXELS} pixels",
                "The largest canvas is 4096 x 2304, or any shape of as many pixels.",
            )
        return self
