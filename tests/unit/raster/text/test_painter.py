"""Painted text, measured in pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.scene.text_style import Background, Shadow, Stroke
from support.media.text_sources import drawn, on_canvas, text_source

WHITE, BLACK, CLEAR = (1.0, 1.0, 1.0, 1.0), (0.0, 0.0, 0.0, 1.0), (0.0, 0.0, 0.0, 0.0)


def test_colors_never_exceed_their_opacity() -> None:
    pixels = drawn(
        "Overlap 👩‍👩‍👧‍👦 ffi",
        weight=900,
        letter_spacing=-6,
        color=(1, 0.5, 0, 0.5),
        stroke=Stroke((0, 1, 1, 0.7), 4),
        shadows=(Shadow((1, 0, 1, 0.6), 3, 3, 9),),
        background=Background((1, 1, 1, 0.4), 8, 8, 10, per_line=True),
    )
    assert (pixels[..., :3].max(axis=2) <= pixels[..., 3]).all()
    assert pixels[..., 3].max() > 0.9


def test_letters_have_their_color_and_smooth_edges() -> None:
    pixels = drawn("Smooth", color=(1, 0.5, 0, 1))
    inside = pixels[pixels[..., 3] == 1]
    assert np.allclose(inside[:, :3], (1, 0.5, 0), atol=0.003)
    assert len(np.unique(pixels[..., 3])) > 60


def test_letters_have_subpixel_positions() -> None:
    def middle(letter_spacing: float) -> float:
        alpha = drawn("Il", align="left", letter_spacing=letter_spacing)[..., 3].sum(axis=0)
        return float(np.average(np.arange(len(alpha)), weights=alpha))

    # Only the second of two equal halves moves: the middle goes along half way.
    moved = [middle(step / 4) - middle(0) for step in range(5)]
    assert moved == pytest.approx([step / 8 for step in range(5)], abs=0.05)


@pytest.mark.parametrize("width", [1.0, 2.5, 8.0, 20.0])
def test_an_outline_is_as_wide_as_asked_on_every_side(width: float) -> None:
    options: dict[str, Any] = {"size": 120, "weight": 900}
    bare = drawn("I", **options)[..., 3]
    wide = drawn("I", stroke=Stroke(BLACK, width), **options)[..., 3]
    row, column = bare.shape[0] // 2, bare.shape[1] // 2
    assert wide[row].sum() - bare[row].sum() == pytest.approx(2 * width, abs=0.15)
    assert wide[:, column].sum() - bare[:, column].sum() == pytest.approx(2 * width, abs=0.15)


def test_an_outline_lies_outside_and_leaves_clear_letters_clear() -> None:
    solid = drawn("O", size=160, weight=900)[..., 3]
    hollow = drawn("O", size=160, weight=900, color=CLEAR, stroke=Stroke(WHITE, 5))[..., 3]
    both = drawn("O", size=160, weight=900, color=WHITE, stroke=Stroke(WHITE, 5))[..., 3]
    assert hollow[solid == 1].max() == 0
    # No seam shows between letter and outline.
    assert both.sum() == pytest.approx(hollow.sum() + solid.sum(), rel=0.002)


@pytest.mark.parametrize("blur", [0.0, 10.0, 15.0, 40.0])
def test_a_shadow_is_moved_and_as_blurred_as_in_css(blur: float) -> None:
    plain = drawn("I", size=200)[..., 3]
    shadow = drawn("I", size=200, color=CLEAR, shadows=(Shadow((1, 0, 0, 1), 12, -7, blur),))
    assert shadow[..., 0].sum() == pytest.approx(plain.sum(), rel=0.03)
    for axis, distance in ((0, 12), (1, -7)):
        places = np.arange(plain.shape[1 - axis])
        before, after = plain.sum(axis=axis), shadow[..., 3].sum(axis=axis)
        middle = np.average(places, weights=before)
        moved = np.average(places, weights=after)
        assert moved - middle == pytest.approx(distance, abs=0.1)
        spread = np.average((places - moved) ** 2, weights=after)
        spread -= np.average((places - middle) ** 2, weights=before)
        assert spread == pytest.approx((blur / 2) ** 2, rel=0.08, abs=0.01)


def test_a_background_goes_around_the_text_with_its_padding_and_round_corners() -> None:
    options: dict[str, Any] = {"size": 40, "width": 400.0, "color": CLEAR}
    box = drawn("ab", background=Background(BLACK, 20, 10, 0), **options)[..., 3]
    source = text_source("ab", background=Background(BLACK, 20, 10, 0), **options)
    line = source.layout.lines[0]
    assert box.sum() == pytest.approx((line.right - line.left + 40) * (48 + 20), rel=0.001)
    rounded = drawn("ab", background=Background(BLACK, 20, 10, 16), **options)[..., 3]
    assert box.sum() - rounded.sum() == pytest.approx((4 - np.pi) * 16**2, rel=0.03)


def test_boxes_of_lines_do_not_darken_where_they_overlap() -> None:
    look = Background((0, 0, 0, 0.5), 10, 12, 6, per_line=True)
    box = drawn("one line\nand another", color=CLEAR, background=look)[..., 3]
    assert box.max() == pytest.approx(0.5, abs=0.003)


def test_emoji_keep_their_colors_and_have_an_outline() -> None:
    pixels = drawn("❤️", size=100, color=(0, 1, 0, 1), stroke=Stroke((0, 0, 1, 1), 6))
    middle = pixels[pixels.shape[0] // 2, pixels.shape[1] // 2]
    assert middle[0] > 0.7
    assert middle[1] < 0.4
    assert ((pixels[..., 2] > 0.95) & (pixels[..., 0] < 0.05)).sum() > 300


def test_underline_and_strikethrough_span_the_text() -> None:
    source = text_source("a b", size=60, underline=True, strikethrough=True)
    alpha = on_canvas(source.render(0), source.size)[..., 3]
    line = source.layout.lines[0]
    full = [row for row in alpha if row.sum() >= line.right - line.left - 1]
    assert len(full) >= 4
    assert all(np.ptp(np.flatnonzero(row > 0.99)) >= line.right - line.left - 2 for row in full)


def test_invisible_text_is_an_empty_bitmap() -> None:
    assert drawn("").max() == 0
    assert drawn("  \n ", background=Background(BLACK, 5, 5)).max() == 0


@pytest.mark.parametrize(
    ("text", "size", "outline"), [("word " * 400, 400.0, 0.0), ("W", 6000.0, 0.0), ("W", 20.0, 9000.0)]
)
def test_too_large_text_is_refused(text: str, size: float, outline: float) -> None:
    with pytest.raises(RasterError) as raised:
        text_source(text, size=size, stroke=Stroke(BLACK, outline)).render(0)
    assert raised.value.code == "text_too_large"
