"""A layout as a picture: backgrounds, shadows, outlines and letters, from below to above."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast

import cv2
import numpy as np

from ffmpeg_worker.canvas.curve import Colour
from ffmpeg_worker.canvas.text_style import Background, Shadow, TextStyle
from ffmpeg_worker.raster.picture import Bytes, Tile
from ffmpeg_worker.raster.text.blend import faded, most, over, plus, rounded_box, tinted
from ffmpeg_worker.raster.text.layout import Glyph, Layout
from ffmpeg_worker.raster.text.mask import Mask, draw_glyph, draw_outline, widen

_BLANK = Tile(np.zeros((1, 1, 4), np.uint8))


@dataclass(frozen=True, slots=True)
class Move:
    """Where letters are for now: moved, made larger about a point, fainter."""

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0
    opacity: float = 1.0
    about: tuple[float, float] = (0.0, 0.0)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a point goes."""
        middle_x, middle_y = self.about
        return middle_x + (x - middle_x) * self.scale + self.x, middle_y + (y - middle_y) * self.scale + self.y


STILL = Move()


@dataclass(frozen=True, slots=True)
class Group:
    """Letters of one colour that move together. `edge`: `before` is the colour on its near side.

    The near side of `edge` (x in the layout) is the left, for `is_rtl` the right.
    """

    glyphs: Sequence[Glyph]
    colour: Colour
    move: Move = STILL
    edge: float | None = None
    before: Colour | None = None
    is_rtl: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A box with round corners: left, top, right, bottom in the layout."""

    edges: tuple[float, float, float, float]
    radius: float
    colour: Colour


@dataclass(slots=True)
class _Ink:
    """The masks of a group, in the layout's pixels."""

    letters: list[Mask] = field(default_factory=list)
    outlines: list[Mask] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Frame:
    """The part of the layout's plane that is painted."""

    left: int
    top: int
    width: int
    height: int

    def gather(self, masks: Iterable[Mask], *, is_sum: bool) -> Bytes:
        """The coverage of all masks, summed up or the largest of each pixel."""
        plane = np.zeros((self.height, self.width), np.uint8)
        for mask in masks:
            rows, columns = self.part(mask)
            target = plane[rows, columns]
            (cv2.add if is_sum else cv2.max)(target, mask.coverage, dst=target)
        return plane

    def box(self, box: Box) -> Bytes:
        """The coverage of a box."""
        left, top, right, bottom = box.edges
        edges = (left - self.left, top - self.top, right - self.left, bottom - self.top)
        return rounded_box(self.width, self.height, edges, box.radius)

    def part(self, mask: Mask) -> tuple[slice, slice]:
        """Where a mask lies in the frame."""
        y, x = mask.y - self.top, mask.x - self.left
        return slice(y, y + mask.pixels.shape[0]), slice(x, x + mask.pixels.shape[1])


