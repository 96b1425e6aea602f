"""Shapes: coverage, strokes, gradients, changing colors, invalid data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.media.shape_source import ShapeSource
from ffmpeg_worker.raster.media.svg_source import rasterize
from ffmpeg_worker.raster.surfaces.bitmap import RgbaBitmap, YuvBitmap
from ffmpeg_worker.raster.surfaces.bt709 import to_rgba
from ffmpeg_worker.scene.content import Gradient, ShapeContent
from ffmpeg_worker.scene.curve import Curve, Key
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


_DARK = ((10 / 255,) * 3 + (1.0,), (24 / 255,) * 3 + (1.0,))


def _block_means(pixels: np.ndarray, side: int = 32) -> np.ndarray:
    height, width = (length // side for length in pixels.shape[:2])
    blocks = pixels[: height * side, : width * side].reshape(height, side, width, side)
    means: np.ndarray = blocks.astype(float).mean((1, 3))
    return means


def _longest_run(pixels: np.ndarray) -> int:
    edges = [np.flatnonzero(np.diff(row.astype(int), prepend=-1, append=-1)) for row in pixels]
    return max(int(np.diff(places).max()) for places in edges)


@pytest.mark.parametrize("angle", [0, 90, 63, 180])
@pytest.mark.parametrize("as_yuv", [False, True])
def test_dark_gradients_have_no_bands(angle: float, *, as_yuv: bool) -> None:
    width, height = 1920, 1088
    source = ShapeSource(ShapeContent("rect", Gradient(_DARK, angle=angle)), (width, height), as_yuv=as_yuv)
    bitmap = source.render(0.0)
    assert isinstance(bitmap, YuvBitmap if as_yuv else RgbaBitmap)
    plane = bitmap.y if isinstance(bitmap, YuvBitmap) else bitmap.rgba[..., 0]
    x, y = np.arange(width) + 0.5 - width / 2, np.arange(height)[:, None] + 0.5 - height / 2
    across, up = np.sin(np.radians(angle)), np.cos(np.radians(angle))
    share = 0.5 + (x * across - y * up) / (abs(width * across) + abs(height * up))
    ideal = 10 + 14 * share
    ideal = 16 + ideal * 219 / 255 if as_yuv else ideal
    assert np.abs(_block_means(plane) - _block_means(ideal)).max() < 0.05
    assert np.abs(plane - ideal).max() <= 1.5
    assert _longest_run(plane) <= 8
    assert _longest_run(plane.T) <= 8


def test_flat_parts_of_gradients_are_flat() -> None:
    stripes = Gradient((_RED, _RED, _BLUE, _BLUE), angle=90, stops=(0, 0.5, 0.5, 1))
    rgba = draw_content(ShapeContent("rect", stripes), (200, 100))
    assert (rgba[:, :100] == (255, 0, 0, 255)).all()
    assert (rgba[:, 100:] == (0, 0, 255, 255)).all()
    faded = draw_content(ShapeContent("rect", Gradient((_WHITE, _WHITE, _RED), stops=(0, 0.6, 1))), (20, 100))
    assert (faded[:59] == 255).all()


@pytest.mark.parametrize("as_yuv", [False, True])
def test_translucent_stops_are_mixed_by_their_opacity(*, as_yuv: bool) -> None:
    """CSS interpolates premultiplied colors: halfway, the opaque blue counts twice as much as half a red."""
    gradient = Gradient(((1.0, 0.0, 0.0, 0.5), _BLUE), angle=90)
    source = ShapeSource(ShapeContent("ellipse", gradient), (200, 100), as_yuv=as_yuv)
    bitmap = source.render(0.0)
    bitmap = to_rgba(bitmap) if isinstance(bitmap, YuvBitmap) else bitmap
    assert bitmap is not None
    rgba = bitmap.rgba
    middle = rgba[40:60, 98:102].astype(float).mean((0, 1))
    assert np.abs(middle - (63.75, 0, 127.5, 191.25)).max() < 2.5
    assert rgba[1, 1].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("is_radial", [False, True])
def test_gradients_lie_where_svg_draws_them(*, is_radial: bool) -> None:
    """Compared with resvg, which draws the same gradient in 8 bits."""
    width, height, angle = 320, 180, 37.0
    stops = '<stop offset=".1" stop-color="#f00"/><stop offset=".7" stop-color="#0f0"/><stop offset="1"/>'
    half = (width * np.sin(np.radians(angle)) + height * np.cos(np.radians(angle))) / 2
    x, y = np.sin(np.radians(angle)) * half, np.cos(np.radians(angle)) * half
    line = f'x1="{160 - x}" y1="{90 + y}" x2="{160 + x}" y2="{90 - y}"'
    circle = f'cx="0" cy="0" r="{0.5**0.5}" gradientTransform="translate(160 90) scale({width} {height})"'
    kind, place = ("radialGradient", circle) if is_radial else ("linearGradient", line)
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<{kind} id="g" gradientUnits="userSpaceOnUse" {place}>{stops}</{kind}>'
        f'<ellipse cx="160" cy="90" rx="160" ry="90" fill="url(#g)"/></svg>'
    )
    colors = (_RED, (0.0, 1.0, 0.0, 1.0), (0.0, 0.0, 0.0, 1.0))
    gradient = Gradient(colors, angle=angle, is_radial=is_radial, stops=(0.1, 0.7, 1))
    drawn = draw_content(ShapeContent("ellipse", gradient), (width, height)).astype(int)
    assert np.abs(drawn - rasterize(drawing)).max() <= 2
    for channel in range(4):
        means = _block_means(drawn[..., channel], 20) - _block_means(rasterize(drawing)[..., channel], 20)
        assert np.abs(means).max() < 0.5


def test_gradients_with_strokes_and_odd_sizes_are_drawn_as_rgba() -> None:
    gradient = Gradient((_RED, _RED))
    stroked = ShapeSource(ShapeContent("rect", gradient, stroke=_WHITE, stroke_width=10), (100, 60), as_yuv=True)
    bitmap = stroked.render(0.0)
    assert isinstance(bitmap, RgbaBitmap)
    assert bitmap.rgba[5, 50].tolist() == [255, 255, 255, 255]
    assert bitmap.rgba[30, 50].tolist() == [255, 0, 0, 255]
    odd = ShapeSource(ShapeContent("rect", gradient), (101, 60), as_yuv=True)
    assert isinstance(odd.render(0.0), RgbaBitmap)
    odd.resize((100, 60))
    assert isinstance(odd.render(0.0), RgbaBitmap)


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
