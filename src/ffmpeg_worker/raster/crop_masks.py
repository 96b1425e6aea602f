"""Masks of a circle or a rectangle in the middle, with smooth edges, for the transitions that crop."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from ffmpeg_worker.raster.surfaces.bitmap import Floats, Pixels
from ffmpeg_worker.raster.surfaces.rgba_surface import RgbaSurface
from ffmpeg_worker.raster.surfaces.yuv_surface import YuvSurface


def draw_crop_mask(name: str, size: tuple[int, int], presence: float) -> Pixels:
    """Return the mask (0 to 255) within which a picture is visible: nothing at a presence of 0, all of it at 1."""
    width, height = size
    x = np.abs(np.arange(width, dtype=np.float32) + np.float32(0.5 - width / 2))
    y = np.abs(np.arange(height, dtype=np.float32) + np.float32(0.5 - height / 2))[:, None]
    covered: Pixels = np.rint(_COVERAGES[name](x, y, size, presence) * 255).astype(np.uint8)
    return covered


def crop_surfaces(
    onto: YuvSurface | RgbaSurface, before: YuvSurface | RgbaSurface, name: str, progress: float
) -> None:
    """Let `before` shrink to nothing, and then the pixels of `onto` grow; both are of one kind.

    Around them is black, or transparency on RGBA surfaces. `before` may be overwritten.
    """
    mask = draw_crop_mask(name, (onto.width, onto.height), abs(1 - 2 * progress))
    opacity = 0.0 if isinstance(onto, RgbaSurface) else 1.0
    (onto if progress < 0.5 else before).fill((0.0, 0.0, 0.0, opacity))
    onto.mix(before, ~mask if progress < 0.5 else mask)  # type: ignore[arg-type]  # they are of one kind


def _circle(x: Floats, y: Floats, size: tuple[int, int], presence: float) -> Floats:
    # Half a pixel more, so that the corners are covered at the end.
    radius = presence * (math.hypot(*size) / 2 + 0.5)
    inside: Floats = (np.float32(radius + 0.5) - np.sqrt(x**2 + y**2)).clip(0, 1) * np.float32(min(radius, 1))
    return inside


def _rectangle(x: Floats, y: Floats, size: tuple[int, int], presence: float) -> Floats:
    across, down = (np.float32(presence * side / 2 + 0.5) for side in size)
    inside: Floats = (across - x).clip(0, 1) * (down - y).clip(0, 1)
    return inside


_COVERAGES: Mapping[str, Callable[[Floats, Floats, tuple[int, int], float], Floats]] = {
    "circle-crop": _circle,
    "rect-crop": _rectangle,
}
CROPPING = frozenset(_COVERAGES)
"""The transitions that crop."""
