"""Lays out a text: collects paragraphs, shapes them, wraps lines and places glyphs."""

from __future__ import annotations

import math
from dataclasses import replace

from ffmpeg_worker.raster.text.font_library import FontChain, FontLibrary
from ffmpeg_worker.raster.text.layout import Layout
from ffmpeg_worker.raster.text.paragraph import collect_paragraphs, normalize_text
from ffmpeg_worker.raster.text.place_lines import find_words, place_lines
from ffmpeg_worker.raster.text.shape_paragraph import Spacing, shape_paragraph
from ffmpeg_worker.raster.text.wrap_lines import Line, wrap_lines
from ffmpeg_worker.scene.text_style import TextStyle

_TOLERANCE = 0.01
_ELLIPSIS = "\u2026"


def layout_text(
    text: str,
    style: TextStyle,
    width: float | None = None,
    height: float | None = None,
    *,
    library: FontLibrary,
    max_width: float = math.inf,
) -> Layout:
    """Lay out a text.

    Args:
        text: as written.
        style: font, alignment, spacing, limits.
        width: of the box in pixels, with the padding of the background; `None` for the width of the text.
        height: of the box in pixels, likewise.
        library: the fonts.
        max_width: where lines wrap if there is no `width`.
    """
    text = normalize_text(text, style.transform)
    chain = library.chain(style.families, style.weight, style.is_italic)
    padding_x, padding_y = _padding(style)
    inner_width = max((max_width if width is None else width) - 2 * padding_x, 1.0)
    inner_height = math.inf if height is None else max(height - 2 * padding_y, 0.0)
    if style.fits:
        style = replace(style, size=_find_fitting_size(text, style, chain, inner_width, inner_height))
    text, lines, is_cut = _cut_lines(text, style, chain, inner_width)
    content_width, content_height = _max_width(lines), len(lines) * style.line_height * style.size
    box_width = content_width + 2 * padding_x if width is None else width
    box_height = content_height + 2 * padding_y if height is None else height
    free = box_height - 2 * padding_y - content_height
    top = padding_y + {"top": 0.0, "center": free / 2, "bottom": free}[style.vertical_align]
    first = chain.first(style.size)
    glyphs, boxes = place_lines(lines, style, first, box_width - 2 * padding_x, (padding_x, top))
    return Layout(
        text,
        style.size,
        box_width,
        box_height,
        glyphs,
        boxes,
        find_words(text, glyphs, boxes),
        first.underline,
        first.strike,
        overflows=content_width > inner_width + _TOLERANCE or content_height > inner_height + _TOLERANCE,
        is_cut=is_cut,
    )


def _padding(style: TextStyle) -> tuple[float, float]:
    return (style.background.padding_x, style.background.padding_y) if style.background else (0.0, 0.0)


def _break_lines(text: str, style: TextStyle, chain: FontChain, width: float) -> list[Line]:
    spacing = Spacing(style.letter_spacing, style.word_spacing)
    paragraphs = collect_paragraphs(text, style.direction)
    shaped = [shape_paragraph(paragraph, chain, style.size, spacing) for paragraph in paragraphs]
    return [line for paragraph in shaped for line in wrap_lines(paragraph, width)]


def _max_width(lines: list[Line]) -> float:
    return max((line.width for line in lines), default=0.0)


def _cut_lines(text: str, style: TextStyle, chain: FontChain, width: float) -> tuple[str, list[Line], bool]:
    """Return text and lines, shortened with an ellipsis if there are too many lines, and whether they are."""
    lines = _break_lines(text, style, chain, width)
    limit = style.max_lines
    if limit is None or len(lines) <= limit:
        return text, lines, False
    last = lines[limit - 1]
    start = last.paragraph.start
    ends = [start + cluster for cluster in last.paragraph.clusters if last.start < cluster <= last.end]
    low, high = 0, len(ends) - 1
    best = text[: start + last.start].rstrip() + _ELLIPSIS
    while low <= high:
        middle = (low + high) // 2
        attempt = text[: ends[middle]].rstrip() + _ELLIPSIS
        if len(_break_lines(attempt, style, chain, width)) <= limit:
            best, low = attempt, middle + 1
        else:
            high = middle - 1
    return best, _break_lines(best, style, chain, width)[:limit], True


def _find_fitting_size(text: str, style: TextStyle, chain: FontChain, width: float, height: float) -> float:
    """Return the largest font size, in quarters of a pixel, at which all lines fit and no word is broken."""

    def fits(size: float) -> bool:
        lines = _break_lines(text, replace(style, size=size), chain, width)
        if style.max_lines is not None and len(lines) > style.max_lines:
            return False
        return (
            not any(line.breaks_word for line in lines)
            and _max_width(lines) <= width + _TOLERANCE
            and len(lines) * style.line_height * size <= height + _TOLERANCE
        )

    min_size = min(style.min_size, style.size)
    if fits(style.size):
        return style.size
    low, high = 0, math.ceil((style.size - min_size) * 4)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(min_size + middle / 4) else (low, middle)
    return min_size + low / 4
