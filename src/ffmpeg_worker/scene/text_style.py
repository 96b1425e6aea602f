"""Resolved style of text; lengths are drawn pixels."""

from __future__ import annotations

from dataclasses import dataclass

from ffmpeg_worker.composition.choices import (
    AnimationName,
    AnimationUnit,
    Direction,
    HighlightMode,
    TextAlign,
    TextTransform,
    VerticalAlign,
)
from ffmpeg_worker.scene.curve import Color, Curve


@dataclass(frozen=True, slots=True)
class Stroke:
    """An outline, `width` pixels wide outside of the glyphs."""

    color: Color
    width: float


@dataclass(frozen=True, slots=True)
class Shadow:
    """A shadow at an offset; `blur` is twice the standard deviation, as in CSS."""

    color: Color
    x: float = 0.0
    y: float = 0.0
    blur: float = 0.0


@dataclass(frozen=True, slots=True)
class Background:
    """A box behind the text, or behind each of its lines."""

    color: Color
    padding_x: float = 0.0
    padding_y: float = 0.0
    radius: float = 0.0
    per_line: bool = False


@dataclass(frozen=True, slots=True)
class Highlight:
    """Style of the spoken word: its color, a box behind it, its scale; `said` is the color of the words before it.

    Modes: `word` highlights the spoken word; `fill` colors words from left to right as they are spoken; `appear`
    shows only words that have been spoken.
    """

    color: Color | None = None
    background: Background | None = None
    scale: float = 1.0
    said: Color | None = None
    mode: HighlightMode = "word"


@dataclass(frozen=True, slots=True)
class TextStyle:
    """Style of a text.

    With `fits`, `size` is the largest font size: it is reduced, not below `min_size`, until the text fits the
    element's box. `line_height` is a multiple of the font size.
    """

    families: tuple[str, ...] = ("Inter",)
    size: float = 48.0
    weight: int = 400
    is_italic: bool = False
    color: Color | Curve = (1.0, 1.0, 1.0, 1.0)
    align: TextAlign = "center"
    vertical_align: VerticalAlign = "center"
    line_height: float = 1.2
    letter_spacing: float = 0.0
    word_spacing: float = 0.0
    direction: Direction = "auto"
    transform: TextTransform = "none"
    underline: bool = False
    strikethrough: bool = False
    max_lines: int | None = None
    fits: bool = False
    min_size: float = 8.0
    stroke: Stroke | None = None
    shadows: tuple[Shadow, ...] = ()
    background: Background | None = None
    highlight: Highlight | None = None


@dataclass(frozen=True, slots=True)
class TextAnimation:
    """An animation of letters, words or lines, one after the other.

    Each takes `duration_s` and starts `stagger_s` after the previous one; at the end of the element, which lasts
    `element_s`, if it `leaves`, else at its start.
    """

    name: AnimationName
    by: AnimationUnit
    duration_s: float
    stagger_s: float
    element_s: float
    leaves: bool = False
    easing: str = "ease-out"
