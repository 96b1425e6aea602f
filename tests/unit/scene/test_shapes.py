"""Shapes in drawn pixels: scaled SVG path data."""

from __future__ import annotations

import pytest

from ffmpeg_worker.scene.shapes import scale_path


@pytest.mark.parametrize(
    ("data", "scaled"),
    [
        ("M0 0L100,50-.5.5z", "M 0 0 L 50 25 -0.25 0.25 z"),
        ("M1e1 2H4V6", "M 5 1 H 2 V 3"),
        ("M0 0a10 20 30 1 0 4 6", "M 0 0 a 5 10 30 1 0 2 3"),
        ("M0 0A10 20-30 0110-20 8 8 0 00 2 2", "M 0 0 A 5 10 -30 0 1 5 -10 4 4 0 0 0 1 1"),
    ],
)
def test_lengths_are_scaled_and_angles_and_flags_are_not(data: str, scaled: str) -> None:
    assert scale_path(data, 0.5) == scaled


@pytest.mark.parametrize("data", ["10 10", "M0 0 X", "M0 0 A1 1 0 2 0 3 3", "url(#a)", "M 1e999x"])
def test_what_is_no_path_is_refused(data: str) -> None:
    with pytest.raises(ValueError, match="path data"):
        scale_path(data, 1.0)
