"""A text layout: the positions of glyphs and lines, in pixels from the top left of the text's box."""

from __future__ import annotations

from dataclasses import dataclass

from ffmpeg_worker.raster.text.font import Font
from ffmpeg_worker.scene.text_style import TextStyle


@dataclass(frozen=True, slots=True)
class Glyph:
    """A glyph with its origin (`x`, `y`) on the baseline, for the characters of the text from `start` on.

    `left` to `right` is the width that it occupies in its line.
    """

    font: Font
    index: int
    x: float
    y: float
    start: int
    line: int
    left: float
    right: float
    is_rtl: bool


@dataclass(frozen=True, slots=True)
class LineBox:
    """A line with its characters `start` to `end`; `left` to `right` is its visible text."""

    start: int
    end: int
    left: float
    right: float
    top: float
    bottom: float
    baseline: float


@dataclass(frozen=True, slots=True)
class Layout:
    """A laid-out `text` in a box of `width` by `height`; its content may be smaller or larger than the box.

    `style` is the style with the font size that was used. `underline` and `strike` are the distance of the middle
    of these lines below the baseline, and their thickness. `overflows`: the content does not fit into the box.
    `is_cut`: lines were removed.
    """

    text: str
    style: TextStyle
    width: float
    height: float
    glyphs: tuple[Glyph, ...]
    lines: tuple[LineBox, ...]
    underline: tuple[float, float]
    strike: tuple[float, float]
    overflows: bool = False
    is_cut: bool = False
