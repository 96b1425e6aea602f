"""Lays out a text: fits its size, shapes its paragraphs, wraps or cuts its lines and places glyphs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ffmpeg_worker.raster.text.font_library import FontChain, FontLibrary
from ffmpeg_worker.raster.text.layout import Layout
from ffmpeg_worker.raster.text.paragraph import collect_paragraphs, normalize_text
from ffmpeg_worker.raster.text.place_lines import place_lines
from ffmpeg_worker.raster.text.shape_paragraphs import shape_paragraphs
from ffmpeg_worker.raster.text.wrap_lines import Line, max_line_width, wrap_lines
from ffmpeg_worker.scene.curve import max_value
from ffmpeg_worker.scene.scene import Element
from ffmpeg_worker.scene.text_style import TextStyle

_TOLERANCE = 0.01
_ENLARGED_WIDTH = 4.0
"""Width of an enlarged word as a multiple of the font size."""

_ELLIPSIS = "\u2026"


def max_box(element: Element) -> tuple[float | None, float | None]:
    """Return the largest width and height of an element's box, `None` where it has none."""
    width, height = (None if side is None else max_value(side) for side in (element.width, element.height))
    return width, height


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

    `width` and `height` are those of the box in pixels, with the padding of the background; `None` for those of
    the text. Without a `width`, lines wrap at `max_width`.
    """
    column = _Column(max_width if width is None else width, math.inf if height is None else height)
    text = normalize_text(text, style.transform)
    chain = library.chain(style.families, style.weight, style.is_italic)
    style = _fit_size(text, style, chain, column)
    column_width, column_height = column.inside(style)
    text, is_cut = _cut_text(text, style, chain, column_width)
    lines = _break_lines(text, style, chain, column_width, balances=style.wrap == "balance" and not is_cut)
    lines = lines[: style.max_lines]
    layout = place_lines(text, lines, style, chain.first(style.size), (width, height), _padding(style))
    return replace(layout, overflows=_overflows(lines, style, column_width, column_height), is_cut=is_cut)


@dataclass(frozen=True, slots=True)
class _Column:
    """The largest width and height of a text with the padding of its background."""

    width: float
    height: float

    def inside(self, style: TextStyle) -> tuple[float, float]:
        """Return the largest width and height of the lines."""
        across, down = _padding(style)
        return max(self.width - 2 * across - _spare_width(style), 1.0), max(self.height - 2 * down, 0.0)


def _padding(style: TextStyle) -> tuple[float, float]:
    background = style.background
    return (background.padding_x, background.padding_y) if background else (0.0, 0.0)


def _spare_width(style: TextStyle) -> float:
    """Return the width that is left free for an enlarged word, as if it had seven letters."""
    scale = style.highlight.scale if style.highlight else 1.0
    return max(scale - 1, 0.0) * _ENLARGED_WIDTH * style.size


def _overflows(lines: Sequence[Line], style: TextStyle, width: float, height: float) -> bool:
    """Whether lines are wider or higher than a column."""
    content_height = len(lines) * style.line_height * style.size
    return max_line_width(lines) > width + _TOLERANCE or content_height > height + _TOLERANCE


def _fit_size(text: str, style: TextStyle, chain: FontChain, column: _Column) -> TextStyle:
    """Return the style with the largest font size, in quarters of a pixel, at which the text fits into a column.

    All lines fit and no word is broken, unless even the minimum size is too large.
    """
    if style.smallest is None:
        return style

    def fits(sized: TextStyle) -> bool:
        width, height = column.inside(sized)
        lines = _break_lines(text, sized, chain, width)
        if sized.max_lines is not None and len(lines) > sized.max_lines:
            return False
        return not (any(line.breaks_word for line in lines) or _overflows(lines, sized, width, height))

    largest = style.at_size(style.size)
    if fits(largest):
        return largest
    min_size = style.smallest.size
    low, high = 0, math.ceil((style.size - min_size) * 4)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(style.at_size(min_size + middle / 4)) else (low, middle)
    return style.at_size(min_size + low / 4)


def _cut_text(text: str, style: TextStyle, chain: FontChain, width: float) -> tuple[str, bool]:
    """Return a text with an ellipsis for what exceeds the maximum number of lines, and whether it was cut."""
    limit = style.max_lines
    if limit is None:
        return text, False
    lines = _break_lines(text, style, chain, width)
    if len(lines) <= limit:
        return text, False
    last = lines[limit - 1]
    start = last.paragraph.start
    ends = [start + cluster for cluster in last.paragraph.clusters if last.start < cluster <= last.end]
    best = text[: start + last.start].rstrip() + _ELLIPSIS
    low, high = 0, len(ends) - 1
    while low <= high:
        middle = (low + high) // 2
        attempt = text[: ends[middle]].rstrip() + _ELLIPSIS
        if len(_break_lines(attempt, style, chain, width)) <= limit:
            best, low = attempt, middle + 1
        else:
            high = middle - 1
    return best, True


def _break_lines(
    text: str, style: TextStyle, chain: FontChain, width: float, *, balances: bool = False
) -> list[Line]:
    shaped = shape_paragraphs(collect_paragraphs(text, style.direction), chain, style)
    return wrap_lines(shaped, width, balances=balances)
