"""Wraps shaped paragraphs into lines."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ffmpeg_worker.raster.text.bidi import visual_order
from ffmpeg_worker.raster.text.paragraph import Paragraph
from ffmpeg_worker.raster.text.shape_paragraphs import Run, ShapedGlyph, ShapedParagraph, clip_runs, shape_run

_TOLERANCE = 0.01


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


def wrap_lines(paragraphs: Iterable[ShapedParagraph], width: float) -> list[Line]:
    """Return lines that are as full as possible; a word wider than a line is broken between clusters."""
    return [
        _shape_line(shaped, start, end, breaks_word)
        for shaped in paragraphs
        for start, end, breaks_word in _find_line_ends(shaped, width)
    ]


def max_line_width(lines: Iterable[Line]) -> float:
    """Return the width of the widest line."""
    return max((line.width for line in lines), default=0.0)


def _find_line_ends(shaped: ShapedParagraph, width: float) -> Iterator[tuple[int, int, bool]]:
    """Yield start and end of each line, and whether it ends within a word."""
    text = shaped.paragraph.text
    start = 0
    last = 0
    for stop in shaped.paragraph.breaks:
        if _fits(shaped, start, stop, width):
            last = stop
            continue
        if last > start:
            yield start, last, False
            start = last
        while not _fits(shaped, start, stop, width):
            cut = _find_last_cluster(shaped, start, stop, width + shaped.style.letter_spacing)
            if not text[cut:stop].strip():  # only the space after the word is left
                break
            yield start, cut, True
            start = cut
        last = stop
    yield start, len(text), False


def _fits(shaped: ShapedParagraph, start: int, stop: int, width: float) -> bool:
    end = start + len(shaped.paragraph.text[start:stop].rstrip())
    return shaped.positions[end] - shaped.positions[start] - shaped.style.letter_spacing <= width + _TOLERANCE


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
