"""Resolved style of text; lengths are drawn pixels."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, cast

from ffmpeg_worker.composition.choices import (
    AnimationName,
    AnimationUnit,
    Direction,
    HighlightMode,
    TextAlign,
    TextTransform,
    TextWrap,
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

    With `smallest`, the renderer finds the largest font size, between that of `smallest` and `size`, at which the
    text fits the element's box. Both are the same style: only lengths that depend on the font size differ.
    `line_height` is a multiple of the font size.
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
    wrap: TextWrap = "balance"
    max_lines: int | None = None
    stroke: Stroke | None = None
    shadows: tuple[Shadow, ...] = ()
    background: Background | None = None
    highlight: Highlight | None = None
    smallest: TextStyle | None = None

    def at_size(self, size: float) -> TextStyle:
        """Return the style at a font size in the range of the automatic one, which it is no longer."""
        style = replace(self, smallest=None)
        if self.smallest is None or self.size <= self.smallest.size:
            return style
        share = (self.size - size) / (self.size - self.smallest.size)
        return cast(TextStyle, _interpolate(style, self.smallest, share))


def _interpolate(one: Any, other: Any, share: float) -> Any:
    """Return values between those of two styles: `share` of the way, for the numbers that differ."""
    if one == other:
        return one
    if isinstance(one, float | int):
        return one + (other - one) * share
    if isinstance(one, tuple):
        return tuple(_interpolate(a, b, share) for a, b in zip(one, other, strict=True))
    names = [field.name for field in fields(one)]
    return replace(one, **{name: _interpolate(getattr(one, name), getattr(other, name), share) for name in names})


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
