"""The boxes behind lines are one area without dents."""

from __future__ import annotations

import numpy as np
import pytest

from ffmpeg_worker.raster.text.line_boxes import draw_line_boxes

RADIUS = 8.0


def test_lines_of_similar_width_have_straight_sides() -> None:
    plane = draw_line_boxes(200, 90, [(20, 10, 180, 40), (24.6, 36, 175.2, 62), (15, 60, 185, 84)], RADIUS)
    middle = plane[18:76]
    assert (np.unique(middle[:, :15]) == 0).all()
    assert (middle[:, 15:185] == 255).all()
    assert (np.unique(middle[:, 185:]) == 0).all()


def test_outer_and_inner_corners_are_round() -> None:
    plane = draw_line_boxes(200, 90, [(60, 10, 140, 40), (20, 36, 180, 70)], RADIUS).astype(float) / 255
    quarter = RADIUS**2 * (1 - np.pi / 4)
    whole = 80 * 26 + 160 * 34
    # Six outer corners lose what two inner corners gain.
    assert plane.sum() == pytest.approx(whole - 6 * quarter + 2 * quarter, rel=0.002)
    assert plane[37, 22] < 0.1
    assert plane[34, 58] > 0.6
    assert plane[26, 58] == 0


def test_boxes_of_lines_with_a_gap_are_separate() -> None:
    plane = draw_line_boxes(100, 100, [(10, 10, 90, 30), (10, 50, 90, 70)], RADIUS)
    assert not plane[31:49].any()
    assert plane[29, 10] < 200
    assert plane[50, 10] < 200


def test_a_radius_larger_than_a_line_makes_it_a_pill() -> None:
    plane = draw_line_boxes(100, 40, [(10, 10, 90, 30)], 500)
    assert plane[20, 10] > 200
    assert plane[11, 12] == 0
    assert plane.sum() / 255 == pytest.approx(80 * 20 - 400 * (1 - np.pi / 4), rel=0.01)


@pytest.mark.parametrize("radius", [0.0, 3.5, 12.0])
def test_wide_differences_keep_the_width_of_each_line(radius: float) -> None:
    boxes = [(10.0, 0.0, 190.0, 40.0), (60.0, 36.0, 140.0, 80.0), (10.0, 76.0, 190.0, 120.0)]
    plane = draw_line_boxes(200, 120, boxes, radius)
    assert [int((plane[row] == 255).sum()) for row in (20, 58, 100)] == [180, 80, 180]
