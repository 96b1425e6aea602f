"""Bitmaps drawn onto RGBA surfaces, compared with plain formulas."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ffmpeg_worker.raster.surfaces.bitmap import RgbaBitmap, YuvBitmap
from ffmpeg_worker.raster.surfaces.placement import Placement
from ffmpeg_worker.raster.surfaces.rgba_surface import RgbaSurface
from ffmpeg_worker.raster.surfaces.yuv_surface import YuvSurface
from ffmpeg_worker.raster.transform import compose, rotate, translate
from support.media.still_sources import noise_bitmap
from support.reference import blend as plain

WIDTH, HEIGHT = 96, 64
_BACKGROUND = (0.9, 0.4, 0.1, 1.0)


def test_edges_have_no_dark_fringe() -> None:
    rgba = np.zeros((30, 30, 4), np.uint8)
    cv2.circle(rgba, (15, 15), 11, (255, 255, 255, 255), -1, cv2.LINE_AA)
    for surface in (YuvSurface(WIDTH, HEIGHT), RgbaSurface(WIDTH, HEIGHT)):
        surface.fill((1, 1, 1, 1))
        surface.draw(RgbaBitmap(rgba), Placement(compose(translate(20.4, 10.3), rotate((40, 30), 33, 1.3))))
        surface.draw(RgbaBitmap(rgba), Placement(translate(50.5, 20.5), 0.6))
        plane, white = (surface.planes[0], 235) if isinstance(surface, YuvSurface) else (surface.rgba, 255)
        assert int(plane.min()) >= white - 1


def test_blending_over_transparent_pixels_changes_nothing() -> None:
    surface = RgbaSurface(WIDTH, HEIGHT)
    bitmap = noise_bitmap(20, 20)
    surface.draw(bitmap, Placement(translate(4, 4), blend_mode="multiply"))
    assert np.abs(surface.rgba[4:24, 4:24].astype(int) - bitmap.rgba).max() <= 1


def test_rgba_over_rgba() -> None:
    surface = RgbaSurface(WIDTH, HEIGHT)
    first, second = noise_bitmap(40, 30, 1), noise_bitmap(40, 30, 2)
    surface.draw(first, Placement(translate(5, 5)))
    surface.draw(second, Placement(translate(9, 2), 0.5))
    under = plain.laid(first.rgba, (WIDTH, HEIGHT), plain.shift(5, 5), fine=1)
    above = plain.laid(second.rgba, (WIDTH, HEIGHT), plain.shift(9, 2), fine=1) * 128 / 255
    assert np.abs(surface.rgba - (above + under * (1 - above[:, :, 3:])) * 255).max() <= 1.5
    straight = surface.to_straight()
    visible = surface.rgba[:, :, 3] > 200
    wanted = surface.rgba[visible][:, :3] * 255.0 / surface.rgba[visible][:, 3:]
    assert np.abs(straight[visible][:, :3] - wanted).max() <= 1


def test_yuv_and_rgba_bitmaps_of_one_color_look_the_same() -> None:
    surface = YuvSurface(WIDTH, HEIGHT)
    surface.fill(_BACKGROUND)
    planes = YuvBitmap(*(part.copy() for part in surface.planes))
    assert [int(part[0, 0]) for part in surface.planes] == [
        round(v) for v in plain.yuv_of(np.array(_BACKGROUND[:3]))
    ]
    rgba = RgbaSurface(WIDTH, HEIGHT)
    rgba.draw(planes, Placement())
    assert rgba.rgba[5, 5] / 255 == pytest.approx(_BACKGROUND, abs=0.015)
    surface.draw(RgbaBitmap(rgba.rgba), Placement(translate(1, 1)))
    assert all(
        np.abs(a.astype(int) - b).max() <= 1
        for a, b in zip(surface.planes, (planes.y, planes.u, planes.v), strict=True)
    )
