"""Pieces of a surface, ready to be put onto it: whole pixels, multiplied with their opacity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeGuard

import cv2
import numpy as np

from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Pixels, YuvBitmap
from ffmpeg_worker.raster.surfaces.warp import Rect
from ffmpeg_worker.raster.transform import IDENTITY, Place


@dataclass(frozen=True, slots=True)
class Patch:
    """Four channels, the last one the opacity."""

    rect: Rect
    pixels: Pixels


@dataclass(frozen=True, slots=True)
class YuvPatch:
    """A YuvBitmap on an even rectangle; `keep` (0 to 255) scales the pixels below, `None` replaces them."""

    rect: Rect
    planes: tuple[Pixels, Pixels, Pixels]
    keep: tuple[Pixels, Pixels] | None

    def within(self, rect: Rect) -> YuvPatch | None:
        """The part in an even rectangle."""
        common = self.rect.within(rect)
        if common is None or common == self.rect:
            return self if common else None
        x, y = common.x - self.rect.x, common.y - self.rect.y
        luma = np.s_[y : y + common.height, x : x + common.width]
        chroma = np.s_[y // 2 : (y + common.height) // 2, x // 2 : (x + common.width) // 2]
        planes = (self.planes[0][luma], self.planes[1][chroma], self.planes[2][chroma])
        return YuvPatch(common, planes, (self.keep[0][luma], self.keep[1][chroma]) if self.keep else None)

    def faded(self, opacity: float) -> YuvPatch:
        """Let through more of what is below."""
        y, u, v = (_times(plane, opacity) for plane in self.planes)
        if self.keep is None:
            left = round(255 * (1 - opacity))
            return YuvPatch(self.rect, (y, u, v), (np.full_like(y, left), np.full_like(u, left)))
        luma, chroma = (cv2.convertScaleAbs(keep, alpha=opacity, beta=255 * (1 - opacity)) for keep in self.keep)
        return YuvPatch(self.rect, (y, u, v), (luma, chroma))  # type: ignore[arg-type]


def _times(plane: Pixels, factor: float) -> Pixels:
    return cv2.convertScaleAbs(plane, alpha=factor)  # type: ignore[return-value]


def hides(picture: Bitmap, place: Place, size: tuple[int, int]) -> TypeGuard[YuvBitmap]:
    """Whether the picture, so placed, becomes the whole of a surface of that size as it is."""
    if not isinstance(picture, YuvBitmap) or picture.alpha is not None or place.blend != "normal":
        return False
    off = max(abs(a - b) for a, b in zip(place.matrix, IDENTITY, strict=True))
    return off < 1e-3 and eighth_bit(place.opacity) == 255 and picture.size == size


def eighth_bit(opacity: float) -> int:
    """An opacity as what is told apart: 0 to 255."""
    return round(min(max(opacity, 0.0), 1.0) * 255)


def half(plane: Pixels) -> Pixels:
    """Each four pixels' mean."""
    size = (plane.shape[1] // 2, plane.shape[0] // 2)
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def mix(below: Pixels, above: Pixels, share: float | Pixels, onto: Pixels) -> None:
    """Write `above` as far as its share goes (0 to 1, or 0 to 255 for each value), and `below` for the rest."""
    if isinstance(share, float):
        cv2.addWeighted(below, 1 - share, above, share, 0, dst=onto)
        return
    left = cv2.multiply(below, cv2.bitwise_not(share), scale=1 / 255)
    cv2.multiply(above, share, dst=onto, scale=1 / 255)
    cv2.add(onto, left, dst=onto)
