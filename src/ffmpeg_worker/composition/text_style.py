"""Style of text as compositions write it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from ffmpeg_worker.budgets import MAX_SHADOWS
from ffmpeg_worker.composition.choices import (
    Direction,
    HighlightMode,
    TextAlign,
    TextTransform,
    TextWrap,
    VerticalAlign,
)
from ffmpeg_worker.composition.color import Color, is_dark
from ffmpeg_worker.composition.keyframes import AnimatedColor
from ffmpeg_worker.composition.lengths import Distance, FontSize, Length, Percent, Size
from ffmpeg_worker.composition.node import Node, canonical_key
from ffmpeg_worker.composition.text_presets import PRESETS, suit_dark_text
from ffmpeg_worker.suggestions import did_you_mean
from ffmpeg_worker.validation_errors import wrong_value

_WEIGHTS = {
    "thin": 100, "extra-light": 200, "light": 300, "normal": 400, "regular": 400, "medium": 500, "semi-bold": 600,
    "semibold": 600, "bold": 700, "extra-bold": 800, "extrabold": 800, "black": 900,
}  # fmt: skip


_WeightSchema = Annotated[
    Any,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 1000},
                {"type": "string", "title": "FontWeightName", "enum": list(_WEIGHTS)},
            ]
        }
    ),
]


def _read_families(value: Any) -> Any:
    if isinstance(value, str):
        value = [part.strip().strip("\"'") for part in value.split(",")]
    return tuple(value) if isinstance(value, list) else value


def _read_weight(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    plain = value.strip().lower().replace("_", "-")
    if plain not in _WEIGHTS:
        raise wrong_value(
            "is not a font weight", did_you_mean(plain, _WEIGHTS) or 'Write a number from 1 to 1000, or "bold".'
        )
    return _WEIGHTS[plain]


def _read_shadows(value: Any) -> Any:
    if value is None:
        return ()
    return (value,) if isinstance(value, dict) else tuple(value) if isinstance(value, list) else value


def _read_padding(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, tuple)) else (value, value)


def _read_center(value: Any) -> Any:
    return "center" if value in ("middle", "centre") else value


class Stroke(Node):
    """An outline of the letters."""

    color: Color = Field("#000000", description="Color.", examples=["#000000"])
    width: Distance = Field(2.0, description="Width in pixels or percent of the font size.", examples=[3])


class Shadow(Node):
    """A shadow of the letters."""

    color: Color = Field("#00000080", description="Color.", examples=["#00000080"])
    x: Length = Field(0.0, description="Offset to the right, in pixels or percent of the font size.", examples=[0])
    y: Length = Field(0.0, description="Offset down, in pixels or percent of the font size.", examples=[4])
    blur: Distance = Field(0.0, description="Blur as in CSS, in pixels or percent of the font size.", examples=[8])


class Background(Node):
    """A box behind text."""

    color: Color = Field("#00000080", description="Color.", examples=["#00000080"])
    padding: Annotated[
        tuple[Distance, Distance],
        BeforeValidator(_read_padding, json_schema_input_type=Distance | tuple[Distance, Distance]),
    ] = Field(
        (0.0, 0.0),
        description="Padding in pixels or percent of the font size: one value, or two for top and bottom, "
        "left and right.",
        examples=[16],
    )
    radius: Distance = Field(
        0.0, description="Radius of the corners, in pixels or percent of the font size.", examples=[12]
    )
    per_line: bool = Field(False, description="Whether each line has its own box.", examples=[True])


class Highlight(Node):
    """Style of the spoken word."""

    color: Color | None = Field(None, description="Color of the spoken word.", examples=["#ffd400"])
    background: Background | None = Field(
        None, description="Box behind the spoken word.", examples=[{"color": "#7c3aed", "padding": 8}]
    )
    scale: float = Field(1.0, ge=0.5, le=3, description="Scale factor of the spoken word.", examples=[1.1])
    said: Color | None = Field(None, description="Color of the words before it.", examples=["#ffffff"])
    mode: HighlightMode = Field(
        "word",
        description="`word` highlights the spoken word; `fill` colors words from left to right as they are "
        "spoken; `appear` shows only words that have been spoken.",
        examples=["fill"],
    )


class TextStyle(Node):
    """Style of text; a preset sets the fields that are not given."""

    preset: Literal[tuple(PRESETS)] | None = Field(  # type: ignore[valid-type]
        None, description="Preset whose values apply to the fields that are not given.", examples=["outline"]
    )
    font_family: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=100)], ...],
        Field(max_length=16, fail_fast=True),
        BeforeValidator(_read_families, json_schema_input_type=str | list[str]),
    ] = Field(
        (),
        description="Font families in order of preference: a name, names separated by commas, or a list. "
        "Default: Inter.",
        examples=["Inter"],
    )
    font_size: FontSize = Field(
        Percent(5),
        description='Size in pixels or percent of the canvas\'s shorter side, or "auto": the largest that fits '
        "the layer's box.",
        examples=[64],
    )
    min_font_size: Size | None = Field(
        None, description='Smallest size that "auto" may choose. Default: 8.', examples=[24]
    )
    max_font_size: Size | None = Field(
        None, description='Largest size that "auto" may choose. Default: the height of the box.', examples=[120]
    )
    font_weight: Annotated[int, BeforeValidator(_read_weight, json_schema_input_type=_WeightSchema)] = Field(
        400, ge=1, le=1000, description='Weight, 1 to 1000, or a name such as "bold".', examples=[700]
    )
    font_style: Literal["normal", "italic"] = Field(
        "normal", description="Upright or italic.", examples=["italic"]
    )
    color: AnimatedColor = Field("#ffffff", description="Color of the letters.", examples=["#ffffff"])
    align: Annotated[TextAlign, BeforeValidator(_read_center)] = Field(
        "center", description="Horizontal alignment of lines.", examples=["center"]
    )
    vertical_align: Annotated[VerticalAlign, BeforeValidator(_read_center)] = Field(
        "center", description="Vertical alignment of the text in its box.", examples=["center"]
    )
    line_height: float = Field(
        1.2, ge=0.1, le=10, description="Line height as a multiple of the font size.", examples=[1.2]
    )
    letter_spacing: Length = Field(
        0.0, description="Additional space between letters, in pixels or percent of the font size.", examples=[2]
    )
    word_spacing: Length = Field(
        0.0, description="Additional space between words, in pixels or percent of the font size.", examples=[4]
    )
    direction: Direction = Field(
        "auto", description="Writing direction; `auto` depends on the letters.", examples=["rtl"]
    )
    text_transform: TextTransform = Field("none", description="Change of case, as in CSS.", examples=["uppercase"])
    underline: bool = Field(False, description="Whether the text is underlined.", examples=[True])
    strikethrough: bool = Field(False, description="Whether the text is struck through.", examples=[True])
    text_wrap: TextWrap = Field(
        "balance",
        description="How lines are broken: `balance` makes the lines of a short paragraph similarly long, and "
        "avoids a short last line of a longer one; `greedy` makes every line as full as possible.",
        examples=["greedy"],
    )
    max_lines: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="Maximum number of lines; longer text is cut with an ellipsis.",
        examples=[2],
    )
    stroke: Stroke | None = Field(
        None,
        description="Outline of the letters; null: none, where a preset has one.",
        examples=[{"color": "#000000", "width": 3}, None],
    )
    shadow: Annotated[
        tuple[Shadow, ...],
        Field(max_length=MAX_SHADOWS, fail_fast=True),
        BeforeValidator(_read_shadows, json_schema_input_type=Shadow | list[Shadow] | None),
    ] = Field(
        (),
        description="A shadow, or a list of shadows; null: none, where a preset has some.",
        examples=[{"y": 4, "blur": 8}, None],
    )
    background: Background | None = Field(
        None,
        description="Box behind the text; null: none, where a preset has one.",
        examples=[{"color": "#00000080", "padding": 16}, None],
    )
    highlight: Highlight | None = Field(
        None,
        description="Style of the spoken word, in subtitles; null: none, where a preset has one.",
        examples=[{"color": "#ffd400"}, None],
    )
    fields_with_null = frozenset({"stroke", "shadow", "background", "highlight"})

    @model_validator(mode="before")
    @classmethod
    def _apply_preset(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("preset"), str):
            return value
        preset = PRESETS.get(value["preset"])
        if preset is None:
            return value
        said = {canonical_key(cls, str(key)): item for key, item in value.items()}
        fields = {key: item for key, item in preset.items() if key not in said}
        color = said.get("color")
        return {**(suit_dark_text(fields) if isinstance(color, str) and is_dark(color) else fields), **value}
