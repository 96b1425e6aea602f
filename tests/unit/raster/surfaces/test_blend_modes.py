"""Blend modes on both kinds of surfaces, compared with plain formulas."""

from __future__ import annotations

import numpy as np
import pytest

from ffmpeg_worker.raster.surfaces.bitmap import RgbaBitmap
from ffmpeg_worker.raster.surfaces.blend_modes import MODES
from ffmpeg_worker.raster.surfaces.placement import Placement
from ffmpeg_worker.raster.surfaces.rgba_surface import RgbaSurface
from ffmpeg_worker.raster.surfaces.yuv_surface import YuvSurface
from ffmpeg_worker.raster.transform import translate
from support.reference import blend as plain

WIDTH, HEIGHT = 96, 64


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "normal"])
def test_blend_modes(mode: str) -> None:
    below = (0.8, 0.3, 0.55)
    colors = [(r, g, b) for r in (0.0, 0.2, 0.7, 1.0) for g in (0.1, 0.6) for b in (0.35, 0.9)]
    rgba = np.array([[[*(round(c * 0.6 * 255) for c in color), 153]] * 4 for color in colors], np.uint8)
    bitmap = RgbaBitmap(np.repeat(rgba, 2, axis=0))
    yuv, rgb = YuvSurface(WIDTH, HEIGHT), RgbaSurface(WIDTH, HEIGHT)
    for surface in (yuv, rgb):
        surface.fill((*below, 1))
        surface.draw(bitmap, Placement(translate(6, 4), blend_mode=mode))
    got = plain.rgb_of(plain.full(*yuv.planes))
    for row, color in enumerate(colors):
        wanted = [0.4 * b + 0.6 * plain.blend(mode, b, s) for b, s in zip(below, color, strict=True)]
        assert rgb.rgba[4 + 2 * row, 8, :3] / 255 == pytest.approx(wanted, abs=0.02), color
        assert got[4 + 2 * row, 8] == pytest.approx(wanted, abs=0.045), color
    assert rgb.rgba[:, :, 3].min() == 255
