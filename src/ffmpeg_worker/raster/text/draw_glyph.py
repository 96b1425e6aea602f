"""Draws single glyphs as masks, in color if the font has colors."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt
import uharfbuzz as hb

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.surfaces.bitmap import Floats, Pixels
from ffmpeg_worker.raster.text.font import UNITS, Font
from ffmpeg_worker.raster.text.pixel_operations import maximum

_SUBPIXEL_STEPS = 4
"""Positions within a pixel at which a glyph may start, horizontally and vertically."""

_MAX_GLYPH_PIXELS = 9_000_000
_MAX_CACHED_BYTES = 32_000_000
_MAX_APPROXIMATED_WIDTH = 12.0
"""Pixels. Up to this outline width, the error of OpenCV's distance transform is invisible."""


@dataclass(frozen=True, slots=True)
class GlyphMask:
    """Coverage (height, width) or premultiplied RGBA (height, width, 4), with its top left at `x`, `y`."""

    pixels: Pixels
    x: int
    y: int

    def move(self, x: int, y: int) -> GlyphMask:
        """Return the mask moved by whole pixels."""
        return GlyphMask(self.pixels, self.x + x, self.y + y)

    @property
    def is_color(self) -> bool:
        """Whether the glyph has its own colors."""
        return self.pixels.ndim == 3

    @property
    def coverage(self) -> Pixels:
        """The coverage of each pixel by the glyph (0 to 255)."""
        return np.ascontiguousarray(self.pixels[..., 3]) if self.is_color else self.pixels


_Drawing = tuple[Font, int, float, float, float, float]
"""Font and index of a glyph, the position of its origin within a pixel, its scale and the width of its outline."""


class _MaskCache:
    """The masks used last."""

    def __init__(self) -> None:
        self._masks: OrderedDict[_Drawing, GlyphMask | None] = OrderedDict()
        self._bytes = 0

    def get(self, drawing: _Drawing) -> GlyphMask | None:
        if drawing in self._masks:
            self._masks.move_to_end(drawing)
            return self._masks[drawing]
        mask = self._masks[drawing] = _draw_or_outline(*drawing)
        self._bytes += _size_bytes(mask)
        while self._bytes > _MAX_CACHED_BYTES:
            self._bytes -= _size_bytes(self._masks.popitem(last=False)[1])
        return mask


_CACHE = _MaskCache()


