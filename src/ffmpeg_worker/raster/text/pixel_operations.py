"""Arithmetic on premultiplied pixels."""

from __future__ import annotations

import math
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from ffmpeg_worker.raster.surfaces.bitmap import Pixels
from ffmpeg_worker.scene.curve import Color

_ENOUGH_DEVIATION = 8.0
Floats = npt.NDArray[np.float32]


def plus(above: Pixels, below: Pixels) -> Pixels:
    """The sum, of pictures that share pixels out among them."""
    return cast(Pixels, cv2.add(above, below))


def most(one: Pixels, other: Pixels) -> Pixels:
    """The larger of each pixel."""
    return cast(Pixels, cv2.max(one, other))


def tinted(coverage: Pixels, colour: Color) -> Pixels:
    """A colour, premultiplied, as far as it covers: (height, width, 4)."""
    red, green, blue, alpha = colour
    steps = np.arange(256, dtype=np.float64)[:, None] * np.array([red * alpha, green * alpha, blue * alpha, alpha])
    table = np.ascontiguousarray((steps + 0.5).astype(np.uint8)).view(np.uint32)[:, 0]
    return np.take(table, coverage).view(np.uint8).reshape(*coverage.shape, 4)


def over(above: Pixels, below: Pixels | None) -> Pixels:
    """One premultiplied picture over another of its size."""
    if below is None:
        return above
    through = cv2.bitwise_not(np.ascontiguousarray(above[..., 3]))
    return cast(Pixels, cv2.add(above, cv2.multiply(below, cv2.merge([through] * 4), scale=1 / 255)))


def faded(pixels: Pixels, opacity: float) -> Pixels:
    """Premultiplied pixels or coverage, made fainter."""
    return pixels if opacity >= 1 else cast(Pixels, cv2.convertScaleAbs(pixels, alpha=max(opacity, 0.0)))


def blurred(coverage: Pixels, deviation: float) -> Pixels:
    """Coverage, blurred by a Gaussian of a standard deviation in pixels; nothing lies beyond its edges."""
    if deviation <= 0:
        return coverage
    height, width = coverage.shape
    # So wide a blur looks the same when it is made on fewer pixels, and its cost does not grow with it.
    share = max(int(deviation / _ENOUGH_DEVIATION), 1)
    if share == 1:
        return cast(Pixels, cv2.GaussianBlur(coverage, (0, 0), deviation, borderType=cv2.BORDER_CONSTANT))
    size = (math.ceil(width / share), math.ceil(height / share))
    padded = np.zeros((size[1] * share, size[0] * share), np.uint8)
    padded[:height, :width] = coverage
    small = cv2.resize(padded, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), deviation / share, borderType=cv2.BORDER_CONSTANT)
    large = cv2.resize(small, (size[0] * share, size[1] * share), interpolation=cv2.INTER_LINEAR)
    return cast(Pixels, np.ascontiguousarray(large[:height, :width]))


def rounded_box(width: int, height: int, box: tuple[float, float, float, float], radius: float) -> Pixels:
    """The coverage of a box (left, top, right, bottom) with round corners."""
    left, top, right, bottom = box
    across = _covered(width, left, right)
    down = _covered(height, top, bottom)
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


def _covered(count: int, begin: float, end: float) -> Floats:
    """How much of each of `count` pixels lies between two points."""
    places = np.arange(count, dtype=np.float32)
    return cast(Floats, np.clip(np.minimum(places + 1, end) - np.maximum(places, begin), 0, 1))
