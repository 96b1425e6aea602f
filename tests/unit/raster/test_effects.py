"""Rounded corners, clipping and blur."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ffmpeg_worker.raster.effects import blur, clip_rounded
from ffmpeg_worker.raster.surfaces.bitmap import Pixels, RgbaBitmap, YuvBitmap
from ffmpeg_worker.raster.surfaces.placement import Placement
from ffmpeg_worker.raster.surfaces.rgba_surface import RgbaSurface
from ffmpeg_worker.raster.transform import compose, translate
from support.media.still_sources import noise_bitmap


def _flat(width: int, height: int, alpha: Pixels | None = None) -> YuvBitmap:
    return YuvBitmap(
        np.full((height, width), 200, np.uint8),
        np.full((height // 2, width // 2), 90, np.uint8),
        np.full((height // 2, width // 2), 150, np.uint8),
        alpha,
    )


def _centroid(plane: npt.NDArray[np.float64]) -> tuple[float, float]:
    y, x = np.mgrid[0 : plane.shape[0], 0 : plane.shape[1]]
    return float((plane * (x + 0.5)).sum() / plane.sum()), float((plane * (y + 0.5)).sum() / plane.sum())


def test_round_corners() -> None:
    for bitmap in (RgbaBitmap(np.full((40, 60, 4), 255, np.uint8)), _flat(60, 40)):
        clipped = clip_rounded(bitmap, (0, 0, 60, 40), (12, 12))
        alpha = clipped.rgba[:, :, 3] if isinstance(clipped, RgbaBitmap) else clipped.alpha
        assert alpha is not None
        area = 60 * 40 - (4 - np.pi) * 12**2
        assert alpha.sum() / 255 == pytest.approx(area, abs=2)
        assert alpha[0, 0] == 0
        assert np.array_equal(alpha, alpha[::-1, ::-1])
        assert alpha[20, 0] == alpha[0, 30] == 255


def test_a_window_cuts_between_pixels() -> None:
    clipped = clip_rounded(_flat(60, 40), (10.5, 0, 30, 20.25), (0, 0))
    assert isinstance(clipped, YuvBitmap)
    assert clipped.alpha is not None
    assert clipped.alpha[5, 9:12].tolist() == [0, 128, 255]
    assert clipped.alpha[19:22, 15].tolist() == [255, 64, 0]


@pytest.mark.parametrize("sigma", [1.5, 6.0, 25.0])
@pytest.mark.parametrize("video", [False, True])
def test_blur_spreads_and_keeps_the_middle(sigma: float, video: bool) -> None:
    bitmap = _flat(30, 20) if video else RgbaBitmap(np.full((20, 30, 4), 255, np.uint8))
    blurred, transform = blur(bitmap, (sigma, sigma))
    surface = RgbaSurface(400, 300)
    surface.draw(blurred, Placement(compose(transform, translate(180, 130))))
    alpha = surface.rgba[:, :, 3].astype(np.float64)
    x, y = _centroid(alpha)
    assert (x, y) == pytest.approx((195, 140), abs=0.5)
    spread = (alpha.sum(axis=0) * (np.arange(400) + 0.5 - x) ** 2).sum() / alpha.sum()
    assert spread == pytest.approx(30**2 / 12 + sigma**2, rel=0.12)


@pytest.mark.parametrize("sigma", [6.0, 25.0])
@pytest.mark.parametrize("video", [False, True])
def test_a_blurred_dark_picture_has_no_bands(sigma: float, video: bool) -> None:
    ramp = np.tile(np.linspace(10, 20, 1024).round().astype(np.uint8), (256, 1))
    half = np.full((128, 512), 128, np.uint8)
    rgba = np.dstack([ramp, ramp, ramp, np.full_like(ramp, 255)])
    blurred, _ = blur(YuvBitmap(ramp, half, half) if video else RgbaBitmap(rgba), (sigma, sigma))
    plane = blurred.y if isinstance(blurred, YuvBitmap) else blurred.rgba[..., 0]
    height, width = plane.shape
    inner = plane[height // 2 - 16 : height // 2 + 16, width // 2 - 256 : width // 2 + 256].astype(int)
    steps = np.abs(np.diff(inner.mean(0)))
    # Half of the width of a step is mixed with its neighbors, by noise.
    assert steps.max() < 0.8
    assert (inner.min(0) != inner.max(0)).mean() > 0.15 * sigma / 6


def test_a_flat_area_stays_flat_when_blurred() -> None:
    blurred, _ = blur(_flat(300, 200), (25.0, 25.0))
    assert isinstance(blurred, YuvBitmap)
    assert (blurred.y == 200).all()
    assert (blurred.u == 90).all()


def test_a_wide_blur_is_computed_on_a_small_bitmap() -> None:
    for bitmap in (noise_bitmap(30, 20), _flat(30, 20)):
        blurred, transform = blur(bitmap, (900.0, 900.0))
        assert max(blurred.size) < 64
        assert transform[0] > 100
