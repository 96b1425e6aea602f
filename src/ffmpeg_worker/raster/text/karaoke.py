"""Highlights words while they are spoken."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ffmpeg_worker.raster.text.glyph_masks import UNCHANGED, GlyphGroup, GlyphTransform, RoundedBox
from ffmpeg_worker.raster.text.layout import Glyph, Layout
from ffmpeg_worker.raster.text.paragraph import normalize_text
from ffmpeg_worker.scene.curve import Color
from ffmpeg_worker.scene.scene import Word
from ffmpeg_worker.scene.text_style import Highlight

_MAX_HIGHLIGHTED_PAUSE_S = 0.25
_EDGE_STEPS = 4


@dataclass(frozen=True, slots=True)
class KaraokeState:
    """Number of words that have begun, the highlighted word, and the pixels of it that are filled."""

    begun: int
    highlighted: int | None
    edge: float | None = None


@dataclass(frozen=True, slots=True)
class _Piece:
    """The part of a word that is on one line."""

    glyphs: tuple[Glyph, ...]
    left: float
    right: float
    top: float
    bottom: float

    @property
    def is_rtl(self) -> bool:
        return self.glyphs[0].is_rtl

    @property
    def center(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


class Karaoke:
    """The words of a layout with the times at which they are spoken."""

    def __init__(self, words: Sequence[Word], layout: Layout, highlight: Highlight, transform: str) -> None:
        self._words = words
        self._highlight = highlight
        self._pieces = _find_pieces(words, layout, transform)
        known = {id(glyph) for pieces in self._pieces for piece in pieces for glyph in piece.glyphs}
        self._rest = tuple(glyph for glyph in layout.glyphs if id(glyph) not in known)

    def state_at(self, time_s: float) -> KaraokeState:
        """Return the state at a time; equal states look the same."""
        begun = sum(word.begin_s <= time_s for word in self._words)
        highlighted = begun - 1 if begun and time_s < self._highlighted_until(begun - 1) else None
        if highlighted is None or self._highlight.mode != "fill":
            return KaraokeState(begun, highlighted)
        word = self._words[highlighted]
        share = min((time_s - word.begin_s) / max(word.end_s - word.begin_s, 1e-6), 1.0)
        width = sum(piece.right - piece.left for piece in self._pieces[highlighted])
        return KaraokeState(begun, highlighted, round(share * width * _EDGE_STEPS) / _EDGE_STEPS)

    def groups(self, state: KaraokeState, color: Color) -> Iterator[GlyphGroup]:
        """Yield the glyphs in the colors of a state; the highlighted word last, on top."""
        highlight = self._highlight
        if highlight.mode != "appear" or state.begun == len(self._words):
            yield GlyphGroup(self._rest, color)
        spoken = highlight.said or (highlight.color if highlight.mode == "fill" else None) or color
        for index, pieces in enumerate(self._pieces):
            if index == state.highlighted or (highlight.mode == "appear" and index >= state.begun):
                continue
            for piece in pieces:
                yield GlyphGroup(piece.glyphs, spoken if index < state.begun else color)
        yield from self._highlighted_groups(state, color)

    def boxes(self, state: KaraokeState) -> list[RoundedBox]:
        """Return the boxes behind the highlighted word."""
        background = self._highlight.background
        if background is None or state.highlighted is None:
            return []
        pieces = self._pieces[state.highlighted]
        return [RoundedBox.behind(background, p.left, p.top, p.right, p.bottom) for p in pieces]

    def _highlighted_groups(self, state: KaraokeState, color: Color) -> Iterator[GlyphGroup]:
        highlight = self._highlight
        edge = state.edge
        for piece in self._pieces[state.highlighted] if state.highlighted is not None else ():
            is_above = highlight.scale != 1
            transform = GlyphTransform(scale=highlight.scale, center=piece.center) if is_above else UNCHANGED
            filled = highlight.color or color
            if edge is None:
                yield GlyphGroup(piece.glyphs, filled, transform, is_above=is_above)
                continue
            x = transform.apply(piece.right - edge if piece.is_rtl else piece.left + edge, 0)[0]
            yield GlyphGroup(piece.glyphs, color, transform, x, filled, piece.is_rtl, is_above=is_above)
            edge = max(edge - (piece.right - piece.left), 0.0)

    def _highlighted_until(self, index: int) -> float:
        """Return the end of a word's highlight, which lasts through a short pause."""
        end = self._words[index].end_s
        if index + 1 < len(self._words) and self._words[index + 1].begin_s - end <= _MAX_HIGHLIGHTED_PAUSE_S:
            return self._words[index + 1].begin_s
        return end


def _find_pieces(words: Sequence[Word], layout: Layout, transform: str) -> list[list[_Piece]]:
    """Return the pieces of each word; none for a word that the text does not contain."""
    found: list[list[_Piece]] = []
    position = 0
    for word in words:
        text = normalize_text(word.text, transform).strip()
        start = layout.text.find(text, position) if text else -1
        if start < 0:
            found.append([])
            continue
        position = start + len(text)
        inside = [glyph for glyph in layout.glyphs if start <= glyph.start < position]
        by_line = itertools.groupby(inside, key=lambda glyph: glyph.line)
        found.append([_make_piece(tuple(glyphs), layout) for _, glyphs in by_line])
    return found


def _make_piece(glyphs: tuple[Glyph, ...], layout: Layout) -> _Piece:
    line = layout.lines[glyphs[0].line]
    left, right = min(glyph.left for glyph in glyphs), max(glyph.right for glyph in glyphs)
    return _Piece(glyphs, left, right, line.top, line.bottom)
