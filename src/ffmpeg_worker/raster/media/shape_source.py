"""Rectangles, ellipses, lines, polygons, stars and paths, drawn as SVG."""

from __future__ import annotations

import math
import re

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.media.object_fit import Size
from ffmpeg_worker.raster.media.svg_source import rasterise
from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, RgbaBitmap
from ffmpeg_worker.scene.curve import Color, Curve, color_at
from ffmpeg_worker.scene.scene import Gradient, ShapeContent

_PATH = re.compile(r"[MmLlHhVvCcSsQqTtAaZz0-9eE+\-., \t\r\n]*\Z")
_MOST_PATH = 200_000
_MOST_POINTS = 10_000


class ShapeSource:
    """A `Source` of a shape; it is drawn again only when one of its colours changes."""

    def __init__(self, content: ShapeContent, size: Size, *, where: str = "") -> None:
        """Check the shape. Raises: RasterError."""
        self._content = content
        self._size = size
        self._where = where
        self._key: tuple[Color | None, Color | None] | None = None
        self._tile: RgbaBitmap | None = None
        if content.path is not None and (len(content.path) > _MOST_PATH or not _PATH.match(content.path)):
            raise self._refused("path data may have the letters of SVG's path commands and numbers only")
        if len(content.points) > _MOST_POINTS:
            raise self._refused(f"a shape may have {_MOST_POINTS} points at most")
        numbers = [*(part for point in content.points for part in point), *content.dash, content.radius]
        if not all(math.isfinite(number) for number in [*numbers, content.stroke_width]):
            raise self._refused("its numbers must be finite")

    @property
    def size(self) -> Size:
        """Width and height."""
        return self._size

    def resize(self, size: Size) -> None:
        """Draw it in another size from now on."""
        if size != self._size:
            self._size, self._tile = size, None

    def picture(self, time_s: float) -> Bitmap | None:
        """The shape at a time of the element. Raises: RasterError."""
        content = self._content
        fill = None if content.fill is None or isinstance(content.fill, Gradient) else _shown(content.fill, time_s)
        stroke = None if content.stroke is None else _shown(content.stroke, time_s)
        if self._tile is None or (fill, stroke) != self._key:
            try:
                self._tile = RgbaBitmap(rasterise(markup_of(content, self._size, fill, stroke)))
            except (ValueError, OSError) as error:
                raise self._refused("its data cannot be drawn") from error
            self._key = (fill, stroke)
        return self._tile

    def close(self) -> None:
        """Free the drawing."""
        self._tile = None

    def _refused(self, why: str) -> RasterError:
        return RasterError(
            f"The shape cannot be drawn: {why}.",
            code="invalid_shape",
            where=self._where,
            hint="Check its `path` or `points`.",
        )


def markup_of(content: ShapeContent, size: Size, fill: Color | None, stroke: Color | None) -> str:
    """The shape as SVG of a size, with its colours as they are now; a gradient is taken from the content."""
    width, height = size
    gradient = content.fill if isinstance(content.fill, Gradient) else None
    stroke_width = content.stroke_width if stroke else 0.0
    looks = [_paint("fill", fill) if gradient is None else 'fill="url(#g)"']
    if content.shape == "line":
        looks = ['fill="none"', _paint("stroke", stroke or fill)]
        if not content.dash:
            looks.append('stroke-linecap="round"')
        stroke_width = content.stroke_width or height
    elif stroke:
        looks.append(_paint("stroke", stroke))
    looks.append(f'stroke-width="{stroke_width:.4f}"')
    if content.dash and sum(content.dash) > 0:
        looks.append(f'stroke-dasharray="{" ".join(f"{max(part, 0.0):.4f}" for part in content.dash)}"')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f"{_definition(gradient, size) if gradient else ''}"
        f"{_figure(content, size, stroke_width, ' '.join(looks))}</svg>"
    )


def _shown(colour: Color | Curve, time_s: float) -> Color:
    # Steps that nobody sees are not drawn anew.
    red, green, blue, alpha = (round(part * 255) / 255 for part in color_at(colour, time_s))
    return red, green, blue, alpha


