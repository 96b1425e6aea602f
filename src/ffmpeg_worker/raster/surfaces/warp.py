"""Pixels moved, scaled and turned into the smallest rectangle that holds them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from ffmpeg_worker.raster.surfaces.bitmap import Pixels
from ffmpeg_worker.raster.transform import Matrix, at, bounds, inverse, scaled, then

Floats = npt.NDArray[np.float32]
_T = TypeVar("_T")
_KEPT = 3


class Rect(NamedTuple):
    """Pixels of a surface: the left and top one, and how many."""

    x: int
    y: int
    width: int
    height: int

    def within(self, other: Rect) -> Rect | None:
        """What both have; `None` for nothing."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        width = min(self.x + self.width, other.x + other.width) - x
        height = min(self.y + self.height, other.y + other.height) - y
        return Rect(x, y, width, height) if width > 0 and height > 0 else None

    def evened(self) -> Rect:
        """Grown to even pixels."""
        x, y = self.x & ~1, self.y & ~1
        return Rect(x, y, (self.x + self.width - x + 1) & ~1, (self.y + self.height - y + 1) & ~1)


def recall(forms: dict[Any, Any], kind: str, key: Any, make: Callable[[], _T]) -> _T:
    """What was made for that key, or is made now; the last few of a kind are kept."""
    kept: dict[Any, _T] = forms.setdefault(kind, {})
    if key not in kept:
        if len(kept) >= _KEPT:
            del kept[next(iter(kept))]
        kept[key] = make()
    return kept[key]


def reach(matrix: Matrix, size: tuple[int, int], margin: int) -> Rect:
    """The pixels that a picture touches; none if it is nothing but a line."""
    if inverse(matrix) is None:
        return Rect(0, 0, 0, 0)
    left, top, right, bottom = bounds(matrix, *size)
    x, y = math.floor(left + 1e-4) - margin, math.floor(top + 1e-4) - margin
    return Rect(x, y, math.ceil(right - 1e-4) + margin - x, math.ceil(bottom - 1e-4) + margin - y)


def shrunk(pixels: Pixels, matrix: Matrix) -> tuple[Pixels, Matrix]:
    """Halved until the rest of the way can be interpolated without leaving pixels out."""
    a, b, _, d, e, _ = matrix
    across, down = math.hypot(a, d), math.hypot(b, e)
    height, width = pixels.shape[:2]
    less_x, less_y = 1, 1
    while across * less_x < 0.55 and width // less_x > 2:
        less_x *= 2
    while down * less_y < 0.55 and height // less_y > 2:
        less_y *= 2
    if less_x == less_y == 1:
        return pixels, matrix
    size = (math.ceil(width / less_x), math.ceil(height / less_y))
    small: Pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return small, then(scaled(width / size[0], height / size[1]), matrix)


def warped(pixels: Pixels, matrix: Matrix, rect: Rect, *, border: int = cv2.BORDER_CONSTANT) -> Pixels:
    """The pixels of a rectangle; outside of the picture nothing, or its edge's pixels (`cv2.BORDER_REPLICATE`)."""
    pixels, (a, b, c, d, e, f) = shrunk(pixels, matrix)
    # OpenCV counts from the middle of the first pixel.
    c += (a + b - 1) / 2 - rect.x
    f += (d + e - 1) / 2 - rect.y
    size = (rect.width, rect.height)
    return cv2.warpAffine(  # type: ignore[return-value]
        pixels, np.array([[a, b, c], [d, e, f]]), size, flags=cv2.INTER_LINEAR, borderMode=border
    )


def coverage(matrix: Matrix, size: tuple[int, int], rect: Rect) -> Pixels | None:
    """How much of each pixel of a rectangle a picture's box covers; `None`: all of all."""
    back = inverse(matrix)
    if back is None:
        return np.zeros((rect.height, rect.width), np.uint8)
    left, top, right, bottom = bounds(then(at(rect.x, rect.y), back), rect.width, rect.height)
    if min(left, top) > -1e-3 and right < size[0] + 1e-3 and bottom < size[1] + 1e-3:
        return None
    a, b, c, d, e, f = (np.float32(part) for part in back)
    x = np.arange(rect.width, dtype=np.float32) + np.float32(rect.x + 0.5)
    y = (np.arange(rect.height, dtype=np.float32) + np.float32(rect.y + 0.5))[:, None]
    # A row and a column while nothing is turned.
    across = a * x + b * y + c if b else a * x + c
    down = d * x + e * y + f if d else e * y + f
    share = np.float32(255) * _inside(across, size[0], math.hypot(a, b)) * _inside(down, size[1], math.hypot(d, e))
    covered: Pixels = np.rint(share).astype(np.uint8)
    return covered


def _inside(place: Floats, length: float, step: float) -> Floats:
    """From 0 to 1 over one pixel of the surface at each end, which is `step` of the picture."""
    inside: Floats = np.minimum(place, length - place) / np.float32(step) + np.float32(0.5)
    return inside.clip(0, 1)
