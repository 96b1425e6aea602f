"""Lays out a text: collects its paragraphs, shapes them, wraps lines and places glyphs."""

from __future__ import annotations

import math
from dataclasses import replace

from ffmpeg_worker.raster.text.fit_text import cut_text, fit_size, overflows
from ffmpeg_worker.raster.text.font_library import FontLibrary
from ffmpeg_worker.raster.text.layout import Layout
from ffmpeg_worker.raster.text.paragraph import collect_paragraphs, normalize_text
from ffmpeg_worker.raster.text.place_lines import place_lines
from ffmpeg_worker.raster.text.shape_paragraphs import shape_paragraphs
from ffmpeg_worker.raster.text.wrap_lines import wrap_lines
from ffmpeg_worker.scene.text_style import TextStyle


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
    background = style.background
    padding = (background.padding_x, background.padding_y) if background else (0.0, 0.0)
    column_width = max((max_width if width is None else width) - 2 * padding[0], 1.0)
    column_height = math.inf if height is None else max(height - 2 * padding[1], 0.0)
    text = normalize_text(text, style.transform)
    chain = library.chain(style.families, style.weight, style.is_italic)
    if style.fits:
        style = fit_size(text, style, chain, column_width, column_height)
    text, is_cut = cut_text(text, style, chain, column_width)
    paragraphs = collect_paragraphs(text, style.direction)
    shaped = shape_paragraphs(paragraphs, chain, style)
    lines = wrap_lines(shaped, column_width)[: style.max_lines]
    layout = place_lines(text, lines, style, chain.first(style.size), (width, height), padding)
    return replace(layout, overflows=overflows(lines, style, column_width, column_height), is_cut=is_cut)
