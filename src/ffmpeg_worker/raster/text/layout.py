"""Text laid out: where every glyph, word and line is, in pixels from the top left of the text's box."""

from __future__ import annotations

from dataclasses import dataclass

from ffmpeg_worker.raster.text.font import Font


@dataclass(frozen=True, slots=True)
class Glyph:
    """A glyph with its origin on the baseline; it stands for the characters `start` to `end` of the text.

    `left` to `right` is the room it takes in its line.
    """

    font: Font
    index: int
    x: float
    y: float
    start: int
    end: int
    line: int
    left: float
    right: float
    is_rtl: bool


@dataclass(frozen=True, slots=True)
class LineBox:
    """A line: its characters, how far its visible letters reach, and how high it is."""

    start: int
    end: int
    left: float
    right: float
    top: float
    bottom: float
    baseline: float


@dataclass(frozen=True, slots=True)
class WordBox:
    """A word, or what of it is on one line; `word` counts from 0."""

    word: int
    start: int
    end: int
    line: int
    left: float
    right: float
    top: float
    bottom: float
    is_rtl: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """`text` is what was laid out. The box is `width` by `height`, what lies in it may be smaller or larger.

    `size` is the font's size that was used. `underline` and `strike` are where these lines would be: how far
    their middle is below the baseline, and how thick they are. `overflows`: something does not fit in the box;
    `is_cut`: lines were left out.
    """

    text: str
    size: float
    width: float
    height: float
    glyphs: tuple[Glyph, ...]
    lines: tuple[LineBox, ...]
    words: tuple[WordBox, ...]
    underline: tuple[float, float]
    strike: tuple[float, float]
    overflows: bool = False
    is_cut: bool = False
