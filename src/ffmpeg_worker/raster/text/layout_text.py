"""How large a text becomes: lines wrapped, cut, and shrunk to their box."""

from __future__ import annotations

import dataclasses
import math

from ffmpeg_worker.raster.text.font_library import FontChain, FontLibrary
from ffmpeg_worker.raster.text.layout import Layout
from ffmpeg_worker.raster.text.paragraph import paragraphs_of, written
from ffmpeg_worker.raster.text.place_lines import SetLine, longest, place_lines, set_line, words_of
from ffmpeg_worker.raster.text.shape_runs import Spacing, runs_of
from ffmpeg_worker.raster.text.wrap_lines import wrap
from ffmpeg_worker.scene.text_style import TextStyle

_SLACK = 0.01
_ELLIPSIS = "\u2026"


def measure(
    text: str,
    style: TextStyle,
    width: float | None = None,
    height: float | None = None,
    *,
    library: FontLibrary,
    most_width: float = math.inf,
) -> Layout:
    """Lay a text out.

    With `width` and `height` the box has that size, the background's padding within; what is not given is what
    the text takes, lines being wrapped at `most_width`.
    """
    text = written(text, style.transform)
    chain = library.chain(style.families, style.weight, style.is_italic)
    padding_x, padding_y = _padding(style)
    inner = max((most_width if width is None else width) - 2 * padding_x, 1.0)
    room = math.inf if height is None else max(height - 2 * padding_y, 0.0)
    size = _fitting_size(text, style, chain, inner, room) if style.fits else style.size
    sized = dataclasses.replace(style, size=size)
    text, lines, is_cut = _cut(text, sized, chain, inner)
    content_width, content_height = longest(lines), len(lines) * style.line_height * size
    box_width = content_width + 2 * padding_x if width is None else width
    box_height = content_height + 2 * padding_y if height is None else height
    free = box_height - 2 * padding_y - content_height
    top = padding_y + {"top": 0.0, "center": free / 2, "bottom": free}[style.vertical_align]
    first = chain.first(size)
    glyphs, boxes = place_lines(lines, sized, first, box_width - 2 * padding_x, (padding_x, top))
    return Layout(
        text,
        size,
        box_width,
        box_height,
        glyphs,
        boxes,
        words_of(text, glyphs, boxes),
        first.underline,
        first.strike,
        overflows=content_width > inner + _SLACK or content_height > room + _SLACK,
        is_cut=is_cut,
    )


def _padding(style: TextStyle) -> tuple[float, float]:
    return (style.background.padding_x, style.background.padding_y) if style.background else (0.0, 0.0)


def _lines(text: str, style: TextStyle, chain: FontChain, width: float) -> list[SetLine]:
    spacing = Spacing(style.letter_spacing, style.word_spacing)
    lines: list[SetLine] = []
    for paragraph in paragraphs_of(text, style.direction):
        runs = runs_of(paragraph.text, list(paragraph.clusters), list(paragraph.levels), chain, style.size)
        lines.extend(set_line(paragraph, line, runs, spacing) for line in wrap(paragraph, runs, width, spacing))
    return lines


def _cut(text: str, style: TextStyle, chain: FontChain, width: float) -> tuple[str, list[SetLine], bool]:
    """The lines, and with an ellipsis if there are more than `most_lines`."""
    lines = _lines(text, style, chain, width)
    most = style.most_lines
    if most is None or len(lines) <= most:
        return text, lines, False
    last = lines[most - 1]
    start = last.paragraph.start
    places = [start + place for place in last.paragraph.clusters if last.line.start < place <= last.line.end]
    low, high = 0, len(places) - 1
    best = text[: start + last.line.start].rstrip() + _ELLIPSIS
    while low <= high:
        middle = (low + high) // 2
        attempt = text[: places[middle]].rstrip() + _ELLIPSIS
        if len(_lines(attempt, style, chain, width)) <= most:
            best, low = attempt, middle + 1
        else:
            high = middle - 1
    return best, _lines(best, style, chain, width)[:most], True


def _fitting_size(text: str, style: TextStyle, chain: FontChain, width: float, height: float) -> float:
    """The largest size in quarters of a pixel at which no line is too long, no word broken and all lines fit."""

    def fits(size: float) -> bool:
        lines = _lines(text, dataclasses.replace(style, size=size), chain, width)
        if style.most_lines is not None and len(lines) > style.most_lines:
            return False
        is_whole = not any(line.line.breaks_word for line in lines)
        return (
            is_whole
            and longest(lines) <= width + _SLACK
            and len(lines) * style.line_height * size <= height + _SLACK
        )

    least = min(style.least_size, style.size)
    if fits(style.size):
        return style.size
    low, high = 0, math.ceil((style.size - least) * 4)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(least + middle / 4) else (low, middle)
    return least + low / 4
