"""Masks of glyphs, and their widening."""

from __future__ import annotations

import numpy as np
import pytest

from ffmpeg_worker.raster.text.draw_glyph import GlyphMask, draw_glyph, widen
from support.media.text_sources import LIBRARY

FONT = LIBRARY.chain(("Inter",), 400, False).first(40)


def _draw(letter: str, x: float, y: float) -> GlyphMask:
    mask = draw_glyph(FONT, FONT.harfbuzz.get_nominal_glyph(ord(letter)), x, y)
    assert mask is not None
    return mask


@pytest.mark.parametrize("width", [1.0, 20.0])
def test_an_outline_is_round_and_smooth_at_corners(width: float) -> None:
    square = GlyphMask(np.full((40, 40), 255, np.uint8), 0, 0)
    area = widen(square, width).pixels.sum() / 255
    assert area == pytest.approx(1600 + 4 * 40 * width + np.pi * width**2, rel=0.006)


def test_glyphs_start_at_quarters_of_a_pixel() -> None:
    whole, moved, nearly = (_draw("I", x, 0) for x in (10, 10.25, 10.3))
    assert not np.array_equal(whole.pixels, moved.pixels)
    assert np.array_equal(moved.pixels, nearly.pixels)


def test_a_mask_is_drawn_once_and_moved() -> None:
    first, second = _draw("g", 3, 5), _draw("g", 103, 15)
    assert second.pixels is first.pixels
    assert (second.x - first.x, second.y - first.y) == (100, 10)


def test_blank_glyphs_have_no_mask() -> None:
    assert draw_glyph(FONT, FONT.harfbuzz.get_nominal_glyph(ord(" ")), 0, 0) is None
