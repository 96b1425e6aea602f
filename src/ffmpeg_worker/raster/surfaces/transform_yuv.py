"""Transforms YUV bitmaps into patches of a surface, without a detour through RGB."""

from __future__ import annotations

import functools
from typing import NamedTuple

import cv2

from ffmpeg_worker.raster.surfaces.bitmap import Pixels, YuvBitmap, derive
from ffmpeg_worker.raster.surfaces.patch import YuvPatch, halve
from ffmpeg_worker.raster.surfaces.placement import Placement, quantize_opacity
from ffmpeg_worker.raster.surfaces.warp import Rect, coverage, covered_rect, warp
from ffmpeg_worker.raster.transform import Transform, is_translation


class _AlphaPlane:
    """An opacity plane as a cache key, compared by identity: many frames of a video share one plane."""

    __slots__ = ("pixels",)

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _AlphaPlane) and other.pixels is self.pixels

    def __hash__(self) -> int:
        return id(self.pixels)


class _Weights(NamedTuple):
    """The weights of the bitmap and of the pixels below, each for luma and chroma."""

    own: tuple[Pixels, Pixels]
    backdrop: tuple[Pixels, Pixels]


def transform_yuv(bitmap: YuvBitmap, placement: Placement, surface: Rect) -> YuvPatch | None:
    """Return the placed bitmap, cached with it; `None` if nothing of it is visible."""
    key = (*(round(part, 4) for part in placement.transform), quantize_opacity(placement.opacity), surface)
    return derive(bitmap, "patch", key, lambda: _transform(bitmap, placement, surface))


def _transform(bitmap: YuvBitmap, placement: Placement, surface: Rect) -> YuvPatch | None:
    alpha = None if bitmap.alpha is None else _AlphaPlane(bitmap.alpha)
    transform = placement.transform
    if _keeps_chroma_grid(transform):
        rect = Rect(round(transform[2]), round(transform[5]), *bitmap.size)
        planes = (bitmap.y, bitmap.u, bitmap.v)
        weights = None if alpha is None else _unmoved_weights(alpha)
    else:
        margin = 0 if is_translation(transform) else 1
        covered = covered_rect(transform, bitmap.size, margin).expand_to_even().intersect(surface)
        if covered is None:
            return None
        rect = covered
        planes = _warp_planes(bitmap, transform, rect)
        weights = _warped_weights(alpha, transform, bitmap.size, rect)
    if weights is None:
        patch = YuvPatch(rect, planes, None)
    else:
        (luma, chroma), (y, u, v) = weights.own, planes
        patch = YuvPatch(rect, (_multiply(y, luma), _multiply(u, chroma), _multiply(v, chroma)), weights.backdrop)
    opacity = quantize_opacity(placement.opacity)
    return patch if opacity == 255 else patch.fade(opacity / 255)


def _keeps_chroma_grid(transform: Transform) -> bool:
    """Whether a transform only moves by even numbers of pixels."""
    x, y = transform[2], transform[5]
    rest = abs(x / 2 - round(x / 2)) + abs(y / 2 - round(y / 2))
    return is_translation(transform) and rest < 1e-3


def _warp_planes(bitmap: YuvBitmap, transform: Transform, rect: Rect) -> tuple[Pixels, Pixels, Pixels]:
    a, b, c, d, e, f = transform
    y = warp(bitmap.y, transform, rect, border=cv2.BORDER_REPLICATE)
    u, v = (
        warp(part, (a, b, c / 2, d, e, f / 2), rect.halve(), border=cv2.BORDER_REPLICATE)
        for part in (bitmap.u, bitmap.v)
    )
    return y, u, v


# Few entries: an opacity plane that differs in each frame would only fill the cache.
@functools.lru_cache(maxsize=3)
def _unmoved_weights(alpha: _AlphaPlane) -> _Weights:
    return _weigh(alpha.pixels)


@functools.lru_cache(maxsize=3)
def _warped_weights(
    alpha: _AlphaPlane | None, transform: Transform, size: tuple[int, int], rect: Rect
) -> _Weights | None:
    """Return the weights of a transformed bitmap; `None` if it is opaque and covers the rectangle."""
    covered = coverage(transform, size, rect)
    if alpha is not None:
        own = warp(alpha.pixels, transform, rect, border=cv2.BORDER_REPLICATE)
        covered = own if covered is None else _multiply(own, covered)
    return None if covered is None else _weigh(covered)


def _weigh(opacity: Pixels) -> _Weights:
    halved = halve(opacity)
    backdrop = (cv2.bitwise_not(opacity), cv2.bitwise_not(halved))
    return _Weights((opacity, halved), backdrop)  # type: ignore[arg-type]


def _multiply(plane: Pixels, weight: Pixels) -> Pixels:
    return cv2.multiply(plane, weight, scale=1 / 255)  # type: ignore[return-value]
