"""Words that are marked while they are said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ffmpeg_worker.raster.text.glyph_masks import STILL, Box, GlyphTransform, Group
from ffmpeg_worker.raster.text.layout import Glyph, Layout
from ffmpeg_worker.raster.text.paragraph import written
from ffmpeg_worker.scene.curve import Color
from ffmpeg_worker.scene.scene import Word
from ffmpeg_worker.scene.text_style import Highlight

_SHORT_PAUSE_S = 0.25
_EDGE_STEPS = 4


@dataclass(frozen=True, slots=True)
class Moment:
    """What is said: how many words have begun, which is marked (or none), how much of that is coloured (px)."""

    begun: int
    marked: int | None
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
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


class Karaoke:
    """The words of a layout with their times."""

    def __init__(self, words: Sequence[Word], layout: Layout, highlight: Highlight, transform: str) -> None:
        self._words = words
        self._highlight = highlight
        self._pieces = _pieces(words, layout, transform)
        known = {id(glyph) for pieces in self._pieces for piece in pieces for glyph in piece.glyphs}
        self._rest = tuple(glyph for glyph in layout.glyphs if id(glyph) not in known)

    def moment(self, time_s: float) -> Moment:
        """What is said at a time; equal moments look the same."""
        begun = sum(word.begin_s <= time_s for word in self._words)
        marked = begun - 1 if begun and time_s < self._marked_until(begun - 1) else None
        if marked is None or self._highlight.mode != "fill":
            return Moment(begun, marked)
        word = self._words[marked]
        share = min((time_s - word.begin_s) / max(word.end_s - word.begin_s, 1e-6), 1.0)
        width = sum(piece.right - piece.left for piece in self._pieces[marked])
        return Moment(begun, marked, round(share * width * _EDGE_STEPS) / _EDGE_STEPS)

    def groups(self, moment: Moment, colour: Color) -> Iterator[Group]:
        """The letters in the colours of a moment; the marked word last, on top."""
        look = self._highlight
        if look.mode != "appear" or moment.begun == len(self._words):
            yield Group(self._rest, colour)
        said = look.said or (look.colour if look.mode == "fill" else None) or colour
        for index, pieces in enumerate(self._pieces):
            if index == moment.marked or (look.mode == "appear" and index >= moment.begun):
                continue
            for piece in pieces:
                yield Group(piece.glyphs, said if index < moment.begun else colour)
        yield from self._marked(moment, colour)

    def boxes(self, moment: Moment) -> list[Box]:
        """The box behind the word that is said."""
        look = self._highlight.background
        if look is None or moment.marked is None:
            return []
        return [Box.behind(look, p.left, p.top, p.right, p.bottom) for p in self._pieces[moment.marked]]

    def _marked(self, moment: Moment, colour: Color) -> Iterator[Group]:
        look = self._highlight
        edge = moment.edge
        for piece in self._pieces[moment.marked] if moment.marked is not None else ():
            move = STILL if look.scale == 1 else GlyphTransform(scale=look.scale, about=piece.middle)
            if edge is None:
                yield Group(piece.glyphs, look.colour or colour, move, is_above=move != STILL)
                continue
            place = piece.right - edge if piece.is_rtl else piece.left + edge
            place = move.point(place, 0)[0]
            before = look.colour or colour
            yield Group(piece.glyphs, colour, move, place, before, piece.is_rtl, is_above=move != STILL)
            edge = max(edge - (piece.right - piece.left), 0.0)

    def _marked_until(self, index: int) -> float:
        """A short pause does not take the mark away."""
        end = self._words[index].end_s
        if index + 1 < len(self._words) and self._words[index + 1].begin_s - end <= _SHORT_PAUSE_S:
            return self._words[index + 1].begin_s
        return end


def _pieces(words: Sequence[Word], layout: Layout, transform: str) -> list[list[_Piece]]:
    """Each word's parts; none for a word that the text has not."""
    found: list[list[_Piece]] = []
    place = 0
    for word in words:
        text = written(word.text, transform).strip()
        start = layout.text.find(text, place) if text else -1
        if start < 0:
            found.append([])
            continue
        place = start + len(text)
        by_line: dict[int, list[Glyph]] = {}
        for glyph in layout.glyphs:
            if start <= glyph.start < place:
                by_line.setdefault(glyph.line, []).append(glyph)
        found.append([_piece(glyphs, layout) for glyphs in by_line.values()])
    return found


def _piece(glyphs: list[Glyph], layout: Layout) -> _Piece:
    line = layout.lines[glyphs[0].line]
    left, right = min(glyph.left for glyph in glyphs), max(glyph.right for glyph in glyphs)
    return _Piece(tuple(glyphs), left, right, line.top, line.bottom)
