"""Paints a layout as a bitmap: backgrounds, shadows, outlines and letters, bottom first."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.surfaces.bitmap import Pixels, RgbaBitmap
from ffmpeg_worker.raster.text.draw_glyph import GlyphMask
from ffmpeg_worker.raster.text.glyph_masks import UNCHANGED, GlyphGroup, GroupMasks, RoundedBox, draw_masks
from ffmpeg_worker.raster.text.layout import Layout
from ffmpeg_worker.raster.text.line_boxes import draw_line_boxes
from ffmpeg_worker.raster.text.pixel_operations import (
    add,
    blur_coverage,
    colorize,
    composite,
    draw_rounded_box,
    maximum,
)
from ffmpeg_worker.scene.text_style import Shadow

_MAX_PIXELS = 36_000_000
_BLANK = RgbaBitmap(np.zeros((1, 1, 4), np.uint8))


@dataclass(frozen=True, slots=True)
class _Canvas:
    """The rectangle of the layout's plane that is painted."""

    left: int
    top: int
    width: int
    height: int

    def combine(self, masks: Iterable[GlyphMask], *, adds: bool) -> Pixels:
        """Return the coverage of all masks: their sum, or the maximum of each pixel."""
        plane = np.zeros((self.height, self.width), np.uint8)
        for mask in masks:
            rows, columns = self.slices(mask)
            target = plane[rows, columns]
            (cv2.add if adds else cv2.max)(target, mask.coverage, dst=target)
        return plane

    def draw_boxes(self, boxes: Sequence[RoundedBox]) -> Pixels:
        """Return the coverage of boxes; those of lines, which have the same radius, are one area."""
        planes = [
            draw_rounded_box(self.width, self.height, self._inside(box), box.radius)
            for box in boxes
            if not box.is_line
        ]
        lines = [self._inside(box) for box in boxes if box.is_line]
        if lines:
            planes.append(draw_line_boxes(self.width, self.height, lines, boxes[0].radius))
        return functools.reduce(maximum, planes)

    def _inside(self, box: RoundedBox) -> tuple[float, float, float, float]:
        left, top, right, bottom = box.edges
        return left - self.left, top - self.top, right - self.left, bottom - self.top

    def slices(self, mask: GlyphMask) -> tuple[slice, slice]:
        """Return the rows and columns of a mask."""
        y, x = mask.y - self.top, mask.x - self.left
        return slice(y, y + mask.pixels.shape[0]), slice(x, x + mask.pixels.shape[1])


_DrawnGroups = Sequence[tuple[GlyphGroup, GroupMasks]]