def _figure(content: ShapeContent, size: Size, stroke: float, looks: str) -> str:
    width, height = size
    # The stroke lies inside the box.
    across, down = max(width - stroke, 0.0), max(height - stroke, 0.0)
    if content.shape == "rect":
        radius = min(max(content.radius - stroke / 2, 0.0), across / 2, down / 2)
        return (
            f'<rect x="{stroke / 2:.4f}" y="{stroke / 2:.4f}" width="{across:.4f}" height="{down:.4f}" '
            f'rx="{radius:.4f}" {looks}/>'
        )
    if content.shape == "ellipse":
        middle = f'cx="{width / 2:.4f}" cy="{height / 2:.4f}"'
        return f'<ellipse {middle} rx="{across / 2:.4f}" ry="{down / 2:.4f}" {looks}/>'
    if content.shape == "path":
        return f'<path d="{content.path or ""}" {looks}/>'
    if content.shape == "line":
        points = content.points or ((stroke / 2, height / 2), (width - stroke / 2, height / 2))
        return f'<polyline points="{_listed(points)}" {looks}/>'
    points = content.points or _star(width, height, stroke)
    return f'<polygon points="{_listed(points)}" stroke-linejoin="round" {looks}/>'


def _star(width: float, height: float, stroke: float) -> tuple[tuple[float, float], ...]:
    """Five points, the first one up, touching the sides of the box."""
    corners = []
    for index in range(10):
        reach = 1.0 if index % 2 == 0 else 0.382
        angle = math.radians(index * 36 - 90)
        corners.append((reach * math.cos(angle), reach * math.sin(angle)))
    left, right = min(x for x, _ in corners), max(x for x, _ in corners)
    top, bottom = min(y for _, y in corners), max(y for _, y in corners)
    return tuple(
        (
            stroke / 2 + (x - left) / (right - left) * max(width - stroke, 0.0),
            stroke / 2 + (y - top) / (bottom - top) * max(height - stroke, 0.0),
        )
        for x, y in corners
    )


def _listed(points: tuple[tuple[float, float], ...]) -> str:
    return " ".join(f"{x:.4f},{y:.4f}" for x, y in points)


def _paint(name: str, colour: Color | None) -> str:
    if colour is None:
        return f'{name}="none"'
    red, green, blue, alpha = colour
    return f'{name}="{_code(red, green, blue)}" {name}-opacity="{alpha:.4f}"'


def _code(*parts: float) -> str:
    return "#" + "".join(f"{round(min(max(part, 0.0), 1.0) * 255):02x}" for part in parts)


def _definition(gradient: Gradient, size: Size) -> str:
    """As CSS lays it: a linear gradient's ends are where its line meets the corners' level lines."""
    width, height = size
    listed = "".join(
        f'<stop offset="{at:.5f}" stop-color="{_code(*colour[:3])}" stop-opacity="{colour[3]:.4f}"/>'
        for at, colour in _stops(gradient)
    )
    if gradient.is_radial:
        # To the farthest corner, in the box's proportions.
        transform = f"translate({width / 2} {height / 2}) scale({width} {height})"
        placed = f'cx="0" cy="0" r="{2**0.5 / 2:.6f}" gradientTransform="{transform}"'
        return f'<radialGradient id="g" gradientUnits="userSpaceOnUse" {placed}>{listed}</radialGradient>'
    angle = math.radians(gradient.angle)
    across, up = math.sin(angle), math.cos(angle)
    half = (abs(width * across) + abs(height * up)) / 2
    ends = (width / 2 - across * half, height / 2 + up * half, width / 2 + across * half, height / 2 - up * half)
    placed = " ".join(f'{name}="{value:.4f}"' for name, value in zip(("x1", "y1", "x2", "y2"), ends, strict=True))
    return f'<linearGradient id="g" gradientUnits="userSpaceOnUse" {placed}>{listed}</linearGradient>'


def _stops(gradient: Gradient) -> list[tuple[float, Color]]:
    """Where which colour is. One that is not seen takes on the colours beside it, as CSS has it."""
    colours = gradient.colours
    count = len(colours)
    places = gradient.stops or tuple(index / max(count - 1, 1) for index in range(count))
    stops: list[tuple[float, Color]] = []
    for index, (place, colour) in enumerate(zip(places, colours, strict=False)):
        at = min(max(place, 0.0), 1.0)
        if colour[3] > 0:
            stops.append((at, colour))
            continue
        neighbours = colours[max(index - 1, 0) : index] + colours[index + 1 : index + 2]
        stops.extend((at, (*beside[:3], 0.0)) for beside in neighbours or (colour,))
    return stops