class Painter:
    """Paints one layout in one style, as often as its letters move or change colour."""

    def __init__(self, layout: Layout, style: TextStyle) -> None:
        self.layout = layout
        self._style = style
        self._still: tuple[_Frame, Bytes | None, Bytes | None] | None = None

    def paint(self, groups: Sequence[Group], boxes: Sequence[Box] = (), *, with_background: bool = True) -> Tile:
        """The picture of some letters; `boxes` lie between the background and the letters."""
        inks = [self._ink(group) for group in groups]
        below = [*(self.background() if with_background else ()), *boxes]
        is_still = not boxes and with_background and all(group.move == STILL for group in groups)
        is_still = is_still and sum(len(group.glyphs) for group in groups) == len(self.layout.glyphs)
        if is_still and self._still:
            frame, under, stroke = self._still
        else:
            found = self._frame(inks, below)
            if found is None:
                return _BLANK
            frame = found
            shape, stroke = self._stroke(frame, inks)
            under = self._under(frame, shape, below)
            if is_still:
                self._still = (frame, under, stroke)
        text = stroke
        for group, ink in zip(groups, inks, strict=True):
            text = _plus(self._fill(frame, group, ink), text)
        picture = over(text, under) if text is not None else under
        return Tile(picture, (frame.left, frame.top)) if picture is not None else _BLANK

    def background(self) -> list[Box]:
        """The boxes behind the text."""
        look = self._style.background
        lines = [line for line in self.layout.lines if line.right > line.left]
        if look is None or not lines:
            return []
        if look.per_line:
            return [behind(look, line.left, line.top, line.right, line.bottom) for line in lines]
        left, right = min(line.left for line in lines), max(line.right for line in lines)
        return [behind(look, left, self.layout.lines[0].top, right, self.layout.lines[-1].bottom)]

    def _ink(self, group: Group) -> _Ink:
        ink = _Ink()
        move = group.move
        stroke = self._style.stroke
        if move.opacity <= 0 or move.scale <= 0:
            return ink
        for glyph in group.glyphs:
            x, y = move.point(glyph.x, glyph.y if move.y or move.scale != 1 else round(glyph.y))
            letter = draw_glyph(glyph.font, glyph.index, x, y, move.scale)
            marks = [*([letter] if letter else []), *self._rules(glyph, move)]
            ink.letters.extend(Mask(faded(mask.pixels, move.opacity), mask.x, mask.y) for mask in marks)
            if stroke and stroke.width > 0:
                width = stroke.width * move.scale
                outline = letter and draw_outline(glyph.font, glyph.index, x, y, width, move.scale)
                wide = [*([outline] if outline else []), *(widen(mask, width) for mask in marks[bool(letter) :])]
                ink.outlines.extend(Mask(faded(mask.pixels, move.opacity), mask.x, mask.y) for mask in wide)
        return ink

    def _rules(self, glyph: Glyph, move: Move) -> list[Mask]:
        """What of the underline and the line through belongs to a glyph."""
        style = self._style
        lines = [glyph.font.underline] * style.underline + [glyph.font.strike] * style.strikethrough
        baseline = self.layout.lines[glyph.line].baseline
        masks: list[Mask] = []
        for middle, thickness in lines:
            left, top = move.point(glyph.left, round(baseline + middle - thickness / 2))
            right, bottom = move.point(
                glyph.right, round(baseline + middle - thickness / 2) + max(round(thickness), 1)
            )
            x, y = math.floor(left), math.floor(top)
            width, height = math.ceil(right) - x, math.ceil(bottom) - y
            if width > 0 and height > 0:
                masks.append(Mask(rounded_box(width, height, (left - x, top - y, right - x, bottom - y), 0), x, y))
        return masks

    def _frame(self, inks: list[_Ink], below: list[Box]) -> _Frame | None:
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
        return _Frame(x, y, max(math.ceil(right) - x, 1), max(math.ceil(bottom) - y, 1))

    def _stroke(self, frame: _Frame, inks: list[_Ink]) -> tuple[Bytes, Bytes | None]:
        """The shape of all that is drawn, and the outline where no letter covers it."""
        letters = frame.gather((mask for ink in inks for mask in ink.letters), is_sum=True)
        outlines = [mask for ink in inks for mask in ink.outlines]
        if self._style.stroke is None or not outlines:
            return letters, None
        shape = most(frame.gather(outlines, is_sum=False), letters)
        return shape, tinted(shape - letters, self._style.stroke.colour)

    def _under(self, frame: _Frame, shape: Bytes, below: list[Box]) -> Bytes | None:
        """Backgrounds and shadows."""
        picture: Bytes | None = None
        for colour, boxes in itertools.groupby(below, key=lambda box: box.colour):
            # Boxes of one colour that overlap are one area: a transparent colour does not add up there.
            area = functools.reduce(most, (frame.box(box) for box in boxes))
            picture = over(tinted(area, colour), picture)
        # As in CSS, the first of several shadows is the one on top.
        for shadow in reversed(self._style.shadows):
            picture = over(tinted(_cast(shape, shadow), shadow.colour), picture)
        return picture

    def _fill(self, frame: _Frame, group: Group, ink: _Ink) -> Bytes | None:
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


def behind(look: Background, left: float, top: float, right: float, bottom: float) -> Box:
    """The box behind something, with its padding."""
    edges = (left - look.padding_x, top - look.padding_y, right + look.padding_x, bottom + look.padding_y)
    return Box(edges, look.radius, look.colour)


def _plus(above: Bytes | None, below: Bytes | None) -> Bytes | None:
    """Pictures that share their pixels out among them."""
    if above is None or below is None:
        return below if above is None else above
    return plus(above, below)


def _cast(shape: Bytes, shadow: Shadow) -> Bytes:
    """The coverage of a shape's shadow."""
    moved = np.zeros_like(shape)
    x, y = round(shadow.x), round(shadow.y)
    height, width = shape.shape
    rows, columns = slice(max(y, 0), min(height + y, height)), slice(max(x, 0), min(width + x, width))
    source = shape[max(-y, 0) : min(height - y, height), max(-x, 0) : min(width - x, width)]
    moved[rows, columns] = source
    deviation = shadow.blur / 2
    if deviation <= 0:
        return moved
    return cast(Bytes, cv2.GaussianBlur(moved, (0, 0), deviation, borderType=cv2.BORDER_CONSTANT))


def _reach(shadow: Shadow) -> int:
    return math.ceil(shadow.blur / 2 * 3) + 1


def _union(edges: Sequence[tuple[float, float, float, float]]) -> tuple[float, float, float, float]:
    lefts, tops, rights, bottoms = zip(*edges, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
