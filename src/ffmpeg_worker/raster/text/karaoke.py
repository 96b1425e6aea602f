"""Highlights words while they are spoken."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ffmpeg_worker.raster.text.glyph_masks import UNCHANGED, GlyphGroup, GlyphTransform, RoundedBox
from ffmpeg_worker.raster.text.layout import Glyph, Layout
from ffmpeg_worker.raster.text.paragraph import normalize_text
from ffmpeg_worker.scene.content import Word
from ffmpeg_worker.scene.curve import Color
from ffmpeg_worker.scene.text_style import Highlight

_MAX_HIGHLIGHTED_PAUSE_S = 0.25
_EDGE_STEPS = 4
_CHANGE_S = 0.13
"""Time in which a word grows, shrinks or appears."""

_CHANGE_STEPS = 8
_MAX_CHANGING = 12
"""Words that may grow, shrink or appear at the same time."""


@dataclass(frozen=True, slots=True)
class KaraokeState:
    """Number of words that have begun, the highlighted word, and the pixels of it that are filled.

    `changing` are the words that are growing, shrinking or appearing, with the share that they have reached.
    """

    begun: int
    highlighted: int | None
    edge: float | None = None
    changing: tuple[tuple[int, float], ...] = ()


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
    def line(self) -> int:
        return self.glyphs[0].line

    @property
    def center(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


class Karaoke:
    """The words of a layout with the times at which they are spoken; `words` are in the order of the text."""

    def __init__(self, words: Sequence[Word], layout: Layout, highlight: Highlight) -> None:
        self._layout = layout
        self._highlight = highlight
        pieces = _find_pieces(words, layout)
        order = sorted(range(len(words)), key=lambda index: words[index].begin_s)
        self._words = [words[index] for index in order]
        self._pieces = [pieces[index] for index in order]
        known = {id(glyph) for word in pieces for piece in word for glyph in piece.glyphs}
        self._rest = tuple(glyph for glyph in layout.glyphs if id(glyph) not in known)

    def state_at(self, time_s: float) -> KaraokeState:
        """Return the state at a time; equal states look the same."""
        begun = sum(word.begin_s <= time_s for word in self._words)
        highlighted = begun - 1 if begun and time_s < self._highlighted_until(begun - 1) else None
        changing = tuple(self._find_changing(begun, highlighted, time_s))
        if highlighted is None or self._highlight.mode != "fill":
            return KaraokeState(begun, highlighted, changing=changing)
        word = self._words[highlighted]
        share = min((time_s - word.begin_s) / max(word.end_s - word.begin_s, 1e-6), 1.0)
        width = sum(piece.right - piece.left for piece in self._pieces[highlighted])
        return KaraokeState(begun, highlighted, round(share * width * _EDGE_STEPS) / _EDGE_STEPS, changing)

    def groups(self, state: KaraokeState, color: Color) -> Iterator[GlyphGroup]:
        """Yield the glyphs in the colors of a state; the highlighted word last, on top."""
        highlight = self._highlight
        if highlight.mode != "appear" or state.begun == len(self._words):
            yield GlyphGroup(self._rest, color)
        spoken = highlight.said or (highlight.color if highlight.mode == "fill" else None) or color
        transforms = self._transforms(state)
        for index, pieces in enumerate(self._pieces):
            if index == state.highlighted or (highlight.mode == "appear" and index >= state.begun):
                continue
            for piece in pieces:
                transform = transforms.get(id(piece), UNCHANGED)
                yield GlyphGroup(piece.glyphs, spoken if index < state.begun else color, transform)
        yield from self._highlighted_groups(state, color, transforms)

    def boxes(self, state: KaraokeState) -> list[RoundedBox]:
        """Return the boxes behind the highlighted word."""
        background = self._highlight.background
        if background is None or state.highlighted is None:
            return []
        transforms = self._transforms(state)
        boxes = []
        for piece in self._pieces[state.highlighted]:
            transform = transforms.get(id(piece), UNCHANGED)
            left, top = transform.apply(piece.left, piece.top)
            right, bottom = transform.apply(piece.right, piece.bottom)
            boxes.append(RoundedBox.behind(background, left, top, right, bottom))
        return boxes

    def _find_changing(self, begun: int, highlighted: int | None, time_s: float) -> Iterator[tuple[int, float]]:
        """Yield the words that are not at rest, with their share of the change."""
        appears, grows = self._highlight.mode == "appear", self._highlight.scale != 1
        for index in range(max(begun - _MAX_CHANGING, 0), begun) if appears or grows else ():
            share = _ease((time_s - self._words[index].begin_s) / _CHANGE_S)
            if grows and index != highlighted:
                following = self._words[index + 1 : begun]
                end_s = min([self._highlighted_until(index), *(word.begin_s for word in following[:1])])
                share = 1 - _ease((time_s - end_s) / _CHANGE_S)
            if (grows and share > 0) or (not grows and share < 1):
                yield index, share

    def _transforms(self, state: KaraokeState) -> dict[int, GlyphTransform]:
        """Return the transforms of pieces by their ids: grown words push the others of their line aside."""
        if self._highlight.mode == "appear" and self._highlight.scale == 1:
            return {
                id(piece): GlyphTransform(opacity=share)
                for index, share in state.changing
                for piece in self._pieces[index]
            }
        growth = {
            id(piece): (self._highlight.scale - 1) * share
            for index, share in state.changing
            for piece in self._pieces[index]
        }
        lines = {piece.line for index, _ in state.changing for piece in self._pieces[index]}
        transforms: dict[int, GlyphTransform] = {}
        for line in lines:
            pieces = sorted((p for word in self._pieces for p in word if p.line == line), key=lambda p: p.left)
            added = [growth.get(id(piece), 0.0) * (piece.right - piece.left) for piece in pieces]
            shift = -sum(added) * self._pivot(pieces[0])
            for piece, width in zip(pieces, added, strict=True):
                scale = 1 + growth.get(id(piece), 0.0)
                transforms[id(piece)] = GlyphTransform(x=shift + width / 2, scale=scale, center=piece.center)
                shift += width
        return transforms

    def _pivot(self, piece: _Piece) -> float:
        """Return the point of a line that stays in place when it grows, as a share of its width."""
        align = self._layout.style.align
        if align in {"start", "end", "justify"}:
            return float((align == "end") != piece.is_rtl)
        return {"left": 0.0, "right": 1.0}.get(align, 0.5)

    def _highlighted_groups(
        self, state: KaraokeState, color: Color, transforms: dict[int, GlyphTransform]
    ) -> Iterator[GlyphGroup]:
        highlight = self._highlight
        edge = state.edge
        is_above = highlight.scale != 1
        for piece in self._pieces[state.highlighted] if state.highlighted is not None else ():
            transform = transforms.get(id(piece), UNCHANGED)
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


def _ease(progress: float) -> float:
    """Return an eased share of a change, in few steps, so that few pictures differ."""
    left = 1 - min(max(progress, 0.0), 1.0)
    return round((1 - left**3) * _CHANGE_STEPS) / _CHANGE_STEPS


def _find_pieces(words: Sequence[Word], layout: Layout) -> list[list[_Piece]]:
    """Return the pieces of each word; none for a word that the text does not contain."""
    found: list[list[_Piece]] = []
    position = 0
    for word in words:
        text = normalize_text(word.text, layout.style.transform).strip()
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
