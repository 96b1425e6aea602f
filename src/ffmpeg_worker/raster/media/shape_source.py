"""A source that shows a shape: rectangle, ellipse, line, polygon, star or path, drawn as SVG."""

from __future__ import annotations

import math
import re

import cv2
import numpy as np

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.media.gradient import draw_gradient, draw_gradient_yuv
from ffmpeg_worker.raster.media.object_fit import Size
from ffmpeg_worker.raster.media.svg_source import rasterize
from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, RgbaBitmap, apply_mask
from ffmpeg_worker.scene.content import Gradient, ShapeContent
from ffmpeg_worker.scene.curve import Color, Curve, color_at

_PATH = re.compile(r"[MmLlHhVvCcSsQqTtAaZz0-9eE+\-., \t\r\n]*\Z")
_MAX_PATH_LENGTH = 200_000
_MAX_POINTS = 10_000
_WHITE, _TRANSPARENT = (1.0, 1.0, 1.0, 1.0), (0.0, 0.0, 0.0, 0.0)


class ShapeSource:
    """A `Source` of a shape; it is drawn again only when one of its colors or its size changes."""

    def __init__(self, content: ShapeContent, size: Size, *, as_yuv: bool = False) -> None:
        """Check the shape; `as_yuv` draws gradients of even size as `YuvBitmap`s. Raises: RasterError."""
        self._content = content
        self.size = size
        self._as_yuv = as_yuv
        self._key: tuple[Color | None, Color | None] | None = None
        self._bitmap: Bitmap | None = None
        if content.path is not None and (len(content.path) > _MAX_PATH_LENGTH or not _PATH.match(content.path)):
            raise _invalid_shape("path data may contain only SVG path commands and numbers")
        if len(content.points) > _MAX_POINTS:
            raise _invalid_shape(f"a shape may have at most {_MAX_POINTS} points")
        numbers = [*(part for point in content.points for part in point), *content.dash, content.radius]
        if not all(math.isfinite(number) for number in [*numbers, content.stroke_width]):
            raise _invalid_shape("its numbers must be finite")

    def resize(self, size: Size) -> None:
        """Change the size at which the shape is drawn."""
        if size != self.size:
            self.size, self._bitmap = size, None
            # Other sizes may be odd; then the edges of each size would be drawn in another way.
            self._as_yuv = False

    def render(self, time_s: float) -> Bitmap | None:
        """Return the shape at a time of the element. Raises: RasterError."""
        content = self._content
        fill = None if isinstance(content.fill, Gradient) else _visible_color(content.fill, time_s)
        stroke = _visible_color(content.stroke, time_s)
        if self._bitmap is None or (fill, stroke) != self._key:
            try:
                if isinstance(content.fill, Gradient):
                    self._bitmap = self._draw_gradient(content.fill, stroke)
                else:
                    self._bitmap = RgbaBitmap(rasterize(shape_markup(content, self.size, fill, stroke)))
            except (ValueError, OSError) as error:
                raise _invalid_shape("its data cannot be drawn") from error
            self._key = (fill, stroke)
        return self._bitmap

    def close(self) -> None:
        """Release the bitmap."""
        self._bitmap = None

    def _draw_gradient(self, gradient: Gradient, stroke: Color | None) -> Bitmap:
        content, size = self._content, self.size
        is_box = content.shape == "rect" and not content.radius and not stroke
        coverage = None
        if not is_box:
            area = shape_markup(content, size, _WHITE, _TRANSPARENT if stroke else None)
            coverage = np.ascontiguousarray(rasterize(area)[..., 3])
        if self._as_yuv and not stroke and size[0] % 2 == size[1] % 2 == 0:
            bitmap: Bitmap = draw_gradient_yuv(gradient, size)
        else:
            bitmap = RgbaBitmap(draw_gradient(gradient, size))
        if coverage is not None:
            bitmap = apply_mask(bitmap, coverage)
        if stroke and isinstance(bitmap, RgbaBitmap):
            above = rasterize(shape_markup(content, size, None, stroke))
            free = cv2.bitwise_not(cv2.merge([above[..., 3]] * 4))
            bitmap = RgbaBitmap(cv2.add(above, cv2.multiply(bitmap.rgba, free, scale=1 / 255)))  # type: ignore[arg-type]
        return bitmap


