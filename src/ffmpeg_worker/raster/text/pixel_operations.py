"""Operations on premultiplied RGBA pixels and on coverage (how much of each pixel is covered, 0 to 255)."""

from __future__ import annotations

import math
from typing import cast

import cv2
import numpy as np

from ffmpeg_worker.raster.surfaces.bitmap import Floats, Pixels
from ffmpeg_worker.scene.curve import Color

_MIN_REDUCED_SIGMA = 8.0


def add(above: Pixels, below: Pixels) -> Pixels:
    """Add pixels that cover different parts of each pixel."""
    return cast(Pixels, cv2.add(above, below))


def maximum(one: Pixels, other: Pixels) -> Pixels:
    """Return the larger value of each pixel."""
    return cast(Pixels, cv2.max(one, other))


def colorize(coverage: Pixels, color: Color) -> Pixels:
    """Return premultiplied RGBA of one color with this coverage: (height, width, 4)."""
    red, green, blue, alpha = color
    steps = np.arange(256, dtype=np.float64)[:, None] * np.array([red * alpha, green * alpha, blue * alpha, alpha])
    table = np.ascontiguousarray((steps + 0.5).astype(np.uint8)).view(np.uint32)[:, 0]
    return np.take(table, coverage).view(np.uint8).reshape(*coverage.shape, 4)


def composite(above: Pixels, below: Pixels | None) -> Pixels:
    """Composite premultiplied RGBA over other pixels of the same size."""
    if below is None:
        return above
    through = cv2.bitwise_not(np.ascontiguousarray(above[..., 3]))
    return cast(Pixels, cv2.add(above, cv2.multiply(below, cv2.merge([through] * 4), scale=1 / 255)))


def fade(pixels: Pixels, opacity: float) -> Pixels:
    """Multiply premultiplied pixels or coverage by an opacity (0 to 1)."""
    return pixels if opacity >= 1 else cast(Pixels, cv2.convertScaleAbs(pixels, alpha=max(opacity, 0.0)))


def blur_coverage(coverage: Pixels, sigma: float) -> Pixels:
    """Apply a Gaussian blur with this standard deviation in pixels; the plane is empty beyond its edges."""
    if sigma <= 0:
        return coverage
    height, width = coverage.shape
    # A wide blur looks the same when it is computed on fewer pixels, and costs no more than a narrow one.
    factor = max(int(sigma / _MIN_REDUCED_SIGMA), 1)
    if factor == 1:
        return cast(Pixels, cv2.GaussianBlur(coverage, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT))
    size = (math.ceil(width / factor), math.ceil(height / factor))
    padded = np.zeros((size[1] * factor, size[0] * factor), np.uint8)
    padded[:height, :width] = coverage
    small = cv2.resize(padded, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / factor, borderType=cv2.BORDER_CONSTANT)
    large = cv2.resize(small, (size[0] * factor, size[1] * factor), interpolation=cv2.INTER_LINEAR)
    return cast(Pixels, np.ascontiguousarray(large[:height, :width]))


def draw_rounded_box(width: int, height: int, box: tuple[float, float, float, float], radius: float) -> Pixels:
    """Return the coverage of a box (left, top, right, bottom) with rounded corners."""
    left, top, right, bottom = box
    across = _cover_interval(width, left, right)
    down = _cover_interval(height, top, bottom)
    coverage = np.outer(down, across)
    radius = min(radius, (right - left) / 2, (bottom - top) / 2)
    if radius <= 0:
        return (coverage * 255 + 0.5).astype(np.uint8)
    x = np.arange(width, dtype=np.float32) + 0.5
    y = np.arange(height, dtype=np.float32) + 0.5
    outward_x = np.maximum(np.maximum(left + radius - x, x - (right - radius)), 0)
    outward_y = np.maximum(np.maximum(top + radius - y, y - (bottom - radius)), 0)
    columns, rows = np.flatnonzero(outward_x), np.flatnonzero(outward_y)
    corners = np.ix_(rows, columns)
    distance = np.hypot(outward_x[columns][None], outward_y[rows][:, None])
    coverage[corners] = np.clip(radius + 0.5 - distance, 0, 1) * (coverage[corners] > 0)
    return (coverage * 255 + 0.5).astype(np.uint8)


def _cover_interval(count: int, begin: float, end: float) -> Floats:
    """Return how much of each of `count` pixels in a row lies between two positions."""
    edges = np.arange(count, dtype=np.float32)
    return cast(Floats, np.clip(np.minimum(edges + 1, end) - np.maximum(edges, begin), 0, 1))
