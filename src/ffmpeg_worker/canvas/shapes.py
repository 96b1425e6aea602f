"""Shapes in pixels of their box."""

from __future__ import annotations

import math

from ffmpeg_worker.canvas.curve import Colour, Curve
from ffmpeg_worker.canvas.geometry import Box, filling_box
from ffmpeg_worker.canvas.pixels import Room, first_value, read_colour
from ffmpeg_worker.canvas.scene import Gradient, Paint, ShapeContent
from ffmpeg_worker.job.composition import shape_layer
from ffmpeg_worker.job.composition.color import parse_color
from ffmpeg_worker.job.composition.shape_layer import ShapeLayer

_INNER = 0.382
"""Of a star: the inner circle to the outer one, as where the lines of a five-pointed one cross."""

Points = tuple[tuple[float, float], ...]


def shape_box(layer: ShapeLayer, room: Room) -> Box:
    """The box of a shape: round ones with one side given are as wide as high, a line is as high as it is thick."""
    is_round = layer.shape in {"ellipse", "star"} or (layer.shape == "polygon" and not layer.points)
    if layer.shape == "line" and layer.height is None and not layer.points:
        thick = 0.0 if layer.stroke is None else room.still(layer.stroke.width, room.canvas_short)
        height = max(1.0, thick) / room.per_pixel
        return filling_box(layer.model_copy(update={"height": height}), room)
    return filling_box(layer, room, aspect=1.0 if is_round else None)


def read_shape(layer: ShapeLayer, box: Box, room: Room) -> ShapeContent:
    """What is drawn; points are those of the box at its first size.

    Stars, and polygons without points, become polygons with points.
    """
    width, height = box.first_size or (room.width, room.height)
    stroke = layer.stroke
    fill = None if layer.fill is None else read_paint(layer.fill)
    if layer.shape == "line":
        fill = None
    elif fill is None and stroke is None:
        fill = (1.0, 1.0, 1.0, 1.0)
    points = _points(layer, width, height, room)
    return ShapeContent(
        shape="polygon" if layer.shape == "star" else layer.shape,
        fill=fill,
        stroke=_line_colour(layer) if stroke is None else read_colour(stroke.color),
        stroke_width=_line_width(layer, height)
        if stroke is None
        else room.still(stroke.width, min(width, height)),
        dash=tuple(length * room.per_pixel for length in layer.dash),
        radius=first_value(room.length(layer.radius, min(width, height))) if layer.shape == "rect" else 0.0,
        points=points,
        path=layer.path,
    )


def read_paint(paint: shape_layer.Paint) -> Paint:
    """A colour, a moving one, or a gradient."""
    if not isinstance(paint, shape_layer.Gradient):
        return read_colour(paint)
    return Gradient(
        colours=tuple(parse_color(colour) for colour in paint.gradient),
        angle=paint.angle,
        is_radial=paint.type == "radial",
        stops=paint.stops,
    )


def _points(layer: ShapeLayer, width: float, height: float, room: Room) -> Points:
    if layer.points:
        return tuple((room.still(x, width), room.still(y, height)) for x, y in layer.points)
    if layer.shape == "line":
        return (0.0, height / 2), (width, height / 2)
    if layer.shape == "star":
        return _corners(layer.corners * 2, width, height, inner=_INNER)
    if layer.shape == "polygon":
        return _corners(layer.corners, width, height)
    return ()


def _corners(count: int, width: float, height: float, *, inner: float = 1.0) -> Points:
    """Corners on an ellipse, from the top clockwise; every second one on the `inner` share of it."""
    corners = []
    for index in range(count):
        turn = 2 * math.pi * index / count
        share = (inner if index % 2 else 1.0) / 2
        corners.append(
            (
                round((0.5 + math.sin(turn) * share) * width, 6),
                round((0.5 - math.cos(turn) * share) * height, 6),
            )
        )
    return tuple(corners)


def _line_colour(layer: ShapeLayer) -> Colour | Curve | None:
    """A line is drawn by its stroke; without one in the colour of its fill."""
    if layer.shape != "line":
        return None
    if layer.fill is None or isinstance(layer.fill, shape_layer.Gradient):
        return (1.0, 1.0, 1.0, 1.0)
    return read_colour(layer.fill)


def _line_width(layer: ShapeLayer, height: float) -> float:
    return max(1.0, height if not layer.points else 2.0) if layer.shape == "line" else 0.0
