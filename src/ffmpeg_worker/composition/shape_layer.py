"""Shape layers."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PlainValidator, TypeAdapter, model_validator

from ffmpeg_worker.budgets import MAX_COLORS, MAX_PATH_DATA, MAX_POINTS
from ffmpeg_worker.composition.choices import ShapeName
from ffmpeg_worker.composition.color import Color
from ffmpeg_worker.composition.keyframes import AnimatedColor, Keyframe
from ffmpeg_worker.composition.layer_base import VisualLayer
from ffmpeg_worker.composition.lengths import SERIALIZED, Distance, Length
from ffmpeg_worker.composition.node import Node
from ffmpeg_worker.validation_errors import wrong_value

_Share = Annotated[float, Field(ge=0, le=1)]


class GradientFill(Node):
    """A gradient between colors."""

    gradient: tuple[Color, ...] = Field(
        strict=False,
        fail_fast=True,
        min_length=2,
        max_length=MAX_COLORS,
        description="Colors, in order.",
        examples=[["#000000", "#00000000"]],
    )
    angle: float = Field(
        180.0,
        ge=-3600,
        le=3600,
        description="Direction in degrees, as in CSS: 0 points up, 90 to the right.",
        examples=[90],
    )
    stops: tuple[_Share, ...] | None = Field(
        None,
        strict=False,
        fail_fast=True,
        max_length=MAX_COLORS,
        description="Positions of the colors, 0 to 1, in order. Default: even steps.",
        examples=[[0, 1]],
    )
    type: Literal["linear", "radial"] = Field(
        "linear", description="Along a line, or from the center.", examples=["radial"]
    )

    @model_validator(mode="after")
    def _check_stops(self) -> Self:
        if self.stops is not None and len(self.stops) != len(self.gradient):
            raise wrong_value("must have as many stops as colors")
        if self.stops is not None and list(self.stops) != sorted(self.stops):
            raise wrong_value("must have its stops in order")
        return self


_COLOR: TypeAdapter[Any] = TypeAdapter(AnimatedColor)


def _read_paint(value: Any) -> Any:
    if isinstance(value, GradientFill):
        return value
    return GradientFill.model_validate(value) if isinstance(value, dict) else _COLOR.validate_python(value)


Paint = Annotated[
    str | tuple[Keyframe[str], ...] | GradientFill,
    PlainValidator(_read_paint, json_schema_input_type=AnimatedColor | GradientFill),
    SERIALIZED,
]
_Point = Annotated[tuple[Length, Length], Field(strict=False)]


class ShapeStroke(Node):
    """A line along the edge of a shape."""

    color: AnimatedColor = Field("#ffffff", description="Color.", examples=["#ffffff"])
    width: Distance = Field(
        2.0, description="Width in pixels or percent of the shape's shorter side.", examples=[3]
    )


_SHAPES = {"circle": "ellipse", "oval": "ellipse", "rectangle": "rect", "square": "rect"}


def _read_shape(value: Any) -> Any:
    return _SHAPES.get(value, value) if isinstance(value, str) else value


class ShapeLayer(VisualLayer):
    """A shape."""

    type: Literal["shape"] = Field(description="Type of the layer.", examples=["shape"])
    shape: Annotated[
        ShapeName, BeforeValidator(_read_shape, json_schema_input_type=Literal[ShapeName, "circle"])
    ] = Field("rect", description="Kind of shape; `circle` is an ellipse.", examples=["rect"])
    fill: Paint | None = Field(
        None,
        description="A color or a gradient. Default: white without a stroke, else none.",
        examples=["#ff8800"],
    )
    stroke: ShapeStroke | None = Field(
        None, description="Line along the edge.", examples=[{"color": "#ffffff", "width": 3}]
    )
    dash: tuple[Annotated[float, Field(ge=0, le=10_000)], ...] = Field(
        (),
        strict=False,
        fail_fast=True,
        max_length=16,
        description="Lengths of dashes and gaps in turn, in pixels.",
        examples=[[12, 6]],
    )
    points: tuple[_Point, ...] = Field(
        (),
        strict=False,
        fail_fast=True,
        max_length=MAX_POINTS,
        description="Points of a polygon or a line: [x, y] in pixels or percent of the layer's box.",
        examples=[[[0, 0], ["100%", "50%"], [0, "100%"]]],
    )
    corners: int = Field(
        5, ge=3, le=100, description="Number of corners of a star, or of a polygon without points.", examples=[6]
    )
    path: str | None = Field(
        None,
        min_length=1,
        max_length=MAX_PATH_DATA,
        description="SVG path data of a path, in pixels of the layer's box.",
        examples=["M0 0 L100 50 L0 100 Z"],
    )

    @model_validator(mode="after")
    def _check_outline(self) -> Self:
        if (self.shape == "path") != (self.path is not None):
            raise wrong_value('has no "path"' if self.shape == "path" else 'has "path" but is not a path')
        min_points = {"polygon": 3, "line": 2}.get(self.shape)
        if self.points and (min_points is None or len(self.points) < min_points):
            raise wrong_value(
                f"needs at least {min_points} points" if min_points else f'has "points" but is a {self.shape}'
            )
        return self
