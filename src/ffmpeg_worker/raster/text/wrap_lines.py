"""Wraps shaped paragraphs into lines."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ffmpeg_worker.raster.text.bidi import visual_order
from ffmpeg_worker.raster.text.paragraph import Paragraph
from ffmpeg_worker.raster.text.shape_paragraphs import Run, ShapedGlyph, ShapedParagraph, clip_runs, shape_run

_TOLERANCE = 0.01
_MAX_BALANCED = 6
"""Lines of a paragraph that are all balanced."""

_BALANCED_AT_END = 3
_SHORT_LINE = 0.4
"""A last line shorter than this share of the width is avoided."""

_BALANCE_STEP = 1 / 512

_Span = tuple[int, int, bool]
"""Start and end of a line, and whether it ends within a word."""


@dataclass(frozen=True, slots=True)
class Line:
    """Characters `start` to `end` of a paragraph, with their glyphs from left to right, each with its run.

    `width` is that of the visible text. `breaks_word`: the line ends within a word.
    """

    paragraph: Paragraph
    start: int
    end: int
    breaks_word: bool
    glyphs: tuple[tuple[ShapedGlyph, Run], ...]
    width: float


def wrap_lines(paragraphs: Iterable[ShapedParagraph], width: float, *, balances: bool = False) -> list[Line]:
    """Return lines that are as full as possible; a word wider than a line is broken between clusters.

    With `balances`, the lines of a paragraph are about equally long if there are few, and the last ones if there
    are many and the last one is short. There are as many lines as without.
    """
    return [
        _shape_line(shaped, *span)
        for shaped in paragraphs
        for span in (_balance(shaped, width) if balances else _find_line_ends(shaped, width))
    ]


def max_line_width(lines: Iterable[Line]) -> float:
    """Return the width of the widest line."""
    return max((line.width for line in lines), default=0.0)


def _balance(shaped: ShapedParagraph, width: float) -> list[_Span]:
    """Return the lines of a paragraph, the first or last few of them balanced."""
    lines = list(_find_line_ends(shaped, width, keeps_phrases=True))
    full = list(_find_line_ends(shaped, width))
    if len(lines) > len(full):
        return full
    if any(breaks_word for _, _, breaks_word in lines) or len(lines) < 2:
        return lines
    kept = 0
    if len(lines) > _MAX_BALANCED:
        if _width(shaped, *lines[-1][:2]) > _SHORT_LINE * width:
            return lines
        kept = len(lines) - _BALANCED_AT_END
    start, count = lines[kept][0], len(lines) - kept
    best = lines[kept:]
    low, high = width / (2 * count), width
    while high - low > _BALANCE_STEP * width:
        middle = (low + high) / 2
        attempt = list(itertools.islice(_find_line_ends(shaped, middle, start, keeps_phrases=True), count + 1))
        if len(attempt) == count and not any(breaks_word for _, _, breaks_word in attempt):
            best, high = attempt, middle
        else:
            low = middle
    return [*lines[:kept], *best]


def _find_line_ends(
    shaped: ShapedParagraph, width: float, start: int = 0, *, keeps_phrases: bool = False
) -> Iterator[_Span]:
    """Yield the lines from a character on; with `keeps_phrases`, phrases are broken only if they do not fit."""
    paragraph = shaped.paragraph
    text = paragraph.text
    last = start
    for stop in paragraph.phrase_breaks if keeps_phrases else paragraph.breaks:
        if stop <= start:
            continue
        if _fits(shaped, start, stop, width):
            last = stop
            continue
        if last > start:
            yield start, last, False
            start = last
        while not _fits(shaped, start, stop, width):
            cut, breaks_word = _cut_phrase(shaped, start, stop, width)
            if not text[cut:stop].strip():  # only the space after the word is left
                break
            yield start, cut, breaks_word
            start = cut
        last = stop
    yield start, len(text), False


def _cut_phrase(shaped: ShapedParagraph, start: int, stop: int, width: float) -> tuple[int, bool]:
    """Return where a phrase that is wider than a line is broken, and whether that is within a word."""
    breaks = shaped.paragraph.breaks
    first, end = bisect.bisect_right(breaks, start), bisect.bisect_left(breaks, stop)
    fitting = bisect.bisect_left(breaks, True, first, end, key=lambda each: not _fits(shaped, start, each, width))
    if fitting > first:
        return breaks[fitting - 1], False
    return _find_last_cluster(shaped, start, stop, width + shaped.style.letter_spacing), True


def _fits(shaped: ShapedParagraph, start: int, stop: int, width: float) -> bool:
    return _width(shaped, start, stop) <= width + _TOLERANCE


def _width(shaped: ShapedParagraph, start: int, stop: int) -> float:
    end = start + len(shaped.paragraph.text[start:stop].rstrip())
    return shaped.positions[end] - shaped.positions[start] - shaped.style.letter_spacing


def _find_last_cluster(shaped: ShapedParagraph, start: int, stop: int, width: float) -> int:
    """Return the end of the clusters that fit into a width; of one cluster at least."""
    clusters = shaped.paragraph.clusters
    first, end = bisect.bisect_right(clusters, start), bisect.bisect_right(clusters, stop)
    limit = shaped.positions[start] + width + _TOLERANCE
    fitting = bisect.bisect_right(clusters, limit, first, end, key=lambda index: shaped.positions[index])
    return clusters[max(fitting - 1, first)]


def _shape_line(shaped: ShapedParagraph, start: int, end: int, breaks_word: bool) -> Line:
    """Shape the characters of a line again, as letters may look different at its ends."""
    text, style = shaped.paragraph.text, shaped.style
    visible_end = start + len(text[start:end].rstrip())
    parts = list(clip_runs(shaped.runs, start, visible_end))
    ordered = visual_order(parts, [run.level for run in parts])
    glyphs = tuple((glyph, run) for run in ordered for glyph in shape_run(text, run, style))
    width = sum(glyph.advance for glyph, _ in glyphs)
    width -= style.letter_spacing if glyphs else 0.0
    return Line(shaped.paragraph, start, end, breaks_word, glyphs, max(width, 0.0))
