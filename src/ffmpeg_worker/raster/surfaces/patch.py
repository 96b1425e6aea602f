"""Patches: whole pixels of a surface, premultiplied and ready to be composited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeGuard, cast

import cv2
import numpy as np

from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Pixels, YuvBitmap
from ffmpeg_worker.raster.surfaces.placement import Placement, quantize_opacity
from ffmpeg_worker.raster.surfaces.warp import Rect
from ffmpeg_worker.raster.transform import IDENTITY


@dataclass(frozen=True, slots=True)
class Patch:
    """Premultiplied pixels of four channels, the last one the opacity: RGBA or YUVA."""

    rect: Rect
    pixels: Pixels


@dataclass(frozen=True, slots=True)
class YuvPatch:
    """Premultiplied 4:2:0 planes on a rectangle with even edges.

    `backdrop` is the weight (0 to 255) of the pixels below, for luma and chroma; `None` for an opaque patch.
    """

    rect: Rect
    planes: tuple[Pixels, Pixels, Pixels]
    backdrop: tuple[Pixels, Pixels] | None

    def crop(self, rect: Rect) -> YuvPatch | None:
        """Return the part within a rectangle with even edges; `None` if there is none."""
        common = self.rect.intersect(rect)
        if common is None or common == self.rect:
            return self if common else None
        part = common.relative_to(self.rect)
        luma, chroma = part.slices, part.halve().slices
        planes = (self.planes[0][luma], self.planes[1][chroma], self.planes[2][chroma])
        backdrop = (self.backdrop[0][luma], self.backdrop[1][chroma]) if self.backdrop else None
        return YuvPatch(common, planes, backdrop)

    def fade(self, opacity: float) -> YuvPatch:
        """Multiply the opacity of every pixel."""
        y, u, v = (cast(Pixels, cv2.convertScaleAbs(plane, alpha=opacity)) for plane in self.planes)
        if self.backdrop is None:
            left = round(255 * (1 - opacity))
            return YuvPatch(self.rect, (y, u, v), (np.full_like(y, left), np.full_like(u, left)))
        luma, chroma = (
            cv2.convertScaleAbs(weight, alpha=opacity, beta=255 * (1 - opacity)) for weight in self.backdrop
        )
        return YuvPatch(self.rect, (y, u, v), (luma, chroma))  # type: ignore[arg-type]


def replaces_surface(bitmap: Bitmap, placement: Placement, size: tuple[int, int]) -> TypeGuard[YuvBitmap]:
    """Whether drawing an opaque bitmap replaces every pixel of a surface of this size with its own."""
    if not isinstance(bitmap, YuvBitmap) or bitmap.alpha is not None or placement.blend_mode != "normal":
        return False
    difference = max(abs(a - b) for a, b in zip(placement.transform, IDENTITY, strict=True))
    return difference < 1e-3 and quantize_opacity(placement.opacity) == 255 and bitmap.size == size


def halve(plane: Pixels) -> Pixels:
    """Return a plane at half the size: the mean of every four pixels."""
    size = (plane.shape[1] // 2, plane.shape[0] // 2)
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def mix(below: Pixels, above: Pixels, share: float | Pixels, onto: Pixels) -> None:
    """Write a weighted mean to `onto`; `share` is the weight of `above`: 0 to 1, or 0 to 255 for each value."""
    if isinstance(share, float):
        cv2.addWeighted(below, 1 - share, above, share, 0, dst=onto)
        return
    left = cv2.multiply(below, cv2.bitwise_not(share), scale=1 / 255)
    cv2.multiply(above, share, dst=onto, scale=1 / 255)
    cv2.add(onto, left, dst=onto)
