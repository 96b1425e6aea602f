"""Resolves shapes to drawn pixels of their box."""

from __future__ import annotations

import math
import re

from ffmpeg_worker.composition import shape_layer
from ffmpeg_worker.composition.color import parse_color
from ffmpeg_worker.composition.shape_layer import ShapeLayer
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.scene.content import Gradient, Paint, ShapeContent
from ffmpeg_worker.scene.curve import Color, Curve
from ffmpeg_worker.scene.geometry import Box, canvas_box
from ffmpeg_worker.scene.reference_box import ReferenceBox, initial_value, resolve_color
from ffmpeg_worker.scene.resolve_context import ResolvedContent, resolve_box_crop
from ffmpeg_worker.scene.resolve_timing import ScheduledLayer

_INNER = 0.382
"""Radius of the inner circle of a star as a fraction of the outer one; in a pentagram, the lines cross there."""

_PATH_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,2})?"
_PATH_TOKEN = re.compile(rf"(?P<letter>[MmLlHhVvCcSsQqTtAaZz])|(?P<number>{_PATH_NUMBER})|[\s,]+")
_PATH_FLAG = re.compile(r"(?P<letter>[MmLlHhVvCcSsQqTtAaZz])|(?P<number>[01])|[\s,]+")

_WHITE = (1.0, 1.0, 1.0, 1.0)

Points = tuple[tuple[float, float], ...]


def resolve_shape(layer: ShapeLayer, scheduled: ScheduledLayer, reference: ReferenceBox) -> ResolvedContent:
    """Resolve a shape layer; points refer to the initial size of its box.

    Stars, and polygons without points, become polygons with points.

    Raises:
        InvalidJob: the path data is invalid, or the crop is outside of the box.
    """
    box = _shape_box(layer, reference)
    width, height = box.initial_size or (reference.width, reference.height)
    stroke, stroke_width = _resolve_stroke(layer, width, height, reference)
    fill = None if layer.fill is None or layer.shape == "line" else _resolve_paint(layer.fill)
    if fill is None and stroke is None:
        fill = _WHITE
    content = ShapeContent(
        shape="polygon" if layer.shape == "star" else layer.shape,
        fill=fill,
        stroke=stroke,
        stroke_width=stroke_width,
        dash=tuple(length * reference.pixel_scale for length in layer.dash),
        radius=initial_value(reference.length(layer.radius, min(width, height))) if layer.shape == "rect" else 0.0,
        points=_points(layer, width, height, stroke_width, reference),
        path=None if layer.path is None else _path(layer.path, reference, scheduled.where),
    )
    return ResolvedContent(content, box, resolve_box_crop(layer, box, reference, scheduled.where))


def _shape_box(layer: ShapeLayer, reference: ReferenceBox) -> Box:
    """Return the box of a shape. Round shapes keep their aspect; a line is as high as its stroke."""
    is_round = layer.shape in {"ellipse", "star"} or (layer.shape == "polygon" and not layer.points)
    if layer.shape == "line" and layer.height is None and not layer.points:
        thickness = (
            0.0 if layer.stroke is None else reference.fixed(layer.stroke.width, reference.canvas_shorter_side)
        )
        height = max(1.0, thickness) / reference.pixel_scale
        return canvas_box(layer.model_copy(update={"height": height}), reference)
    return canvas_box(layer, reference, aspect=1.0 if is_round else None)


def _resolve_stroke(
    layer: ShapeLayer, width: float, height: float, reference: ReferenceBox
) -> tuple[Color | Curve | None, float]:
    """Return the color and the width of a stroke; a line without one has the color of its fill."""
    if layer.stroke is not None:
        return resolve_color(layer.stroke.color), reference.fixed(layer.stroke.width, min(width, height))
    if layer.shape != "line":
        return None, 0.0
    line_width = max(1.0, 2.0 if layer.points else height)
    if layer.fill is None or isinstance(layer.fill, shape_layer.GradientFill):
        return _WHITE, line_width
    return resolve_color(layer.fill), line_width


def _resolve_paint(paint: shape_layer.Paint) -> Paint:
    if not isinstance(paint, shape_layer.GradientFill):
        return resolve_color(paint)
    return Gradient(
        colors=tuple(parse_color(color) for color in paint.gradient),
        angle=paint.angle,
        is_radial=paint.type == "radial",
        stops=paint.stops,
    )


def _path(data: str, reference: ReferenceBox, where: str) -> str:
    try:
        return scale_path(data, reference.pixel_scale)
    except ValueError:
        raise InvalidJob(
            "The path is not valid SVG path data.",
            code="invalid_path",
            hint='For example "M0 0 L100 50 L0 100 Z".',
            where={"field": f"{where}.path"},
        ) from None


def _points(layer: ShapeLayer, width: float, height: float, stroke: float, reference: ReferenceBox) -> Points:
    if layer.points:
        return tuple((reference.fixed(x, width), reference.fixed(y, height)) for x, y in layer.points)
    if layer.shape == "star":
        return _corners(layer.corners * 2, width, height, stroke, inner=_INNER)
    if layer.shape == "polygon":
        return _corners(layer.corners, width, height, stroke)
    return ()


def _corners(count: int, width: float, height: float, stroke: float, *, inner: float = 1.0) -> Points:
    """Return corners clockwise from the top, every second one on the inner circle; the stroke touches the box."""
    angles = [2 * math.pi * index / count for index in range(count)]
    radii = [inner if index % 2 else 1.0 for index in range(count)]
    horizontal = [math.sin(angle) * radius for angle, radius in zip(angles, radii, strict=True)]
    vertical = [-math.cos(angle) * radius for angle, radius in zip(angles, radii, strict=True)]
    return tuple(zip(_spread(horizontal, width, stroke), _spread(vertical, height, stroke), strict=True))


def _spread(values: list[float], length: float, stroke: float) -> list[float]:
    low, high = min(values), max(values)
    available = max(length - stroke, 0.0)
    return [round(stroke / 2 + (value - low) / (high - low) * available, 4) for value in values]


def scale_path(data: str, factor: float) -> str:
    """Multiply every length of SVG path data.

    Raises:
        ValueError: the path data is invalid.
    """
    parts: list[str] = []
    letter, count, at = "", 0, 0
    while at < len(data):
        # Arcs have seven numbers: the third is an angle, the next two are flags, which need no separator.
        argument = count % 7 if letter in {"A", "a"} else 0
        match = (_PATH_FLAG if argument in {3, 4} else _PATH_TOKEN).match(data, at)
        if match is None or (not parts and match["number"]):
            raise ValueError("not SVG path data")
        at = match.end()
        if match["letter"]:
            letter, count = match["letter"], 0
            parts.append(letter)
        elif match["number"]:
            is_length = argument not in {2, 3, 4}
            parts.append(f"{float(match['number']) * factor:.6g}" if is_length else match["number"])
            count += 1
    return " ".join(parts)
