"""Shapes paragraphs: splits them into runs of one font, script and direction, and lets HarfBuzz choose glyphs."""

from __future__ import annotations

import functools
import itertools
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import uharfbuzz as hb
from fontTools.unicodedata import script as unicode_script

from ffmpeg_worker.raster.text.emoji import is_emoji
from ffmpeg_worker.raster.text.font import UNITS, Font
from ffmpeg_worker.raster.text.font_library import FontChain
from ffmpeg_worker.raster.text.paragraph import Paragraph
from ffmpeg_worker.scene.text_style import TextStyle

_COMMON, _INHERITED = "Zyyy", "Zinh"
_SPACES = frozenset(" \u00a0")
# Letters of these scripts are connected: no spacing between them.
_CURSIVE = frozenset({"Arab", "Syrc", "Nkoo", "Mong"})
_NO_LIGATURES = {"liga": False, "clig": False}


@dataclass(frozen=True, slots=True)
class Run:
    """Characters `start` to `end` of a paragraph that are shaped together."""

    start: int
    end: int
    font: Font
    level: int
    script: str


@dataclass(frozen=True, slots=True)
class ShapedGlyph:
    """A glyph of a run, for the characters of the paragraph from `start` on.

    `advance` moves the pen, `x` and `y` (downwards) offset the glyph from it; all in pixels.
    """

    index: int
    start: int
    advance: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class ShapedParagraph:
    """A paragraph with its runs in logical order.

    `positions` are the pen positions before each character, and at the end, if the paragraph were one line.
    """

    paragraph: Paragraph
    runs: tuple[Run, ...]
    style: TextStyle
    positions: Sequence[float]


def shape_paragraphs(paragraphs: Iterable[Paragraph], chain: FontChain, style: TextStyle) -> list[ShapedParagraph]:
    """Choose fonts and glyphs for paragraphs."""
    return [_shape_paragraph(paragraph, chain, style) for paragraph in paragraphs]


def _shape_paragraph(paragraph: Paragraph, chain: FontChain, style: TextStyle) -> ShapedParagraph:
    runs = _split_runs(paragraph, chain, style.size)
    advances = [0.0] * len(paragraph.text)
    for run in runs:
        for glyph in shape_run(paragraph.text, run, style):
            advances[glyph.start] += glyph.advance
    return ShapedParagraph(paragraph, tuple(runs), style, list(itertools.accumulate(advances, initial=0.0)))


def shape_run(text: str, run: Run, style: TextStyle) -> list[ShapedGlyph]:
    """Return the glyphs of a run, or of a part of one, from left to right."""
    buffer = hb.Buffer()
    buffer.add_str(text, run.start, run.end - run.start)
    buffer.direction = "rtl" if run.level % 2 else "ltr"
    buffer.script = run.script if run.script != _COMMON else "Latn"
    buffer.language = "en"
    buffer.not_found_glyph = run.font.missing
    is_spaced = style.letter_spacing != 0 and run.script not in _CURSIVE
    hb.shape(run.font.harfbuzz, buffer, _NO_LIGATURES if is_spaced else {})
    infos, positions = buffer.glyph_infos, buffer.glyph_positions
    glyphs: list[ShapedGlyph] = []
    for index, (info, position) in enumerate(zip(infos, positions, strict=True)):
        advance = position.x_advance / UNITS
        if index + 1 == len(infos) or infos[index + 1].cluster != info.cluster:
            advance += style.letter_spacing if is_spaced else 0.0
            advance += style.word_spacing if text[info.cluster] in _SPACES else 0.0
        x, y = position.x_offset / UNITS, -position.y_offset / UNITS
        glyphs.append(ShapedGlyph(info.codepoint, info.cluster, advance, x, y))
    return glyphs


def clip_runs(runs: Sequence[Run], start: int, end: int) -> Iterator[Run]:
    """Yield the parts of runs between two characters."""
    for run in runs if start < end else ():
        if run.start < end and run.end > start:
            yield Run(max(run.start, start), min(run.end, end), run.font, run.level, run.script)


@functools.lru_cache(maxsize=4096)
def find_script(letter: str) -> str:
    """Return the script of a letter or mark as ISO 15924 code; `Zyyy` for characters of no single script."""
    if not unicodedata.category(letter).startswith(("L", "M")):
        return _COMMON
    found = str(unicode_script(letter))
    return _COMMON if found == _INHERITED else found


def _split_runs(paragraph: Paragraph, chain: FontChain, size: float) -> list[Run]:
    text, levels = paragraph.text, paragraph.levels
    runs: list[Run] = []
    script = _COMMON
    for start, end in itertools.pairwise(paragraph.clusters):
        cluster = text[start:end]
        own = next((found for letter in cluster if (found := find_script(letter)) != _COMMON), _COMMON)
        script = own if own != _COMMON else script
        last = runs[-1] if runs else None
        keeps_font = last is not None and own == _COMMON and _can_keep_font(cluster, last.font)
        font = last.font if last and keeps_font else chain.font(cluster, size)
        is_same_script = last is not None and (own == _COMMON or last.script in {own, _COMMON})
        if last and is_same_script and (last.font, last.level) == (font, levels[start]):
            runs[-1] = Run(last.start, end, font, last.level, own if last.script == _COMMON else last.script)
        else:
            runs.append(Run(start, end, font, levels[start], script if own == _COMMON else own))
    return runs


def _can_keep_font(cluster: str, font: Font) -> bool:
    """Whether a space or punctuation is drawn in the font of the letters before it, whatever the font order."""
    if font.face.is_color or cluster.isdigit() or is_emoji(cluster):
        return False
    return all(ord(letter) in font.face.characters for letter in cluster)
