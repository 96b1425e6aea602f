"""Tiles as pieces of a surface; what was worked out for a tile is kept with it."""

from __future__ import annotations

import math
from typing import Literal

import cv2
import numpy as np

from ffmpeg_worker.raster.surfaces.bitmap import Pixels, RgbaBitmap, YuvBitmap
from ffmpeg_worker.raster.surfaces.bt709 import rgba_from_planes, yuva_from_rgba
from ffmpeg_worker.raster.surfaces.patch import Patch, YuvPatch, eighth_bit, half
from ffmpeg_worker.raster.surfaces.warp import Rect, reach, recall, warped
from ffmpeg_worker.raster.transform import Matrix, Place, at, then

Coding = Literal["rgba", "yuva"]
Split = tuple[tuple[Pixels, Pixels, Pixels], tuple[Pixels, Pixels] | None]


def tile_of(planes: YuvBitmap) -> RgbaBitmap:
    """The same in red, green and blue."""
    return recall(planes.forms, "tile", None, lambda: RgbaBitmap(rgba_from_planes(planes)))


def tile_patch(tile: RgbaBitmap, coding: Coding, matrix: Matrix, surface: Rect) -> Patch | None:
    """What a tile looks like there, `None` for nothing; remembered while it moves by whole pixels only."""
    pixels, inner = _coded(tile, coding)
    if not inner.width:
        return None
    if not Place(matrix).is_shift:
        return _warped_patch(tile, coding, matrix, surface)
    x, y = math.floor(matrix[2] + 1 / 128), math.floor(matrix[5] + 1 / 128)
    part_x, part_y = (round((value - whole) * 64) / 64 for value, whole in ((matrix[2], x), (matrix[5], y)))
    if part_x <= 0 and part_y <= 0:
        return Patch(Rect(x + inner.x, y + inner.y, inner.width, inner.height), pixels)
    size = Rect(0, 0, inner.width + (part_x > 0), inner.height + (part_y > 0))
    moved = recall(
        tile.forms, f"{coding} moved", (part_x, part_y), lambda: warped(pixels, at(part_x, part_y), size)
    )
    return Patch(Rect(x + inner.x, y + inner.y, size.width, size.height), moved)


def _warped_patch(tile: RgbaBitmap, coding: Coding, matrix: Matrix, surface: Rect) -> Patch | None:
    pixels, inner = _coded(tile, coding)
    matrix = then(at(inner.x, inner.y), matrix)
    rect = reach(matrix, (inner.width, inner.height), 1).within(surface)
    if rect is None:
        return None
    key = (*(round(part, 4) for part in matrix), surface)
    return Patch(rect, recall(tile.forms, f"{coding} warped", key, lambda: warped(pixels, matrix, rect)))


def _coded(tile: RgbaBitmap, coding: Coding) -> tuple[Pixels, Rect]:
    """The part of a tile that can be seen, and where in the tile it is."""

    def make() -> tuple[Pixels, Rect]:
        x, y, width, height = cv2.boundingRect(np.ascontiguousarray(tile.rgba[:, :, 3]))
        seen = tile.rgba[y : y + height, x : x + width]
        rect = Rect(x, y, width, height)
        return (seen if coding == "rgba" or not width else yuva_from_rgba(seen)), rect

    return recall(tile.forms, coding, None, make)


def yuv_tile_patch(tile: RgbaBitmap, place: Place, surface: Rect) -> YuvPatch | None:
    """What a tile looks like there in planes."""
    patch = tile_patch(tile, "yuva", place.matrix, surface)
    if patch is None:
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


def split_planes(yuva: Pixels, odd: tuple[int, int]) -> Split:
    """YuvBitmap, chroma at half the size, of four channels whose first pixel lies on an odd or even one."""
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
