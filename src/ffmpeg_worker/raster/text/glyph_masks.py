"""The masks of letters, where they are for now."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from ffmpeg_worker.raster.text.draw_glyph import Mask, draw_glyph, widen
from ffmpeg_worker.raster.text.layout import Glyph, Layout
from ffmpeg_worker.raster.text.pixel_operations import faded, rounded_box
from ffmpeg_worker.scene.curve import Color
from ffmpeg_worker.scene.text_style import Background, TextStyle


@dataclass(frozen=True, slots=True)
class GlyphTransform:
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


STILL = GlyphTransform()


@dataclass(frozen=True, slots=True)
class Group:
    """Letters of one colour that move together. `edge`: `before` is the colour on its near side.

    The near side of `edge` (x in the layout) is the left, for `is_rtl` the right. `is_above`: they cover the
    letters beside them, with outline and shadow.
    """

    glyphs: Sequence[Glyph]
    colour: Color
    move: GlyphTransform = STILL
    edge: float | None = None
    before: Color | None = None
    is_rtl: bool = False
    is_above: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A box with round corners: left, top, right, bottom in the layout."""

    edges: tuple[float, float, float, float]
    radius: float
    colour: Color

    @classmethod
    def behind(cls, look: Background, left: float, top: float, right: float, bottom: float) -> Box:
        """The box behind something, with its padding."""
        edges = (left - look.padding_x, top - look.padding_y, right + look.padding_x, bottom + look.padding_y)
        return cls(edges, look.radius, look.colour)

    def faded(self, opacity: float) -> Box:
        """The same, fainter."""
        red, green, blue, alpha = self.colour
        return self if opacity >= 1 else Box(self.edges, self.radius, (red, green, blue, alpha * opacity))


@dataclass(slots=True)
class Ink:
    """The masks of a group, in the layout's pixels."""

    letters: list[Mask] = field(default_factory=list)
    outlines: list[Mask] = field(default_factory=list)


def ink_of(group: Group, style: TextStyle, layout: Layout) -> Ink:
    """The masks of a group's letters and of the lines under and through them."""
    ink = Ink()
    move = group.move
    stroke = style.stroke
    if move.opacity <= 0 or move.scale <= 0:
        return ink
    for glyph in group.glyphs:
        x, y = move.point(glyph.x, glyph.y if move.y or move.scale != 1 else round(glyph.y))
        letter = draw_glyph(glyph.font, glyph.index, x, y, move.scale)
        marks = [*([letter] if letter else []), *_rules(glyph, move, style, layout)]
        ink.letters.extend(Mask(faded(mask.pixels, move.opacity), mask.x, mask.y) for mask in marks)
        if stroke and stroke.width > 0:
            width = stroke.width * move.scale
            outline = letter and draw_glyph(glyph.font, glyph.index, x, y, move.scale, width)
            wide = [*([outline] if outline else []), *(widen(mask, width) for mask in marks[bool(letter) :])]
            ink.outlines.extend(Mask(faded(mask.pixels, move.opacity), mask.x, mask.y) for mask in wide)
    return ink


def _rules(glyph: Glyph, move: GlyphTransform, style: TextStyle, layout: Layout) -> list[Mask]:
    """What of the underline and the line through belongs to a glyph."""
    lines = [layout.underline] * style.underline + [layout.strike] * style.strikethrough
    baseline = layout.lines[glyph.line].baseline
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
