"""Pictures of single glyphs: how much of each pixel they cover, in colour where the font has colours."""

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
from ffmpeg_worker.raster.surfaces.bitmap import Pixels
from ffmpeg_worker.raster.text.font import UNITS, Font
from ffmpeg_worker.raster.text.pixel_operations import Floats, most

STEPS = 4
"""Places within a pixel that a glyph may start at, each way."""

_MOST_PIXELS = 9_000_000
_MOST_BYTES = 32_000_000
_CRUDE_UNTIL = 12.0


@dataclass(frozen=True, slots=True)
class Mask:
    """Coverage, (height, width), or premultiplied RGBA, (height, width, 4); `x`, `y` is its top left."""

    pixels: Pixels
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
    def coverage(self) -> Pixels:
        """How much of each pixel it covers."""
        return np.ascontiguousarray(self.pixels[..., 3]) if self.is_colour else self.pixels


class _Kept:
    """The masks that were used last, up to a number of bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._masks: OrderedDict[tuple[Font, int, float, float, float], Mask | None] = OrderedDict()
        self._most = most_bytes
        self._bytes = 0

    def get(self, font: Font, index: int, x: float, y: float, width: float) -> Mask | None:
        """A glyph with its origin within the first pixel; with a `width`, its outline."""
        key = (font, index, x, y, width)
        if key in self._masks:
            self._masks.move_to_end(key)
            return self._masks[key]
        mask = _outline(font, index, x, y, width, 1.0) if width else _draw(font, index, x, y, 1.0)
        self._masks[key] = mask
        self._bytes += _weight(mask)
        while self._bytes > self._most:
            self._bytes -= _weight(self._masks.popitem(last=False)[1])
        return mask


_KEPT = _Kept(_MOST_BYTES)


def draw_glyph(font: Font, index: int, x: float, y: float, scale: float = 1.0, width: float = 0.0) -> Mask | None:
    """A glyph with its origin at (x, y), `None` if it is blank.

    With a `width` it is made so many pixels wider on all sides, round at corners.

    Raises:
        RasterError: `text_too_large`.
    """
    column, row = round(x * STEPS), round(y * STEPS)
    inside_x, inside_y = column % STEPS / STEPS, row % STEPS / STEPS
    if scale == 1.0:
        mask = _KEPT.get(font, index, inside_x, inside_y, width)
    elif width:
        mask = _outline(font, index, inside_x, inside_y, width, scale)
    else:
        mask = _draw(font, index, inside_x, inside_y, scale)
    return mask and mask.at(column // STEPS, row // STEPS)


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
    if width > _CRUDE_UNTIL:
        distance = _exact_distance(labels, inside)
    reach = width + 0.5 - (distance - edges[labels])
    grown = np.clip(reach * 255, 0, 255).astype(np.uint8)
    grown[inside] = 255
    grown = most(grown, canvas)
    size = (right - left, bottom - top)
    if fine > 1:
        grown = cast(Pixels, cv2.resize(grown, size, interpolation=cv2.INTER_AREA))
    return Mask(grown, left, top)


def _exact_distance(labels: npt.NDArray[Any], inside: npt.NDArray[np.bool_]) -> Floats:
    """How far each pixel is from the one that it is labelled with: OpenCV's own is an approximation."""
    rows, columns = np.nonzero(inside)
    places = np.zeros((2, int(labels.max()) + 1), np.float32)
    places[:, labels[rows, columns]] = rows, columns
    height, width = labels.shape
    down = np.arange(height, dtype=np.float32)[:, None] - places[0][labels]
    across = np.arange(width, dtype=np.float32)[None] - places[1][labels]
    return cast(Floats, np.hypot(down, across))


def _fineness(size: float) -> int:
    return 4 if size <= 40 else 2 if size <= 160 else 1


def _weight(mask: Mask | None) -> int:
    """The bytes that a mask takes, with what keeps it."""
    return 200 + (mask.pixels.nbytes if mask else 0)


def _outline(font: Font, index: int, x: float, y: float, width: float, scale: float) -> Mask | None:
    fine = _fineness(font.size * scale + width)
    _refuse_too_large(font, index, scale * fine, width * fine)
    glyph = _draw(font, index, x * fine, y * fine, scale * fine)
    return glyph and widen(Mask(glyph.coverage, glyph.x, glyph.y), width * fine, fine)


def _draw(font: Font, index: int, x: float, y: float, scale: float) -> Mask | None:
    """A glyph drawn anew, its origin at (x, y)."""
    _refuse_too_large(font, index, scale, 0.0)
    transform = (scale, 0.0, 0.0, scale, x * UNITS, -y * UNITS)
    if font.face.is_colour and _has_colours(font, index):
        return _paint(font, index, transform)
    raster = hb.RasterDraw()
    raster.scale_factor = (UNITS, UNITS)
    raster.transform = transform
    raster.draw_glyph(font.harfbuzz, index)
    return _mask(raster.render(), 1)


def _refuse_too_large(font: Font, index: int, scale: float, width: float) -> None:
    """Fonts may hold letters that are thousands of times as large as they say."""
    extents = font.harfbuzz.get_glyph_extents(index)
    if extents is None:
        return
    across = abs(extents.width) * scale / UNITS + 2 * width
    down = abs(extents.height) * scale / UNITS + 2 * width
    if across * down > _MOST_PIXELS:
        raise RasterError(
            "A letter is larger than can be drawn.",
            code="text_too_large",
            hint="Make the text's font or its outline smaller.",
        )


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
