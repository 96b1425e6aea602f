"""A layout as a picture: backgrounds, shadows, outlines and letters, from below to above."""

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
from ffmpeg_worker.raster.text.draw_glyph import Mask
from ffmpeg_worker.raster.text.glyph_masks import STILL, Box, Group, Ink, ink_of
from ffmpeg_worker.raster.text.layout import Layout
from ffmpeg_worker.raster.text.pixel_operations import blurred, most, over, plus, rounded_box, tinted
from ffmpeg_worker.scene.text_style import Shadow, TextStyle

_MOST_PIXELS = 36_000_000
_BLANK = RgbaBitmap(np.zeros((1, 1, 4), np.uint8))


@dataclass(frozen=True, slots=True)
class _Frame:
    """The part of the layout's plane that is painted."""

    left: int
    top: int
    width: int
    height: int

    def gather(self, masks: Iterable[Mask], *, is_sum: bool) -> Pixels:
        """The coverage of all masks, summed up or the largest of each pixel."""
        plane = np.zeros((self.height, self.width), np.uint8)
        for mask in masks:
            rows, columns = self.part(mask)
            target = plane[rows, columns]
            (cv2.add if is_sum else cv2.max)(target, mask.coverage, dst=target)
        return plane

    def box(self, box: Box) -> Pixels:
        """The coverage of a box."""
        left, top, right, bottom = box.edges
        edges = (left - self.left, top - self.top, right - self.left, bottom - self.top)
        return rounded_box(self.width, self.height, edges, box.radius)

    def part(self, mask: Mask) -> tuple[slice, slice]:
        """Where a mask lies in the frame."""
        y, x = mask.y - self.top, mask.x - self.left
        return slice(y, y + mask.pixels.shape[0]), slice(x, x + mask.pixels.shape[1])


_Inked = Sequence[tuple[Group, Ink]]


