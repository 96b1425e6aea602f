"""Where the lines of a paragraph end."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from ffmpeg_worker.raster.text.paragraph import Paragraph
from ffmpeg_worker.raster.text.shape_runs import Run, Spacing, shape

_SLACK = 0.01


@dataclass(frozen=True, slots=True)
class Line:
    """Characters `start` to `end` of a paragraph; `breaks_word`: it ends inside of a word."""

    start: int
    end: int
    breaks_word: bool = False


def wrap(paragraph: Paragraph, runs: list[Run], width: float, spacing: Spacing) -> list[Line]:
    """Lines that are as full as they can be; a word that is wider than a line is broken between clusters."""
    reach = _reach(paragraph, runs, spacing)
    lines: list[Line] = []
    start = 0
    last = 0
    for stop in paragraph.breaks:
        if _fits(paragraph.text, reach, start, stop, width, spacing):
            last = stop
            continue
        if last > start:
            lines.append(Line(start, last))
            start = last
        while not _fits(paragraph.text, reach, start, stop, width, spacing):
            cut = _last_cluster(paragraph, reach, start, stop, width + spacing.letter)
            if not paragraph.text[cut:stop].strip():  # what is left is the space after the word
                break
            lines.append(Line(start, cut, breaks_word=True))
            start = cut
        last = stop
    lines.append(Line(start, len(paragraph.text)))
    return lines


def _reach(paragraph: Paragraph, runs: list[Run], spacing: Spacing) -> Sequence[float]:
    """How far the pen has come before each character, were it all one line."""
    advances = [0.0] * len(paragraph.text)
    for run in runs:
        for glyph in shape(paragraph.text, run, spacing):
            advances[glyph.start] += glyph.advance
    return list(itertools.accumulate(advances, initial=0.0))


def _fits(text: str, reach: Sequence[float], start: int, stop: int, width: float, spacing: Spacing) -> bool:
    end = start + len(text[start:stop].rstrip())
    return reach[end] - reach[start] - spacing.letter <= width + _SLACK


def _last_cluster(paragraph: Paragraph, reach: Sequence[float], start: int, stop: int, width: float) -> int:
    """The end of the clusters that still fit, of one at least."""
    clusters = paragraph.clusters
    first, end = bisect.bisect_right(clusters, start), bisect.bisect_right(clusters, stop)
    widest = reach[start] + width + _SLACK
    fitting = bisect.bisect_right(clusters, widest, first, end, key=lambda place: reach[place])
    return clusters[max(fitting - 1, first)]