class Painter:
    """Paints one layout, for any transforms and colors of its glyphs.

    Raises:
        RasterError: `text_too_large`, while painting.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._style = layout.style
        self._still: tuple[_Canvas, Pixels | None, Pixels | None] | None = None

    def paint(self, groups: Sequence[GlyphGroup], boxes: Sequence[RoundedBox] = ()) -> RgbaBitmap:
        """Paint groups of glyphs; `boxes` lie between the background and the letters.

        The background has the opacity of the most opaque group.
        """
        opacity = max((group.transform.opacity for group in groups), default=1.0)
        below = [*(box.fade(opacity) for box in self._background()), *boxes]
        is_still = not boxes and sum(len(group.glyphs) for group in groups) == len(self.layout.glyphs)
        is_still = is_still and all(group.transform == UNCHANGED and not group.is_above for group in groups)
        drawn = [(group, draw_masks(group, self._style, self.layout)) for group in groups]
        if not is_still or self._still is None:
            canvas = self._make_canvas([masks for _, masks in drawn], below)
            if canvas is None:
                return _BLANK
            flat = [pair for pair in drawn if not pair[0].is_above]
            backdrop, stroke = self._paint_below(canvas, flat, below)
            pixels = self._paint_letters(canvas, flat, backdrop, stroke)
            if is_still:
                self._still = (canvas, backdrop, stroke)
            elif len(flat) < len(drawn):
                raised = [pair for pair in drawn if pair[0].is_above]
                above = self._paint_letters(canvas, raised, *self._paint_below(canvas, raised, []))
                pixels = composite(above, pixels) if above is not None else pixels
        else:
            canvas, backdrop, stroke = self._still
            pixels = self._paint_letters(canvas, drawn, backdrop, stroke)
        return RgbaBitmap(pixels, (canvas.left, canvas.top)) if pixels is not None else _BLANK

    def _background(self) -> list[RoundedBox]:
        """Return the boxes behind the text."""
        background = self._style.background
        lines = [line for line in self.layout.lines if line.right > line.left]
        if background is None or not lines:
            return []
        if background.per_line:
            return [RoundedBox.behind(background, line.left, line.top, line.right, line.bottom) for line in lines]
        left, right = min(line.left for line in lines), max(line.right for line in lines)
        top, bottom = self.layout.lines[0].top, self.layout.lines[-1].bottom
        return [RoundedBox.behind(background, left, top, right, bottom)]

    def _make_canvas(self, drawn: list[GroupMasks], below: list[RoundedBox]) -> _Canvas | None:
        """Return the smallest canvas that holds everything; `None` if there is nothing."""
        masks = [mask for group in drawn for mask in (*group.letters, *group.outlines)]
        edges = [(float(m.x), float(m.y), m.x + m.pixels.shape[1], m.y + m.pixels.shape[0]) for m in masks]
        if edges:
            left, top, right, bottom = _union(edges)
            for shadow in self._style.shadows:
                reach = math.ceil(shadow.blur / 2 * 3) + 1
                x, y = round(shadow.x), round(shadow.y)
                edges.append((left + x - reach, top + y - reach, right + x + reach, bottom + y + reach))
        edges.extend(box.edges for box in below)
        if not edges:
            return None
        left, top, right, bottom = _union(edges)
        x, y = math.floor(left), math.floor(top)
        width, height = max(math.ceil(right) - x, 1), max(math.ceil(bottom) - y, 1)
        if width * height > _MAX_PIXELS:
            raise RasterError(
                f"The text is {width} by {height} pixels large, more than can be drawn.",
                code="text_too_large",
                hint="Shorten the text, or make its font smaller.",
            )
        return _Canvas(x, y, width, height)

    def _paint_below(
        self, canvas: _Canvas, drawn: _DrawnGroups, below: list[RoundedBox]
    ) -> tuple[Pixels | None, Pixels | None]:
        """Return the backdrop of the letters, and their outline where no letter covers it."""
        letters = canvas.combine((mask for _, masks in drawn for mask in masks.letters), adds=True)
        outlines = [mask for _, masks in drawn for mask in masks.outlines]
        if self._style.stroke is None or not outlines:
            return self._paint_backdrop(canvas, letters, below), None
        shape = maximum(canvas.combine(outlines, adds=False), letters)
        return self._paint_backdrop(canvas, shape, below), colorize(shape - letters, self._style.stroke.color)

    def _paint_letters(
        self, canvas: _Canvas, drawn: _DrawnGroups, backdrop: Pixels | None, stroke: Pixels | None
    ) -> Pixels | None:
        """Paint letters and their outline over a backdrop."""
        text = stroke
        for group, masks in drawn:
            letters = self._paint_group(canvas, group, masks)
            if letters is not None:
                text = letters if text is None else add(letters, text)
        return composite(text, backdrop) if text is not None else backdrop

    def _paint_backdrop(self, canvas: _Canvas, shape: Pixels, below: list[RoundedBox]) -> Pixels | None:
        """Paint boxes and shadows."""
        pixels: Pixels | None = None
        for (color, _), boxes in itertools.groupby(below, key=lambda box: (box.color, box.radius)):
            # Overlapping boxes of one color are one area, so that a transparent color is not drawn twice there.
            pixels = composite(colorize(canvas.draw_boxes([*boxes]), color), pixels)
        # As in CSS, the first of several shadows is on top.
        for shadow in reversed(self._style.shadows):
            pixels = composite(colorize(_cast_shadow(shape, shadow), shadow.color), pixels)
        return pixels

    @staticmethod
    def _paint_group(canvas: _Canvas, group: GlyphGroup, masks: GroupMasks) -> Pixels | None:
        """Paint a group's letters in their colors."""
        if not masks.letters:
            return None
        plane = canvas.combine((mask for mask in masks.letters if not mask.is_color), adds=True)
        if group.edge is None or group.filled is None:
            pixels = colorize(plane, group.color)
        else:
            is_filled = np.clip(group.edge - canvas.left - np.arange(canvas.width, dtype=np.float32), 0, 1)
            is_filled = 1 - is_filled if group.is_rtl else is_filled
            filled = (plane * is_filled + 0.5).astype(np.uint8)
            pixels = add(colorize(filled, group.filled), colorize(plane - filled, group.color))
        for mask in masks.letters:
            if mask.is_color:
                rows, columns = canvas.slices(mask)
                pixels[rows, columns] = composite(mask.pixels, pixels[rows, columns])
        return pixels


def _cast_shadow(shape: Pixels, shadow: Shadow) -> Pixels:
    """Return the coverage of a shape's shadow."""
    moved = np.zeros_like(shape)
    x, y = round(shadow.x), round(shadow.y)
    height, width = shape.shape
    rows, columns = slice(max(y, 0), min(height + y, height)), slice(max(x, 0), min(width + x, width))
    moved[rows, columns] = shape[max(-y, 0) : min(height - y, height), max(-x, 0) : min(width - x, width)]
    return blur_coverage(moved, shadow.blur / 2)


def _union(edges: Sequence[tuple[float, float, float, float]]) -> tuple[float, float, float, float]:
    lefts, tops, rights, bottoms = zip(*edges, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