def _invalid_shape(problem: str) -> RasterError:
    message = f"The shape cannot be drawn: {problem}."
    return RasterError(message, code="invalid_shape", hint="Check its `path` or `points`.")


def shape_markup(content: ShapeContent, size: Size, fill: Color | None, stroke: Color | None) -> str:
    """Return the shape as SVG in the given colors."""
    width, height = size
    stroke_width = content.stroke_width if stroke else 0.0
    attributes = [_paint_attributes("fill", fill)]
    if content.shape == "line":
        attributes = ['fill="none"', _paint_attributes("stroke", stroke or fill)]
        if not content.dash:
            attributes.append('stroke-linecap="round"')
        stroke_width = content.stroke_width or height
    elif stroke:
        attributes.append(_paint_attributes("stroke", stroke))
    attributes.append(f'stroke-width="{stroke_width:.4f}"')
    if content.dash and sum(content.dash) > 0:
        attributes.append(f'stroke-dasharray="{" ".join(f"{max(part, 0.0):.4f}" for part in content.dash)}"')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f"{_shape_element(content, size, stroke_width, ' '.join(attributes))}</svg>"
    )


def _visible_color(color: Color | Curve | None, time_s: float) -> Color | None:
    """Return a color at a time, rounded to 8 bits, as smaller changes would only cause redrawing."""
    if color is None:
        return None
    red, green, blue, alpha = (round(part * 255) / 255 for part in color_at(color, time_s))
    return red, green, blue, alpha


def _shape_element(content: ShapeContent, size: Size, stroke: float, attributes: str) -> str:
    width, height = size
    # The stroke lies inside the box.
    across, down = max(width - stroke, 0.0), max(height - stroke, 0.0)
    if content.shape == "rect":
        radius = min(max(content.radius - stroke / 2, 0.0), across / 2, down / 2)
        return (
            f'<rect x="{stroke / 2:.4f}" y="{stroke / 2:.4f}" width="{across:.4f}" height="{down:.4f}" '
            f'rx="{radius:.4f}" {attributes}/>'
        )
    if content.shape == "ellipse":
        middle = f'cx="{width / 2:.4f}" cy="{height / 2:.4f}"'
        return f'<ellipse {middle} rx="{across / 2:.4f}" ry="{down / 2:.4f}" {attributes}/>'
    if content.shape == "path":
        return f'<path d="{content.path or ""}" {attributes}/>'
    if content.shape == "line":
        points = content.points or ((stroke / 2, height / 2), (width - stroke / 2, height / 2))
        return f'<polyline points="{_join_points(points)}" {attributes}/>'
    points = content.points or _star(width, height, stroke)
    return f'<polygon points="{_join_points(points)}" stroke-linejoin="round" {attributes}/>'


def _star(width: float, height: float, stroke: float) -> tuple[tuple[float, float], ...]:
    """Return the corners of a five-pointed star that points up and touches the sides of the box."""
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


def _join_points(points: tuple[tuple[float, float], ...]) -> str:
    return " ".join(f"{x:.4f},{y:.4f}" for x, y in points)


def _paint_attributes(name: str, color: Color | None) -> str:
    if color is None:
        return f'{name}="none"'
    red, green, blue, alpha = color
    return f'{name}="{_hex_color(red, green, blue)}" {name}-opacity="{alpha:.4f}"'


def _hex_color(*parts: float) -> str:
    return "#" + "".join(f"{round(min(max(part, 0.0), 1.0) * 255):02x}" for part in parts)
