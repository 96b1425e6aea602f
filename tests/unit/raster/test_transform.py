"""Affine transforms of points."""

from __future__ import annotations

import pytest

from ffmpeg_worker.raster.transform import (
    IDENTITY,
    Transform,
    bounds,
    compose,
    invert,
    is_translation,
    rotate,
    scale_by,
    translate,
)


def _apply(transform: Transform, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = transform
    return a * x + b * y + c, d * x + e * y + f


@pytest.mark.parametrize(
    ("transform", "point"),
    [
        (IDENTITY, (3, 2)),
        (translate(10, -1), (13, 1)),
        (scale_by(2, 3), (6, 6)),
        (rotate((0, 0), 90), (-2, 3)),  # clockwise: y points down
        (rotate((3, 2), 45, 7), (3, 2)),
        (rotate((1, 2), 180, 2), (-3, 2)),
    ],
)
def test_where_a_point_is_mapped(transform: Transform, point: tuple[float, float]) -> None:
    assert _apply(transform, 3, 2) == pytest.approx(point)


def test_compose_applies_the_first_transform_first() -> None:
    assert _apply(compose(translate(1, 0), scale_by(10, 10)), 3, 2) == (40, 20)


def test_the_inverse_undoes_a_transform() -> None:
    transform = compose(rotate((5, 6), 33, 1.7), translate(-4, 9))
    inverse = invert(transform)
    assert inverse is not None
    assert compose(transform, inverse) == pytest.approx(IDENTITY)


def test_a_transform_onto_a_line_has_no_inverse() -> None:
    assert invert(scale_by(0, 1)) is None


def test_bounds_of_a_rotated_box() -> None:
    assert bounds(rotate((10, 5), 90), 20, 10) == pytest.approx((5, -5, 15, 15))


def test_only_moves_are_translations() -> None:
    assert is_translation(translate(3.5, -2))
    assert not is_translation(scale_by(1.01, 1))
    assert not is_translation(rotate((0, 0), 1))
