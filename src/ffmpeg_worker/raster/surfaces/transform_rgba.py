"""Transforms RGBA bitmaps into patches of a surface; results are cached with the bitmap."""

from __future__ import annotations

import math
from typing import Literal

import cv2
import numpy as np

from ffmpeg_worker.raster.surfaces.bitmap import Pixels, RgbaBitmap, derive
from ffmpeg_worker.raster.surfaces.bt709 import rgba_to_yuva
from ffmpeg_worker.raster.surfaces.patch import Patch, YuvPatch, halve
from ffmpeg_worker.raster.surfaces.placement import Placement, quantize_opacity
from ffmpeg_worker.raster.surfaces.warp import Rect, covered_rect, warp
from ffmpeg_worker.raster.transform import Transform, compose, is_translation, translate

Coding = Literal["rgba", "yuva"]
_Split = tuple[tuple[Pixels, Pixels, Pixels], tuple[Pixels, Pixels] | None]


def transform_rgba(bitmap: RgbaBitmap, coding: Coding, transform: Transform, surface: Rect) -> Patch | None:
    """Return the transformed bitmap; `None` if nothing of it is visible.

    Moves by whole pixels reuse the cached pixels, as fractions of pixels are rounded to 64ths.
    """
    pixels, inner = _encode(bitmap, coding)
    if not inner.width:
        return None
    if not is_translation(transform):
        return _warp(bitmap, coding, transform, surface)
    x, y = math.floor(transform[2] + 1 / 128), math.floor(transform[5] + 1 / 128)
    part_x, part_y = (round((value - whole) * 64) / 64 for value, whole in ((transform[2], x), (transform[5], y)))
    if part_x <= 0 and part_y <= 0:
        return Patch(Rect(x + inner.x, y + inner.y, inner.width, inner.height), pixels)
    size = Rect(0, 0, inner.width + (part_x > 0), inner.height + (part_y > 0))
    moved = derive(
        bitmap, f"{coding} moved", (part_x, part_y), lambda: warp(pixels, translate(part_x, part_y), size)
    )
    return Patch(Rect(x + inner.x, y + inner.y, size.width, size.height), moved)


def _warp(bitmap: RgbaBitmap, coding: Coding, transform: Transform, surface: Rect) -> Patch | None:
    pixels, inner = _encode(bitmap, coding)
    transform = compose(translate(inner.x, inner.y), transform)
    rect = covered_rect(transform, (inner.width, inner.height), 1).intersect(surface)
    if rect is None:
        return None
    key = (*(round(part, 4) for part in transform), surface)
    return Patch(rect, derive(bitmap, f"{coding} warped", key, lambda: warp(pixels, transform, rect)))


def _encode(bitmap: RgbaBitmap, coding: Coding) -> tuple[Pixels, Rect]:
    """Return the visible part of a bitmap in a coding, and its rectangle within the bitmap."""

    def compute() -> tuple[Pixels, Rect]:
        rect = Rect(*cv2.boundingRect(np.ascontiguousarray(bitmap.rgba[:, :, 3])))
        visible = bitmap.rgba[rect.slices]
        return (visible if coding == "rgba" or not rect.width else rgba_to_yuva(visible)), rect

    return derive(bitmap, coding, None, compute)


def transform_rgba_to_yuv(bitmap: RgbaBitmap, placement: Placement, surface: Rect) -> YuvPatch | None:
    """Return the placed bitmap as 4:2:0 planes; `None` if nothing of it is visible."""
    patch = transform_rgba(bitmap, "yuva", placement.transform, surface)
    if patch is None:
        return None
    rect = patch.rect
    odd = (rect.x & 1, rect.y & 1)
    # The id identifies the pixels for as long as the cached value holds them.
    key = (id(patch.pixels), odd)
    _, split = derive(bitmap, "planes", key, lambda: (patch.pixels, _split_planes(patch.pixels, odd)))
    planes, backdrop = split
    even = YuvPatch(rect.expand_to_even(), planes, backdrop)
    alpha = quantize_opacity(placement.opacity)
    if alpha == 255:
        return even
    faded = derive(bitmap, "faded", (*key, alpha), lambda: (patch.pixels, even.fade(alpha / 255)))[1]
    return YuvPatch(even.rect, faded.planes, faded.backdrop)


def _split_planes(yuva: Pixels, odd: tuple[int, int]) -> _Split:
    """Split YUVA into 4:2:0 planes and backdrop weights; `odd` is 1 where the first column or row is odd."""
    height, width = yuva.shape[:2]
    left, top = odd
    right, bottom = (left + width) & 1, (top + height) & 1
    if left or top or right or bottom:
        yuva = cv2.copyMakeBorder(yuva, top, bottom, left, right, cv2.BORDER_CONSTANT)  # type: ignore[assignment]
    y, u, v, alpha = cv2.split(yuva)
    u, v, chroma_alpha = (halve(plane) for plane in (u, v, alpha))  # type: ignore[arg-type]
    if int(alpha.min()) == 255:
        return (y, u, v), None  # type: ignore[return-value]
    return (y, u, v), (cv2.bitwise_not(alpha), cv2.bitwise_not(chroma_alpha))  # type: ignore[return-value]
