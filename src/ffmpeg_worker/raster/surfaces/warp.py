"""Affine warping of pixels into rectangles of a surface."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from ffmpeg_worker.raster.surfaces.bitmap import Floats, Pixels
from ffmpeg_worker.raster.transform import Transform, bounds, compose, invert, scale_by, translate


class Rect(NamedTuple):
    """A rectangle of whole pixels: left, top, width and height."""

    x: int
    y: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """The rows and columns of an array."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)

    def relative_to(self, other: Rect) -> Rect:
        """Return the position within another rectangle."""
        return Rect(self.x - other.x, self.y - other.y, self.width, self.height)

    def halve(self) -> Rect:
        """Return the rectangle of 4:2:0 chroma; all edges are even."""
        return Rect(self.x // 2, self.y // 2, self.width // 2, self.height // 2)

    def intersect(self, other: Rect) -> Rect | None:
        """Return the common part; `None` if there is none."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        width = min(self.x + self.width, other.x + other.width) - x
        height = min(self.y + self.height, other.y + other.height) - y
        return Rect(x, y, width, height) if width > 0 and height > 0 else None

    def expand_to_even(self) -> Rect:
        """Return the smallest rectangle around this one with even edges, as 4:2:0 chroma needs."""
        x, y = self.x & ~1, self.y & ~1
        return Rect(x, y, (self.x + self.width - x + 1) & ~1, (self.y + self.height - y + 1) & ~1)


def covered_rect(transform: Transform, size: tuple[int, int], margin: int) -> Rect:
    """Return the pixels that a transformed bitmap touches; an empty rectangle if it degenerates to a line."""
    if invert(transform) is None:
        return Rect(0, 0, 0, 0)
    left, top, right, bottom = bounds(transform, *size)
    x, y = math.floor(left + 1e-4) - margin, math.floor(top + 1e-4) - margin
    return Rect(x, y, math.ceil(right - 1e-4) + margin - x, math.ceil(bottom - 1e-4) + margin - y)


def warp(pixels: Pixels, transform: Transform, rect: Rect, *, border: int = cv2.BORDER_CONSTANT) -> Pixels:
    """Return the transformed pixels within a rectangle.

    Outside of the bitmap they are 0, or its edge's pixels for `cv2.BORDER_REPLICATE`.
    """
    pixels, (a, b, c, d, e, f) = _shrink(pixels, transform)
    # OpenCV's origin is the center of the first pixel.
    c += (a + b - 1) / 2 - rect.x
    f += (d + e - 1) / 2 - rect.y
    size = (rect.width, rect.height)
    return cv2.warpAffine(  # type: ignore[return-value]
        pixels, np.array([[a, b, c], [d, e, f]]), size, flags=cv2.INTER_LINEAR, borderMode=border
    )


def _shrink(pixels: Pixels, transform: Transform) -> tuple[Pixels, Transform]:
    """Halve pixels until bilinear interpolation of what is left to scale skips none of them."""
    a, b, _, d, e, _ = transform
    across, down = math.hypot(a, d), math.hypot(b, e)
    height, width = pixels.shape[:2]
    factor_x, factor_y = 1, 1
    while across * factor_x < 0.55 and width // factor_x > 2:
        factor_x *= 2
    while down * factor_y < 0.55 and height // factor_y > 2:
        factor_y *= 2
    if factor_x == factor_y == 1:
        return pixels, transform
    size = (math.ceil(width / factor_x), math.ceil(height / factor_y))
    small: Pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return small, compose(scale_by(width / size[0], height / size[1]), transform)


def coverage(transform: Transform, size: tuple[int, int], rect: Rect) -> Pixels | None:
    """Return how much of each pixel of a rectangle a bitmap's box covers (0 to 255); `None` for all of all."""
    inverse = invert(transform)
    if inverse is None:
        return np.zeros((rect.height, rect.width), np.uint8)
    left, top, right, bottom = bounds(compose(translate(rect.x, rect.y), inverse), rect.width, rect.height)
    if min(left, top) > -1e-3 and right < size[0] + 1e-3 and bottom < size[1] + 1e-3:
        return None
    a, b, c, d, e, f = (np.float32(part) for part in inverse)
    x = np.arange(rect.width, dtype=np.float32) + np.float32(rect.x + 0.5)
    y = (np.arange(rect.height, dtype=np.float32) + np.float32(rect.y + 0.5))[:, None]
    # One row and one column suffice while nothing is rotated.
    across = a * x + b * y + c if b else a * x + c
    down = d * x + e * y + f if d else e * y + f
    share = np.float32(255) * _inside(across, size[0], math.hypot(a, b)) * _inside(down, size[1], math.hypot(d, e))
    covered: Pixels = np.rint(share).astype(np.uint8)
    return covered


def _inside(position: Floats, length: float, step: float) -> Floats:
    """Return a ramp from 0 to 1 over one surface pixel, `step` bitmap pixels wide, at both ends of a length."""
    inside: Floats = np.minimum(position, length - position) / np.float32(step) + np.float32(0.5)
    return inside.clip(0, 1)
