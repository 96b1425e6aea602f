"""Content fitted into boxes, compared with values calculated by hand."""

from __future__ import annotations

import pytest

from ffmpeg_worker.composition.choices import Fit
from ffmpeg_worker.raster.media.object_fit import Axis, Span, fit_content, object_fit_scales, snap_to_pixels


@pytest.mark.parametrize(
    ("fit", "scales"),
    [
        ("fill", (0.5, 2.0)),
        ("cover", (2.0, 2.0)),
        ("contain", (0.5, 0.5)),
        ("contain-blur", (0.5, 0.5)),
        ("none", (1.0, 1.0)),
        ("scale-down", (0.5, 0.5)),
    ],
)
def test_scales(fit: Fit, scales: tuple[float, float]) -> None:
    assert object_fit_scales(fit, (200, 50), (100, 100)) == scales


def test_scale_down_does_not_enlarge() -> None:
    assert object_fit_scales("scale-down", (20, 10), (100, 100)) == (1.0, 1.0)


def test_cover_crops_both_sides_and_fills_the_box() -> None:
    fitted = fit_content("cover", (200, 50), (100, 100))
    assert fitted.x == Axis((0.375, 0.625), (0.0, 100.0))
    assert fitted.y == Axis((0.0, 1.0), (0.0, 100.0))
    assert fitted.fills_box


def test_contain_leaves_bars_on_both_sides() -> None:
    fitted = fit_content("contain", (200, 50), (100, 100))
    assert fitted.y == Axis((0.0, 1.0), (37.5, 62.5))
    assert not fitted.fills_box


def test_bars_are_rounded_to_even_pixels() -> None:
    assert snap_to_pixels(Axis((0.0, 1.0), (37.5, 62.5)), 50, 100) == Span((0, 50), 24, 0, 38, 24)


def test_a_crop_starts_at_even_pixels_and_keeps_the_scale() -> None:
    span = snap_to_pixels(Axis((0.375, 0.625), (0.0, 100.0)), 200, 100)
    assert span == Span((74, 52), 104, 2, 0, 100)
