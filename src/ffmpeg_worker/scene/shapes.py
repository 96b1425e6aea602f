"""Shapes in pixels of their box."""

from __future__ import annotations

import math

from ffmpeg_worker.composition import shape_layer
from ffmpeg_worker.composition.color import parse_color
from ffmpeg_worker.composition.shape_layer import ShapeLayer
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.scene.curve import Color, Curve
from ffmpeg_worker.scene.geometry import Box, filling_box
from ffmpeg_worker.scene.path_data import scale_path
from ffmpeg_worker.scene.reference_box import ReferenceBox, first_value, read_color
from ffmpeg_worker.scene.scene import Gradient, Paint, ShapeContent

_INNER = 0.382
"""Of a star: the inner circle to the outer one, as where the lines of a five-pointed one cross."""

Points = tuple[tuple[float, float], ...]


def shape_box(layer: ShapeLayer, room: ReferenceBox) -> Box:
    """The box of a shape: round ones with one side given are as wide as high, a line is as high as it is thick."""
    is_round = layer.shape in {"ellipse", "star"} or (layer.shape == "polygon" and not layer.points)
    if layer.shape == "line" and layer.height is None and not layer.points:
        thick = 0.0 if layer.stroke is None else room.still(layer.stroke.width, room.canvas_short)
        height = max(1.0, thick) / room.per_pixel
        return filling_box(layer.model_copy(update={"height": height}), room)
    return filling_box(layer, room, aspect=1.0 if is_round else None)


def read_shape(layer: ShapeLayer, box: Box, room: ReferenceBox, where: str) -> ShapeContent:
    """What is drawn; points are those of the box at its first size.

    Stars, and polygons without points, become polygons with points.

    Raises:
        InvalidJob: path data that is none.
    """
    width, height = box.first_size or (room.width, room.height)
    stroke = layer.stroke
    fill = None if layer.fill is None else read_paint(layer.fill)
    if layer.shape == "line":
        fill = None
    elif fill is None and stroke is None:
        fill = (1.0, 1.0, 1.0, 1.0)
    stroke_width = _line_width(layer, height) if stroke is None else room.still(stroke.width, min(width, height))
    return ShapeContent(
        shape="polygon" if layer.shape == "star" else layer.shape,
        fill=fill,
        stroke=_line_colour(layer) if stroke is None else read_color(stroke.color),
        stroke_width=stroke_width,
        dash=tuple(length * room.per_pixel for length in layer.dash),
        radius=first_value(room.length(layer.radius, min(width, height))) if layer.shape == "rect" else 0.0,
        points=_points(layer, width, height, stroke_width, room),
        path=None if layer.path is None else _path(layer.path, room, where),
    )


def read_paint(paint: shape_layer.Paint) -> Paint:
    """A colour, a moving one, or a gradient."""
    if not isinstance(paint, shape_layer.Gradient):
        return read_color(paint)
    return Gradient(
        colours=tuple(parse_color(colour) for colour in paint.gradient),
        angle=paint.angle,
        is_radial=paint.type == "radial",
        stops=paint.stops,
    )


def _path(data: str, room: ReferenceBox, where: str) -> str:
    try:
        return scale_path(data, room.per_pixel)
    except ValueError:
        raise InvalidJob(
            "A path cannot be read.",
            code="invalid_path",
            hint='Write SVG path data, as in "M0 0 L100 50 L0 100 Z".',
            where={"field": f"{where}.path"},
        ) from None


def _points(layer: ShapeLayer, width: float, height: float, stroke: float, room: ReferenceBox) -> Points:
    if layer.points:
        return tuple((room.still(x, width), room.still(y, height)) for x, y in layer.points)
    if layer.shape == "star":
        return _corners(layer.corners * 2, width, height, stroke, inner=_INNER)
    if layer.shape == "polygon":
        return _corners(layer.corners, width, height, stroke)
    return ()


def _corners(count: int, width: float, height: float, stroke: float, *, inner: float = 1.0) -> Points:
    """Corners from the top clockwise, every second one `inner`; with their stroke they touch the sides."""
    turns = [2 * math.pi * index / count for index in range(count)]
    reach = [inner if index % 2 else 1.0 for index in range(count)]
    across = _spread([math.sin(turn) * share for turn, share in zip(turns, reach, strict=True)], width, stroke)
    down = _spread([-math.cos(turn) * share for turn, share in zip(turns, reach, strict=True)], height, stroke)
    return tuple(zip(across, down, strict=True))


def _spread(values: list[float], length: float, stroke: float) -> list[float]:
    low, high = min(values), max(values)
    room = max(length - stroke, 0.0)
    return [round(stroke / 2 + (value - low) / (high - low) * room, 4) for value in values]


def _line_colour(layer: ShapeLayer) -> Color | Curve | None:
    """A line is drawn by its stroke; without one in the colour of its fill."""
    if layer.shape != "line":
        return None
    if layer.fill is None or isinstance(layer.fill, shape_layer.Gradient):
        return (1.0, 1.0, 1.0, 1.0)
    return read_color(layer.fill)


def _line_width(layer: ShapeLayer, height: float) -> float:
    return max(1.0, height if not layer.points else 2.0) if layer.shape == "line" else 0.0
