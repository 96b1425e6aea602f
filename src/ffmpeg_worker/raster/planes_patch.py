"""Planes as pieces of a surface, without a way through red, green and blue."""

from __future__ import annotations

import cv2

from ffmpeg_worker.raster.patch import YuvPatch, eighth_bit, half
from ffmpeg_worker.raster.picture import Bytes, Planes
from ffmpeg_worker.raster.place import Place
from ffmpeg_worker.raster.warp import Rect, coverage, reach, recall, warped

_Parts = tuple[Bytes, Bytes, Bytes, Bytes | None]
"""Y, U, V and opacity, not multiplied with it; `None` for opaque."""


def planes_patch(picture: Planes, place: Place, surface: Rect) -> YuvPatch | None:
    """What planes look like there, `None` for nothing; remembered while they stay."""
    key = (*(round(part, 4) for part in place.matrix), eighth_bit(place.opacity), surface)
    return recall(picture.forms, "patch", key, lambda: _patch(picture, place, surface))


def _patch(picture: Planes, place: Place, surface: Rect) -> YuvPatch | None:
    if _is_on_even_pixels(place):
        rect = Rect(round(place.matrix[2]), round(place.matrix[5]), *picture.size)
        y, u, v, alpha = picture.y, picture.u, picture.v, picture.alpha
    else:
        reached = reach(place.matrix, picture.size, 0 if place.is_shift else 1).evened().within(surface)
        if reached is None:
            return None
        rect = reached
        y, u, v, alpha = _moved(picture, place, rect)
    level = eighth_bit(place.opacity)
    if alpha is None:
        patch = YuvPatch(rect, (y, u, v), None)
    else:
        share = half(alpha)
        planes = (_product(y, alpha), _product(u, share), _product(v, share))
        patch = YuvPatch(rect, planes, (cv2.bitwise_not(alpha), cv2.bitwise_not(share)))  # type: ignore[arg-type]
    return patch if level == 255 else patch.faded(level / 255)


def _is_on_even_pixels(place: Place) -> bool:
    x, y = place.matrix[2], place.matrix[5]
    off = abs(x / 2 - round(x / 2)) + abs(y / 2 - round(y / 2))
    return place.is_shift and off < 1e-3


def _moved(picture: Planes, place: Place, rect: Rect) -> _Parts:
    a, b, c, d, e, f = place.matrix
    halved = Rect(rect.x // 2, rect.y // 2, rect.width // 2, rect.height // 2)
    y = warped(picture.y, place.matrix, rect, border=cv2.BORDER_REPLICATE)
    u, v = (
        warped(part, (a, b, c / 2, d, e, f / 2), halved, border=cv2.BORDER_REPLICATE)
        for part in (picture.u, picture.v)
    )
    covered = coverage(place.matrix, picture.size, rect)
    if picture.alpha is not None:
        own = warped(picture.alpha, place.matrix, rect, border=cv2.BORDER_REPLICATE)
        covered = own if covered is None else _product(own, covered)
    return y, u, v, covered


def _product(plane: Bytes, share: Bytes) -> Bytes:
    return cv2.multiply(plane, share, scale=1 / 255)  # type: ignore[return-value]