def draw_glyph(
    font: Font, index: int, x: float, y: float, scale: float = 1.0, width: float = 0.0
) -> GlyphMask | None:
    """Draw a glyph with its origin at (x, y); `None` if it is blank.

    `width` widens it by this many pixels on all sides, with round corners.

    Raises:
        RasterError: `text_too_large`.
    """
    column, row = round(x * _SUBPIXEL_STEPS), round(y * _SUBPIXEL_STEPS)
    part_x, part_y = column % _SUBPIXEL_STEPS / _SUBPIXEL_STEPS, row % _SUBPIXEL_STEPS / _SUBPIXEL_STEPS
    drawing = (font, index, part_x, part_y, scale, width)
    mask = _CACHE.get(drawing) if scale == 1.0 else _draw_or_outline(*drawing)
    return mask and mask.move(column // _SUBPIXEL_STEPS, row // _SUBPIXEL_STEPS)


def widen(mask: GlyphMask, width: float, fine: int = 1) -> GlyphMask:
    """Widen a mask by `width` of its own pixels on all sides, then reduce it by the factor `fine`."""
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
    # The edge runs through the nearest covered pixel according to its coverage, not through its center.
    inside = outside == 0
    edges = np.zeros(int(labels.max()) + 1, np.float32)
    edges[labels[inside]] = canvas[inside] * (1 / 255) - 0.5
    if width > _MAX_APPROXIMATED_WIDTH:
        distance = _exact_distance(labels, inside)
    reach = width + 0.5 - (distance - edges[labels])
    grown = np.clip(reach * 255, 0, 255).astype(np.uint8)
    grown[inside] = 255
    grown = maximum(grown, canvas)
    size = (right - left, bottom - top)
    if fine > 1:
        grown = cast(Pixels, cv2.resize(grown, size, interpolation=cv2.INTER_AREA))
    return GlyphMask(grown, left, top)


def _exact_distance(labels: npt.NDArray[Any], inside: npt.NDArray[np.bool_]) -> Floats:
    """Return the distance of each pixel to the one that labels it; OpenCV's own distances are approximations."""
    rows, columns = np.nonzero(inside)
    positions = np.zeros((2, int(labels.max()) + 1), np.float32)
    positions[:, labels[rows, columns]] = rows, columns
    height, width = labels.shape
    down = np.arange(height, dtype=np.float32)[:, None] - positions[0][labels]
    across = np.arange(width, dtype=np.float32)[None] - positions[1][labels]
    return cast(Floats, np.hypot(down, across))


def _supersampling(size: float) -> int:
    """Return the factor at which the outline of a glyph of a size is computed."""
    return 4 if size <= 40 else 2 if size <= 160 else 1


def _size_bytes(mask: GlyphMask | None) -> int:
    """Return the size of a cached mask with its key."""
    return 200 + (mask.pixels.nbytes if mask else 0)


def _draw_or_outline(font: Font, index: int, x: float, y: float, scale: float, width: float) -> GlyphMask | None:
    if not width:
        return _draw(font, index, x, y, scale)
    fine = _supersampling(font.size * scale + width)
    _refuse_too_large(font, index, scale * fine, width * fine)
    glyph = _draw(font, index, x * fine, y * fine, scale * fine)
    return glyph and widen(GlyphMask(glyph.coverage, glyph.x, glyph.y), width * fine, fine)


def _draw(font: Font, index: int, x: float, y: float, scale: float) -> GlyphMask | None:
    _refuse_too_large(font, index, scale, 0.0)
    transform = (scale, 0.0, 0.0, scale, x * UNITS, -y * UNITS)
    if font.face.is_color and _has_colors(font, index):
        return _paint(font, index, transform)
    raster = hb.RasterDraw()
    raster.scale_factor = (UNITS, UNITS)
    raster.transform = transform
    raster.draw_glyph(font.harfbuzz, index)
    return _mask(raster.render(), is_color=False)


def _refuse_too_large(font: Font, index: int, scale: float, width: float) -> None:
    """Refuse glyphs that are too large: some fonts have glyphs thousands of times the font size."""
    extents = font.harfbuzz.get_glyph_extents(index)
    if extents is None:
        return
    across = abs(extents.width) * scale / UNITS + 2 * width
    down = abs(extents.height) * scale / UNITS + 2 * width
    if across * down > _MAX_GLYPH_PIXELS:
        raise RasterError(
            "A letter is too large to be drawn.",
            code="text_too_large",
            hint="Make the text's font or its outline smaller.",
        )


def _has_colors(font: Font, index: int) -> bool:
    face = font.face.harfbuzz
    return bool(
        face.get_glyph_color_layers(index)
        or (face.has_color_paint and face.glyph_has_color_paint(index))
        or (face.has_color_png and font.harfbuzz.get_glyph_color_png(index))
    )


def _paint(font: Font, index: int, transform: tuple[float, ...]) -> GlyphMask | None:
    raster = hb.RasterPaint()
    raster.scale_factor = (UNITS, UNITS)
    raster.transform = transform
    extents = font.harfbuzz.get_glyph_extents(index)
    if extents is None or not raster.set_glyph_extents(extents):
        return None
    raster.paint_glyph(font.harfbuzz, index)
    return _mask(raster.render(), is_color=True)


def _mask(image: Any, *, is_color: bool) -> GlyphMask | None:
    """Return HarfBuzz's coverage or BGRA, whose rows run upwards, as a mask."""
    extents = image and image.extents
    if not extents or not extents.width or not extents.height:
        return None
    rows = np.frombuffer(image.buffer, np.uint8).reshape(extents.height, extents.stride)
    if is_color:
        pixels = rows[::-1, : extents.width * 4].reshape(extents.height, extents.width, 4)[..., (2, 1, 0, 3)]
    else:
        pixels = rows[::-1, : extents.width]
    return GlyphMask(np.ascontiguousarray(pixels), extents.x_origin, -extents.y_origin - extents.height)
