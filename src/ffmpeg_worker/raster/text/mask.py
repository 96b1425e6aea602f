"""Pictures of single glyphs: how much of each pixel they cover, in colour where the font has colours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
import uharfbuzz as hb

from ffmpeg_worker.raster.picture import Bytes
from ffmpeg_worker.raster.text.blend import most
from ffmpeg_worker.raster.text.face import UNITS, Font

STEPS = 4
"""Places within a pixel that a glyph may start at, each way."""

_MOST_MASKS = 2048


@dataclass(frozen=True, slots=True)
class Mask:
    """Coverage, (height, width), or premultiplied RGBA, (height, width, 4); `x`, `y` is its top left."""

    pixels: Bytes
    x: int
    y: int

    def at(self, x: int, y: int) -> Mask:
        """The same, moved."""
        return Mask(self.pixels, self.x + x, self.y + y)

    @property
    def is_colour(self) -> bool:
        """Whether it has its own colours."""
        return self.pixels.ndim == 3

    @property
    def coverage(self) -> Bytes:
        """How much of each pixel it covers."""
        return np.ascontiguousarray(self.pixels[..., 3]) if self.is_colour else self.pixels


def draw_glyph(font: Font, index: int, x: float, y: float, scale: float = 1.0) -> Mask | None:
    """A glyph with its origin at (x, y), `None` if it is blank."""
    column, row = round(x * STEPS), round(y * STEPS)
    left, top = column // STEPS, row // STEPS
    inside_x, inside_y = column % STEPS / STEPS, row % STEPS / STEPS
    if scale != 1.0:
        mask = _draw(font, index, inside_x, inside_y, scale)
        return mask and mask.at(left, top)
    key = (index, inside_x, inside_y)
    if key not in font.masks:
        _make_room(font)
        font.masks[key] = _draw(font, index, inside_x, inside_y, 1.0)
    found = font.masks[key]
    return found and found.at(left, top)


def draw_outline(font: Font, index: int, x: float, y: float, width: float, scale: float = 1.0) -> Mask | None:
    """A glyph made `width` pixels wider on all sides, round at corners, with its origin at (x, y)."""
    fine = _fineness(font.size * scale)
    column, row = round(x * STEPS), round(y * STEPS)
    left, top = column // STEPS, row // STEPS
    inside_x, inside_y = column % STEPS / STEPS, row % STEPS / STEPS
    key = (index, inside_x, inside_y, width)
    if scale == 1.0 and key in font.masks:
        known = font.masks[key]
        return known and known.at(left, top)
    glyph = _draw(font, index, inside_x * fine, inside_y * fine, scale * fine)
    mask = glyph and widen(Mask(glyph.coverage, glyph.x, glyph.y), width * fine, fine)
    if scale == 1.0:
        _make_room(font)
        font.masks[key] = mask
    return mask and mask.at(left, top)


def widen(mask: Mask, width: float, fine: int = 1) -> Mask:
    """A mask grown by `width` of its own pixels on all sides, then made `fine` times smaller."""
    pad = math.ceil(width) + 2
    left, top = (mask.x - pad) // fine, (mask.y - pad) // fine
    right = -((-mask.x - mask.pixels.shape[1] - pad) // fine)
    bottom = -((-mask.y - mask.pixels.shape[0] - pad) // fine)
    canvas = np.zeros(((bottom - top) * fine, (right - left) * fine), np.uint8)
    y, x = mask.y - top * fine, mask.x - left * fine
    canvas[y : y + mask.pixels.shape[0], x : x + mask.pixels.shape[1]] = mask.pixels
    outside = (canvas <= 127).astype(np.uint8)
    distance, labels = cv2.distanceTransformWithLabels(
        outside, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    # The edge runs through the nearest covered pixel where its coverage says, not through its middle.
    inside = outside == 0
    edges = np.zeros(int(labels.max()) + 1, np.float32)
    edges[labels[inside]] = canvas[inside] * (1 / 255) - 0.5
    reach = width + 0.5 - (distance - edges[labels])
    grown = np.clip(reach * 255, 0, 255).astype(np.uint8)
    grown[inside] = 255
    grown = most(grown, canvas)
    size = (right - left, bottom - top)
    if fine > 1:
        grown = cast(Bytes, cv2.resize(grown, size, interpolation=cv2.INTER_AREA))
    return Mask(grown, left, top)


def _fineness(size: float) -> int:
    return 4 if size <= 40 else 2 if size <= 160 else 1


def _make_room(font: Font) -> None:
    if len(font.masks) >= _MOST_MASKS:
        font.masks.clear()


def _draw(font: Font, index: int, x: float, y: float, scale: float) -> Mask | None:
    """A glyph drawn anew, its origin at (x, y)."""
    transform = (scale, 0.0, 0.0, scale, x * UNITS, -y * UNITS)
    if font.face.is_colour and _has_colours(font, index):
        return _paint(font, index, transform)
    raster = hb.RasterDraw()
    raster.scale_factor = (UNITS, UNITS)
    raster.transform = transform
    raster.draw_glyph(font.harfbuzz, index)
    return _mask(raster.render(), 1)


def _has_colours(font: Font, index: int) -> bool:
    face = font.face.harfbuzz
    return bool(
        face.get_glyph_color_layers(index)
        or (face.has_color_paint and face.glyph_has_color_paint(index))
        or (face.has_color_png and font.harfbuzz.get_glyph_color_png(index))
    )


def _paint(font: Font, index: int, transform: tuple[float, ...]) -> Mask | None:
    raster = hb.RasterPaint()
    raster.scale_factor = (UNITS, UNITS)
    raster.transform = transform
    extents = font.harfbuzz.get_glyph_extents(index)
    if extents is None or not raster.set_glyph_extents(extents):
        return None
    raster.paint_glyph(font.harfbuzz, index)
    mask = _mask(raster.render(), 4)
    if mask is None:
        return None
    return Mask(np.ascontiguousarray(mask.pixels[..., (2, 1, 0, 3)]), mask.x, mask.y)


def _mask(image: Any, parts: int) -> Mask | None:
    """HarfBuzz's picture, whose rows run upwards."""
    extents = image and image.extents
    if not extents or not extents.width or not extents.height:
        return None
    rows = np.frombuffer(image.buffer, np.uint8).reshape(extents.height, extents.stride)
    pixels = np.ascontiguousarray(rows[::-1, : extents.width * parts])
    if parts > 1:
        pixels = pixels.reshape(extents.height, extents.width, parts)
    return Mask(pixels, extents.x_origin, -extents.y_origin - extents.height)
