"""Shapes: coverage, strokes, gradients, changing colors, invalid data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.surfaces.bitmap import RgbaBitmap
from ffmpeg_worker.scene.curve import Curve, Key
from ffmpeg_worker.scene.scene import Gradient, ShapeContent
from support.media.opened_sources import draw_content, open_content

_RED, _BLUE, _WHITE = (1.0, 0.0, 0.0, 1.0), (0.0, 0.0, 1.0, 1.0), (1.0, 1.0, 1.0, 1.0)


def test_strokes_lie_inside_and_corners_are_round() -> None:
    rgba = draw_content(ShapeContent("rect", _RED, stroke=_WHITE, stroke_width=10, radius=20), (100, 60))
    assert rgba[0, 50].tolist() == rgba[30, 0].tolist() == rgba[9, 50].tolist() == [255, 255, 255, 255]
    assert rgba[11, 50].tolist() == [255, 0, 0, 255]
    assert rgba[0, 0].tolist() == [0, 0, 0, 0]
    assert rgba[6, 6, 3] == 255
    assert rgba[4, 4, 3] == 0


def test_ellipses_polygons_stars_lines_and_paths_cover_what_they_should() -> None:
    def share(content: ShapeContent) -> float:
        return float(draw_content(content, (100, 60))[..., 3].mean()) / 255

    assert share(ShapeContent("ellipse", _RED)) == pytest.approx(np.pi / 4, abs=0.01)
    assert share(ShapeContent("polygon", _RED, points=((0, 60), (50, 0), (100, 60)))) == pytest.approx(
        0.5, abs=0.01
    )
    assert share(ShapeContent("star", _RED)) == pytest.approx(0.31, abs=0.03)
    assert share(ShapeContent("path", _RED, path="M0 0 H50 V60 H0Z")) == pytest.approx(0.5, abs=0.01)
    assert share(ShapeContent("line", _RED, stroke_width=6)) == pytest.approx(0.1, abs=0.005)
    dashed = ShapeContent("line", None, stroke=_RED, stroke_width=6, dash=(5, 5))
    assert share(dashed) == pytest.approx(0.05, abs=0.006)


@pytest.mark.parametrize(
    ("angle", "red", "blue"), [(0, (50, 79), (50, 0)), (90, (0, 40), (99, 40)), (135, (0, 0), (99, 79))]
)
def test_gradients_have_the_angles_of_css(angle: float, red: tuple[int, int], blue: tuple[int, int]) -> None:
    rgba = draw_content(ShapeContent("rect", Gradient((_RED, _BLUE), angle=angle)), (100, 80)).astype(int)
    assert np.abs(rgba[red[1], red[0]] - (255, 0, 0, 255)).max() <= 4
    assert np.abs(rgba[blue[1], blue[0]] - (0, 0, 255, 255)).max() <= 4
    assert np.abs(rgba[40, 50] - (128, 0, 128, 255)).max() <= 4


def test_a_gradient_to_transparent_keeps_its_color() -> None:
    rgba = draw_content(ShapeContent("rect", Gradient((_WHITE, (0, 0, 0, 0)), angle=90)), (100, 10)).astype(int)
    assert np.abs(rgba[5, :, 0] - rgba[5, :, 3]).max() <= 1
    assert abs(int(rgba[5, 50, 3]) - 128) <= 4


def test_a_shape_is_drawn_again_only_when_its_color_changes() -> None:
    fill = Curve((Key(1.0, _RED), Key(2.0, _BLUE)))
    source = open_content(ShapeContent("rect", fill), Path(), (10, 10))
    before = source.render(0.0)
    assert source.render(0.9) is before
    after = source.render(1.5)
    assert isinstance(after, RgbaBitmap)
    assert np.abs(after.rgba[5, 5].astype(int) - (128, 0, 128, 255)).max() <= 1


@pytest.mark.parametrize(
    "shape",
    [
        ShapeContent("path", _RED, path='M0 0"/><image href="/etc/hostname"/>'),
        ShapeContent("path", _RED, path="M0 0L" * 100_000),
        ShapeContent("polygon", _RED, points=((0, float("nan")),)),
    ],
)
def test_an_invalid_shape_is_refused(shape: ShapeContent) -> None:
    with pytest.raises(RasterError) as caught:
        open_content(shape, Path(), (10, 10), "layers[2]")
    assert (caught.value.code, caught.value.where) == ("invalid_shape", "layers[2]")