class Painter:
    """Paints one layout in one style, as often as its letters move or change colour.

    Raises:
        RasterError: `text_too_large`, while painting.
    """

    def __init__(self, layout: Layout, style: TextStyle) -> None:
        self.layout = layout
        self._style = style
        self._still: tuple[_Frame, Pixels | None, Pixels | None] | None = None

    def paint(self, groups: Sequence[Group], boxes: Sequence[Box] = ()) -> RgbaBitmap:
        """The picture of some letters; `boxes` lie between the background and the letters.

        The background is as visible as the most visible letters.
        """
        visible = max((group.move.opacity for group in groups), default=1.0)
        below = [*(box.faded(visible) for box in self._background()), *boxes]
        is_still = not boxes and sum(len(group.glyphs) for group in groups) == len(self.layout.glyphs)
        is_still = is_still and all(group.move == STILL and not group.is_above for group in groups)
        inked = [(group, ink_of(group, self._style, self.layout)) for group in groups]
        if not is_still or self._still is None:
            frame = self._frame([ink for _, ink in inked], below)
            if frame is None:
                return _BLANK
            flat = [pair for pair in inked if not pair[0].is_above]
            under, stroke = self._setting(frame, flat, below)
            picture = self._letters(frame, flat, under, stroke)
            if is_still:
                self._still = (frame, under, stroke)
            elif len(flat) < len(inked):
                raised = [pair for pair in inked if pair[0].is_above]
                above = self._letters(frame, raised, *self._setting(frame, raised, []))
                picture = over(above, picture) if above is not None else picture
        else:
            frame, under, stroke = self._still
            picture = self._letters(frame, inked, under, stroke)
        return RgbaBitmap(picture, (frame.left, frame.top)) if picture is not None else _BLANK

    def _background(self) -> list[Box]:
        """The boxes behind the text."""
        look = self._style.background
        lines = [line for line in self.layout.lines if line.right > line.left]
        if look is None or not lines:
            return []
        if look.per_line:
            return [Box.behind(look, line.left, line.top, line.right, line.bottom) for line in lines]
        left, right = min(line.left for line in lines), max(line.right for line in lines)
        return [Box.behind(look, left, self.layout.lines[0].top, right, self.layout.lines[-1].bottom)]

    def _frame(self, inks: list[Ink], below: list[Box]) -> _Frame | None:
        """The least frame that holds everything."""
        masks = [mask for ink in inks for mask in (*ink.letters, *ink.outlines)]
        edges = [(float(m.x), float(m.y), m.x + m.pixels.shape[1], m.y + m.pixels.shape[0]) for m in masks]
        if edges:
            left, top, right, bottom = _union(edges)
            for shadow in self._style.shadows:
                reach = _reach(shadow)
                x, y = round(shadow.x), round(shadow.y)
                edges.append((left + x - reach, top + y - reach, right + x + reach, bottom + y + reach))
        edges.extend(box.edges for box in below)
        if not edges:
            return None
        left, top, right, bottom = _union(edges)
        x, y = math.floor(left), math.floor(top)
        width, height = max(math.ceil(right) - x, 1), max(math.ceil(bottom) - y, 1)
        if width * height > _MOST_PIXELS:
            raise RasterError(
                f"The text is {width} by {height} pixels large, more than can be drawn.",
                code="text_too_large",
                hint="Shorten the text, or make its font smaller.",
            )
        return _Frame(x, y, width, height)

    def _setting(self, frame: _Frame, inked: _Inked, below: list[Box]) -> tuple[Pixels | None, Pixels | None]:
        """What lies under the letters, and their outline where no letter covers it."""
        letters = frame.gather((mask for _, ink in inked for mask in ink.letters), is_sum=True)
        outlines = [mask for _, ink in inked for mask in ink.outlines]
        if self._style.stroke is None or not outlines:
            return self._under(frame, letters, below), None
        shape = most(frame.gather(outlines, is_sum=False), letters)
        return self._under(frame, shape, below), tinted(shape - letters, self._style.stroke.colour)

    def _letters(self, frame: _Frame, inked: _Inked, under: Pixels | None, stroke: Pixels | None) -> Pixels | None:
        """Letters and their outline, over what lies under them."""
        text = stroke
        for group, ink in inked:
            text = _sum(self._fill(frame, group, ink), text)
        return over(text, under) if text is not None else under

    def _under(self, frame: _Frame, shape: Pixels, below: list[Box]) -> Pixels | None:
        """Backgrounds and shadows."""
        picture: Pixels | None = None
        for colour, boxes in itertools.groupby(below, key=lambda box: box.colour):
            # Boxes of one colour that overlap are one area: a transparent colour does not add up there.
            area = functools.reduce(most, (frame.box(box) for box in boxes))
            picture = over(tinted(area, colour), picture)
        # As in CSS, the first of several shadows is the one on top.
        for shadow in reversed(self._style.shadows):
            picture = over(tinted(_cast(shape, shadow), shadow.colour), picture)
        return picture

    def _fill(self, frame: _Frame, group: Group, ink: Ink) -> Pixels | None:
        """A group's letters in their colours."""
        if not ink.letters:
            return None
        plane = frame.gather((mask for mask in ink.letters if not mask.is_colour), is_sum=True)
        if group.edge is None or group.before is None:
            picture = tinted(plane, group.colour)
        else:
            near = np.clip(group.edge - frame.left - np.arange(frame.width, dtype=np.float32), 0, 1)
            near = 1 - near if group.is_rtl else near
            part = (plane * near + 0.5).astype(np.uint8)
            picture = plus(tinted(part, group.before), tinted(plane - part, group.colour))
        for mask in ink.letters:
            if mask.is_colour:
                rows, columns = frame.part(mask)
                picture[rows, columns] = over(mask.pixels, picture[rows, columns])
        return picture


def _sum(above: Pixels | None, below: Pixels | None) -> Pixels | None:
    """Pictures that share their pixels out among them."""
    if above is None or below is None:
        return below if above is None else above
    return plus(above, below)


def _cast(shape: Pixels, shadow: Shadow) -> Pixels:
    """The coverage of a shape's shadow."""
    moved = np.zeros_like(shape)
    x, y = round(shadow.x), round(shadow.y)
    height, width = shape.shape
    rows, columns = slice(max(y, 0), min(height + y, height)), slice(max(x, 0), min(width + x, width))
    source = shape[max(-y, 0) : min(height - y, height), max(-x, 0) : min(width - x, width)]
    moved[rows, columns] = source
    return blurred(moved, shadow.blur / 2)


def _reach(shadow: Shadow) -> int:
    return math.ceil(shadow.blur / 2 * 3) + 1


def _union(edges: Sequence[tuple[float, float, float, float]]) -> tuple[float, float, float, float]:
    lefts, tops, rights, bottoms = zip(*edges, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
