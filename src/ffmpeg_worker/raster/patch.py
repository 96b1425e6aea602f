"""Pieces of a surface, ready to be put onto it: whole pixels, multiplied with their opacity."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeGuard

import cv2
import numpy as np

from ffmpeg_worker.raster.bt709 import rgba_from_planes, yuva_from_rgba
from ffmpeg_worker.raster.picture import Bytes, Picture, Planes, Tile
from ffmpeg_worker.raster.place import IDENTITY, Matrix, Place, at, then
from ffmpeg_worker.raster.warp import Rect, coverage, reach, recall, warped

Coding = Literal["rgba", "yuva"]


@dataclass(frozen=True, slots=True)
class Patch:
    """Four channels, the last one the opacity."""

    rect: Rect
    pixels: Bytes


@dataclass(frozen=True, slots=True)
class YuvPatch:
    """Planes on an even rectangle; `keep` is what is left of the pixels below (0 to 255), `None` for nothing."""

    rect: Rect
    planes: tuple[Bytes, Bytes, Bytes]
    keep: tuple[Bytes, Bytes] | None

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


def _times(plane: Bytes, factor: float) -> Bytes:
    return cv2.convertScaleAbs(plane, alpha=factor)  # type: ignore[return-value]


def hides(picture: Picture, place: Place, size: tuple[int, int]) -> TypeGuard[Planes]:
    """Whether the picture, so placed, becomes the whole of a surface of that size as it is."""
    if not isinstance(picture, Planes) or picture.alpha is not None or place.blend != "normal":
        return False
    off = max(abs(a - b) for a, b in zip(place.matrix, IDENTITY, strict=True))
    return off < 1e-3 and eighth_bit(place.opacity) == 255 and picture.size == size


def eighth_bit(opacity: float) -> int:
    """An opacity as what is told apart: 0 to 255."""
    return round(min(max(opacity, 0.0), 1.0) * 255)


def tile_of(planes: Planes) -> Tile:
    """The same in red, green and blue."""
    return recall(planes.forms, "tile", None, lambda: Tile(rgba_from_planes(planes)))


def tile_patch(tile: Tile, coding: Coding, matrix: Matrix, surface: Rect) -> Patch | None:
    """What a tile looks like there; remembered while it moves by whole pixels only."""
    place = Place(matrix)
    if not place.is_shift:
        return _warped_patch(tile, coding, matrix, surface)
    x, y = math.floor(matrix[2] + 1 / 128), math.floor(matrix[5] + 1 / 128)
    part_x, part_y = (round((value - whole) * 64) / 64 for value, whole in ((matrix[2], x), (matrix[5], y)))
    pixels, inner = _coded(tile, coding)
    if part_x <= 0 and part_y <= 0:
        return Patch(Rect(x + inner.x, y + inner.y, inner.width, inner.height), pixels)
    size = Rect(0, 0, inner.width + (part_x > 0), inner.height + (part_y > 0))
    moved = recall(
        tile.forms, f"{coding} moved", (part_x, part_y), lambda: warped(pixels, at(part_x, part_y), size)
    )
    return Patch(Rect(x + inner.x, y + inner.y, size.width, size.height), moved)


def _warped_patch(tile: Tile, coding: Coding, matrix: Matrix, surface: Rect) -> Patch | None:
    pixels, inner = _coded(tile, coding)
    matrix = then(at(inner.x, inner.y), matrix)
    rect = reach(matrix, (inner.width, inner.height), 1).within(surface)
    if rect is None:
        return None
    key = (*(round(part, 4) for part in matrix), surface)
    return Patch(rect, recall(tile.forms, f"{coding} warped", key, lambda: warped(pixels, matrix, rect)))


def _coded(tile: Tile, coding: Coding) -> tuple[Bytes, Rect]:
    """The part of a tile that can be seen, and where in the tile it is."""

    def make() -> tuple[Bytes, Rect]:
        x, y, width, height = cv2.boundingRect(np.ascontiguousarray(tile.rgba[:, :, 3]))
        seen = tile.rgba[y : y + height, x : x + width]
        rect = Rect(x, y, width, height)
        return (seen if coding == "rgba" or not width else yuva_from_rgba(seen)), rect

    return recall(tile.forms, coding, None, make)


def yuv_tile_patch(tile: Tile, place: Place, surface: Rect) -> YuvPatch | None:
    """What a tile looks like there in planes."""
    patch = tile_patch(tile, "yuva", place.matrix, surface)
    if patch is None or patch.rect.width < 1 or patch.rect.height < 1:
        return None
    rect = patch.rect
    odd = (rect.x & 1, rect.y & 1)
    # The pixels are one of the tile's own forms: as long as that one is kept, its number is its name.
    key = (id(patch.pixels), odd)
    _, split = recall(tile.forms, "planes", key, lambda: (patch.pixels, split_planes(patch.pixels, odd)))
    planes, keep = split
    even = YuvPatch(rect.evened(), planes, keep)
    level = eighth_bit(place.opacity)
    if level == 255:
        return even
    faded = recall(tile.forms, "faded", (*key, level), lambda: (patch.pixels, even.faded(level / 255)))[1]
    return YuvPatch(even.rect, faded.planes, faded.keep)


Split = tuple[tuple[Bytes, Bytes, Bytes], tuple[Bytes, Bytes] | None]


def split_planes(yuva: Bytes, odd: tuple[int, int]) -> Split:
    """Planes, chroma at half the size, of four channels whose first pixel lies on an odd or even one."""
    height, width = yuva.shape[:2]
    left, top = odd
    right, bottom = (left + width) & 1, (top + height) & 1
    if left or top or right or bottom:
        yuva = cv2.copyMakeBorder(yuva, top, bottom, left, right, cv2.BORDER_CONSTANT)  # type: ignore[assignment]
    y, u, v, alpha = cv2.split(yuva)
    u, v, chroma_alpha = (half(plane) for plane in (u, v, alpha))  # type: ignore[arg-type]
    if int(alpha.min()) == 255:
        return (y, u, v), None  # type: ignore[return-value]
    return (y, u, v), (cv2.bitwise_not(alpha), cv2.bitwise_not(chroma_alpha))  # type: ignore[return-value]


def half(plane: Bytes) -> Bytes:
    """Each four pixels' mean."""
    size = (plane.shape[1] // 2, plane.shape[0] // 2)
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def planes_patch(picture: Planes, place: Place, surface: Rect) -> YuvPatch | None:
    """What planes look like there, without a way through red, green and blue."""
    rect = reach(place.matrix, picture.size, 0 if place.is_shift else 1).evened().within(surface)
    if rect is None:
        return None
    a, b, c, d, e, f = place.matrix
    halved = Rect(rect.x // 2, rect.y // 2, rect.width // 2, rect.height // 2)
    y = warped(picture.y, place.matrix, rect, border=cv2.BORDER_REPLICATE)
    u, v = (
        warped(part, (a, b, c / 2, d, e, f / 2), halved, border=cv2.BORDER_REPLICATE)
        for part in (picture.u, picture.v)
    )
    alpha = _alpha(picture, place, rect)
    if alpha is None:
        return YuvPatch(rect, (y, u, v), None)
    chroma_alpha = half(alpha)
    multiplied = (
        cv2.multiply(y, alpha, scale=1 / 255),
        cv2.multiply(u, chroma_alpha, scale=1 / 255),
        cv2.multiply(v, chroma_alpha, scale=1 / 255),
    )
    return YuvPatch(rect, multiplied, (cv2.bitwise_not(alpha), cv2.bitwise_not(chroma_alpha)))  # type: ignore[arg-type]


def _alpha(picture: Planes, place: Place, rect: Rect) -> Bytes | None:
    level = eighth_bit(place.opacity)
    covered = coverage(place.matrix, picture.size, rect)
    if picture.alpha is not None:
        own = warped(picture.alpha, place.matrix, rect, border=cv2.BORDER_REPLICATE)
        covered = own if covered is None else cv2.multiply(covered, own, scale=1 / 255)  # type: ignore[assignment]
    if level < 255:
        whole = np.full((rect.height, rect.width), level, np.uint8)
        return whole if covered is None else _times(covered, level / 255)
    return covered
