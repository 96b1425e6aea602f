"""The masks of groups of glyphs: their letters, outlines and lines under and through them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ffmpeg_worker.raster.text.draw_glyph import GlyphMask, draw_glyph, widen
from ffmpeg_worker.raster.text.layout import Glyph, Layout
from ffmpeg_worker.raster.text.pixel_operations import draw_rounded_box, fade
from ffmpeg_worker.scene.curve import Color
from ffmpeg_worker.scene.text_style import Background, TextStyle


@dataclass(frozen=True, slots=True)
class GlyphTransform:
    """Transform of glyphs at a time: moved by `x` and `y`, scaled about a point, faded."""

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0
    opacity: float = 1.0
    center: tuple[float, float] = (0.0, 0.0)

    def apply(self, x: float, y: float) -> tuple[float, float]:
        """Return the transformed point."""
        center_x, center_y = self.center
        return center_x + (x - center_x) * self.scale + self.x, center_y + (y - center_y) * self.scale + self.y


UNCHANGED = GlyphTransform()


@dataclass(frozen=True, slots=True)
class GlyphGroup:
    """Glyphs with one color and transform.

    With an `edge` (x in the layout), glyphs have the color `filled` on its left, or on its right if `is_rtl`.
    `is_above`: the group covers the glyphs beside it, with its outline and shadow.
    """

    glyphs: Sequence[Glyph]
    color: Color
    transform: GlyphTransform = UNCHANGED
    edge: float | None = None
    filled: Color | None = None
    is_rtl: bool = False
    is_above: bool = False


@dataclass(frozen=True, slots=True)
class RoundedBox:
    """A box with rounded corners: left, top, right and bottom in the layout.

    `is_line`: it is joined to the boxes of the lines above and below.
    """

    edges: tuple[float, float, float, float]
    radius: float
    color: Color
    is_line: bool = False

    @classmethod
    def behind(cls, background: Background, left: float, top: float, right: float, bottom: float) -> RoundedBox:
        """Return the background of an area, with its padding."""
        x, y = background.padding_x, background.padding_y
        edges = (left - x, top - y, right + x, bottom + y)
        return cls(edges, background.radius, background.color, background.per_line)

    def fade(self, opacity: float) -> RoundedBox:
        """Multiply the opacity of the color."""
        red, green, blue, alpha = self.color
        return self if opacity >= 1 else replace(self, color=(red, green, blue, alpha * opacity))


@dataclass(slots=True)
class GroupMasks:
    """The masks of a group, in pixels of the layout."""

    letters: list[GlyphMask] = field(default_factory=list)
    outlines: list[GlyphMask] = field(default_factory=list)


def draw_masks(group: GlyphGroup, style: TextStyle, layout: Layout) -> GroupMasks:
    """Draw the masks of a group's letters and of the lines under and through them."""
    masks = GroupMasks()
    transform = group.transform
    stroke = style.stroke
    if transform.opacity <= 0 or transform.scale <= 0:
        return masks
    for glyph in group.glyphs:
        x, y = transform.apply(glyph.x, glyph.y if transform.y or transform.scale != 1 else round(glyph.y))
        letter = draw_glyph(glyph.font, glyph.index, x, y, transform.scale)
        drawn = [*([letter] if letter else []), *_draw_lines(glyph, transform, style, layout)]
        masks.letters.extend(_fade(drawn, transform.opacity))
        if stroke and stroke.width > 0:
            width = stroke.width * transform.scale
            outline = letter and draw_glyph(glyph.font, glyph.index, x, y, transform.scale, width)
            wide = [*([outline] if outline else []), *(widen(mask, width) for mask in drawn[bool(letter) :])]
            masks.outlines.extend(_fade(wide, transform.opacity))
    return masks


def _fade(masks: list[GlyphMask], opacity: float) -> list[GlyphMask]:
    return [GlyphMask(fade(mask.pixels, opacity), mask.x, mask.y) for mask in masks]


def _draw_lines(glyph: Glyph, transform: GlyphTransform, style: TextStyle, layout: Layout) -> list[GlyphMask]:
    """Draw a glyph's part of the underline and of the line through the text."""
    lines = [layout.underline] * style.underline + [layout.strike] * style.strikethrough
    baseline = layout.lines[glyph.line].baseline
    masks: list[GlyphMask] = []
    for middle, thickness in lines:
        upper = round(baseline + middle - thickness / 2)
        left, top = transform.apply(glyph.left, upper)
        right, bottom = transform.apply(glyph.right, upper + max(round(thickness), 1))
        x, y = math.floor(left), math.floor(top)
        width, height = math.ceil(right) - x, math.ceil(bottom) - y
        if width > 0 and height > 0:
            box = (left - x, top - y, right - x, bottom - y)
            masks.append(GlyphMask(draw_rounded_box(width, height, box, 0), x, y))
    return masks
