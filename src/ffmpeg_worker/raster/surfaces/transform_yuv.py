"""YuvBitmap as pieces of a surface, without a way through red, green and blue."""

from __future__ import annotations

import functools
from typing import NamedTuple

import cv2

from ffmpeg_worker.raster.surfaces.bitmap import Pixels, YuvBitmap
from ffmpeg_worker.raster.surfaces.patch import YuvPatch, eighth_bit, half
from ffmpeg_worker.raster.surfaces.warp import Rect, coverage, reach, recall, warped
from ffmpeg_worker.raster.transform import Matrix, Place


class _Mask:
    """An opacity that is told apart by which array it is: many frames of a video share one."""

    __slots__ = ("pixels",)

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Mask) and other.pixels is self.pixels

    def __hash__(self) -> int:
        return id(self.pixels)


class _Shares(NamedTuple):
    """How much of each pixel is the picture's, and how much is left of what is below; for luma and chroma."""

    own: tuple[Pixels, Pixels]
    keep: tuple[Pixels, Pixels]


def planes_patch(picture: YuvBitmap, place: Place, surface: Rect) -> YuvPatch | None:
    """What planes look like there, `None` for nothing; remembered while they stay."""
    key = (*(round(part, 4) for part in place.matrix), eighth_bit(place.opacity), surface)
    return recall(picture.forms, "patch", key, lambda: _patch(picture, place, surface))


def _patch(picture: YuvBitmap, place: Place, surface: Rect) -> YuvPatch | None:
    mask = None if picture.alpha is None else _Mask(picture.alpha)
    if _is_on_even_pixels(place):
        rect = Rect(round(place.matrix[2]), round(place.matrix[5]), *picture.size)
        planes = (picture.y, picture.u, picture.v)
        shares = None if mask is None else _whole_shares(mask)
    else:
        reached = reach(place.matrix, picture.size, 0 if place.is_shift else 1).evened().within(surface)
        if reached is None:
            return None
        rect = reached
        planes = _moved(picture, place.matrix, rect)
        shares = _moved_shares(mask, place.matrix, picture.size, rect)
    if shares is None:
        patch = YuvPatch(rect, planes, None)
    else:
        (luma, chroma), (y, u, v) = shares.own, planes
        patch = YuvPatch(rect, (_product(y, luma), _product(u, chroma), _product(v, chroma)), shares.keep)
    level = eighth_bit(place.opacity)
    return patch if level == 255 else patch.faded(level / 255)


def _is_on_even_pixels(place: Place) -> bool:
    x, y = place.matrix[2], place.matrix[5]
    off = abs(x / 2 - round(x / 2)) + abs(y / 2 - round(y / 2))
    return place.is_shift and off < 1e-3


def _moved(picture: YuvBitmap, matrix: Matrix, rect: Rect) -> tuple[Pixels, Pixels, Pixels]:
    a, b, c, d, e, f = matrix
    halved = Rect(rect.x // 2, rect.y // 2, rect.width // 2, rect.height // 2)
    y = warped(picture.y, matrix, rect, border=cv2.BORDER_REPLICATE)
    u, v = (
        warped(part, (a, b, c / 2, d, e, f / 2), halved, border=cv2.BORDER_REPLICATE)
        for part in (picture.u, picture.v)
    )
    return y, u, v


# A few only: an opacity that is another one in each frame is kept for nothing.
@functools.lru_cache(maxsize=3)
def _whole_shares(mask: _Mask) -> _Shares:
    return _shares(mask.pixels)


@functools.lru_cache(maxsize=3)
def _moved_shares(mask: _Mask | None, matrix: Matrix, size: tuple[int, int], rect: Rect) -> _Shares | None:
    """`None`: all is the picture's."""
    covered = coverage(matrix, size, rect)
    if mask is not None:
        own = warped(mask.pixels, matrix, rect, border=cv2.BORDER_REPLICATE)
        covered = own if covered is None else _product(own, covered)
    return None if covered is None else _shares(covered)


def _shares(opacity: Pixels) -> _Shares:
    halved = half(opacity)
    keep = (cv2.bitwise_not(opacity), cv2.bitwise_not(halved))
    return _Shares((opacity, halved), keep)  # type: ignore[arg-type]


def _product(plane: Pixels, share: Pixels) -> Pixels:
    return cv2.multiply(plane, share, scale=1 / 255)  # type: ignore[return-value]
