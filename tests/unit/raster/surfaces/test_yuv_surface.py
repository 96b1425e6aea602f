"""Bitmaps drawn onto YUV surfaces, compared with plain formulas."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Pixels, RgbaBitmap, YuvBitmap
from ffmpeg_worker.raster.surfaces.placement import Placement
from ffmpeg_worker.raster.surfaces.yuv_surface import YuvSurface
from ffmpeg_worker.raster.transform import Transform, compose, invert, rotate, scale_by, translate
from support.media.still_sources import noise_bitmap
from support.reference import blend as plain

WIDTH, HEIGHT = 96, 64


def _noise(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def _soft_rgba_bitmap(width: int, height: int) -> RgbaBitmap:
    """Return a bitmap without edges sharper than a few pixels."""
    y, x = np.mgrid[0:height, 0:width]
    alpha = np.exp(-(((x - width / 2 + 0.5) / width * 4) ** 2 + ((y - height / 2 + 0.5) / height * 4) ** 2))
    color = np.dstack([0.5 + 0.5 * np.sin(x / 9), 0.5 + 0.5 * np.cos(y / 7), np.full_like(alpha, 0.7)])
    return RgbaBitmap(np.rint(np.dstack([color * alpha[:, :, None], alpha]) * 255).astype(np.uint8))


def _yuv_bitmap(width: int, height: int, seed: int = 1, alpha: Pixels | None = None) -> YuvBitmap:
    noise = _noise(seed)
    sizes = ((height, width), (height // 2, width // 2), (height // 2, width // 2))
    y, u, v = (cv2.GaussianBlur(noise.integers(16, 236, size, np.uint8), (0, 0), 2) for size in sizes)
    return YuvBitmap(y, u, v, alpha)  # type: ignore[arg-type]


def _flat(width: int, height: int, alpha: Pixels | None = None) -> YuvBitmap:
    return YuvBitmap(
        np.full((height, width), 200, np.uint8),
        np.full((height // 2, width // 2), 90, np.uint8),
        np.full((height // 2, width // 2), 150, np.uint8),
        alpha,
    )


def _surface() -> YuvSurface:
    surface = YuvSurface(WIDTH, HEIGHT)
    surface.draw(_yuv_bitmap(WIDTH, HEIGHT, 7), Placement())
    return surface


def _drawn(bitmap: Bitmap, placement: Placement) -> tuple[list[npt.NDArray[np.float64]], plain.Floats]:
    """Return the planes after drawing a bitmap, and the full-size pixels before."""
    surface = _surface()
    below = plain.full(*surface.planes)
    surface.draw(bitmap, placement)
    return [part.astype(np.float64) for part in surface.planes], below


def _off(planes: list[npt.NDArray[np.float64]], wanted: plain.Floats) -> float:
    return max(float(np.abs(a - b).max()) for a, b in zip(planes, plain.planes_of(wanted), strict=True))


def _back(transform: Transform) -> plain.Floats:
    way = invert(transform)
    assert way is not None
    return np.array(way).reshape(2, 3)


@pytest.mark.parametrize("x", [0, 5, 8, -7, WIDTH - 9])
@pytest.mark.parametrize("y", [0, 3, -6, HEIGHT - 5])
@pytest.mark.parametrize("size", [(20, 14), (21, 15)])
def test_an_rgba_bitmap_at_whole_pixels_matches_the_formula(x: int, y: int, size: tuple[int, int]) -> None:
    bitmap = noise_bitmap(*size)
    planes, below = _drawn(bitmap, Placement(translate(x, y)))
    wanted = plain.over(below, plain.laid(bitmap.rgba, (WIDTH, HEIGHT), plain.shift(x, y), fine=1))
    assert _off(planes, wanted) <= 1.75
    mean = np.mean([np.abs(a - b).mean() for a, b in zip(planes, plain.planes_of(wanted), strict=True)])
    assert mean <= 0.5


@pytest.mark.parametrize("opacity", [step / 16 for step in range(17)])
def test_opacity(opacity: float) -> None:
    bitmap, planes = noise_bitmap(30, 20), _flat(30, 20)
    drawn, below = _drawn(bitmap, Placement(translate(11, 6), opacity))
    laid = plain.laid(bitmap.rgba, (WIDTH, HEIGHT), plain.shift(11, 6), fine=1)
    assert _off(drawn, plain.over(below, laid, opacity)) <= 2.5
    drawn, below = _drawn(planes, Placement(translate(11, 6), opacity))
    wanted = below.copy()
    level = round(opacity * 255) / 255
    wanted[6:26, 11:41] = below[6:26, 11:41] * (1 - level) + np.array([200, 90, 150]) * level
    assert _off(drawn, wanted) <= 1.75


def test_a_bitmap_outside_of_the_surface_draws_nothing() -> None:
    for bitmap in (noise_bitmap(20, 14), _yuv_bitmap(20, 14)):
        for x, y in ((-20, 0), (WIDTH, 0), (0, -15), (3.5, HEIGHT + 1.5), (-500, 900)):
            for transform in (
                translate(x, y),
                compose(scale_by(0.5, 0.5), translate(x * 3, y * 3)) if x < -9 else translate(x, y),
            ):
                planes, below = _drawn(bitmap, Placement(transform))
                assert _off(planes, below) == 0 or abs(x) + abs(y) < 200


def test_an_opaque_bitmap_is_copied_exactly() -> None:
    surface = _surface()
    video = _yuv_bitmap(WIDTH, HEIGHT, 3)
    surface.draw(video, Placement())
    assert all(a is b for a, b in zip(surface.planes, (video.y, video.u, video.v), strict=True))
    assert b"".join(surface.buffers) == video.y.tobytes() + video.u.tobytes() + video.v.tobytes()
    inset = _yuv_bitmap(20, 10, 4)
    surface.draw(inset, Placement(translate(6, 8)))
    assert np.array_equal(surface.planes[0][8:18, 6:26], inset.y)
    assert np.array_equal(surface.planes[1][4:9, 3:13], inset.u)
    assert np.array_equal(video.y, _yuv_bitmap(WIDTH, HEIGHT, 3).y), "the bitmap below it is not drawn onto"
    assert len(surface.buffers) == 1
    assert bytes(surface.buffers[0]) == b"".join(part.tobytes() for part in surface.planes)


def test_transparent_pixels_change_nothing() -> None:
    clear = RgbaBitmap(np.zeros((20, 20, 4), np.uint8))
    for placement in (
        Placement(translate(3, 3)),
        Placement(translate(3.3, 3.4)),
        Placement(translate(3, 3), 0.5),
        Placement(translate(3, 3), blend_mode="screen"),
    ):
        planes, below = _drawn(clear, placement)
        assert _off(planes, below) == 0


@pytest.mark.parametrize(
    "transform",
    [
        translate(20.3, 11.6),
        compose(scale_by(1.4, 0.8), translate(-9.2, 10.1)),
        compose(scale_by(0.4, 0.4), translate(30.5, 20.5)),
        compose(translate(20, 10), rotate((45, 30), 30, 1.0)),
        compose(translate(20, 10), rotate((45, 30), -75, 0.7)),
    ],
)
def test_rgba_bitmaps_that_are_moved_scaled_and_rotated(transform: Transform) -> None:
    bitmap = _soft_rgba_bitmap(50, 40)
    planes, below = _drawn(bitmap, Placement(transform))
    wanted = plain.planes_of(plain.over(below, plain.laid(bitmap.rgba, (WIDTH, HEIGHT), _back(transform))))
    for part, plane in zip(planes, wanted, strict=True):
        assert np.abs(part - plane).mean() < 0.7
        assert np.abs(part - plane).max() < 8


@pytest.mark.parametrize(
    "transform",
    [
        translate(21, 11),
        translate(20.3, 11.6),
        compose(scale_by(1.4, 0.8), translate(-9.2, 10.1)),
        compose(scale_by(0.3, 0.4), translate(30.5, 20.5)),
        compose(translate(20, 10), rotate((45, 30), 30, 1.0)),
    ],
)
def test_yuv_bitmaps_cover_their_transformed_box(transform: Transform) -> None:
    drawn, below = _drawn(_flat(50, 40), Placement(transform))
    white = np.full((40, 50, 4), 255, np.uint8)
    share = plain.laid(white, (WIDTH, HEIGHT), _back(transform), fine=16)[:, :, 3:]
    wanted = plain.planes_of(below * (1 - share) + np.array([200.0, 90.0, 150.0]) * share)
    for part, plane in zip(drawn, wanted, strict=True):
        assert np.abs(part - plane).max() < 14
        assert np.abs(part - plane).mean() < 0.5


def test_yuv_bitmaps_with_an_alpha_plane() -> None:
    alpha = _noise().integers(0, 256, (20, 30), np.uint8)
    drawn, below = _drawn(_flat(30, 20, alpha), Placement(translate(7, 9)))
    share = (alpha / 255)[:, :, None]
    wanted = below.copy()
    wanted[9:29, 7:37] = below[9:29, 7:37] * (1 - share) + np.array([200, 90, 150]) * share
    assert _off(drawn, wanted) <= 1.75


def test_scaling_about_the_center_keeps_luma_and_chroma_aligned() -> None:
    video = YuvBitmap(
        *(
            np.tile(np.arange(n, dtype=np.uint8) * k + 20, (m, 1))
            for n, m, k in ((96, 64, 2), (48, 32, 4), (48, 32, 4))
        )
    )
    surface = _surface()
    surface.draw(video, Placement(rotate((WIDTH / 2, HEIGHT / 2), 0, 1.25)))
    wanted = ((np.arange(WIDTH) + 0.5 - 48) / 1.25 + 48 - 0.5) * 2 + 20
    assert np.abs(surface.planes[0] - wanted).max() <= 1
    wanted = ((np.arange(WIDTH // 2) + 0.5 - 24) / 1.25 + 24 - 0.5) * 4 + 20
    assert np.abs(surface.planes[1] - wanted).max() <= 1


def _centroid(plane: npt.NDArray[np.float64]) -> tuple[float, float]:
    y, x = np.mgrid[0 : plane.shape[0], 0 : plane.shape[1]]
    return float((plane * (x + 0.5)).sum() / plane.sum()), float((plane * (y + 0.5)).sum() / plane.sum())


@pytest.mark.parametrize("step", range(12))
def test_slow_motion_has_subpixel_positions(step: int) -> None:
    surface = YuvSurface(WIDTH, HEIGHT)
    surface.fill((0, 0, 0, 1))
    x, y = 20 + step * 0.173, 30 - step * 0.091
    white = RgbaBitmap(np.full((9, 13, 4), 255, np.uint8))
    surface.draw(white, Placement(translate(x, y)))
    assert _centroid(surface.planes[0].astype(np.float64) - 16) == pytest.approx((x + 6.5, y + 4.5), abs=0.1)


@pytest.mark.parametrize("degrees", [0, 15, 90, 137, 180, 271])
@pytest.mark.parametrize("kind", ["rgba", "yuv"])
def test_rotation_is_about_the_center(degrees: float, kind: str) -> None:
    surface = YuvSurface(WIDTH, HEIGHT)
    surface.fill((0, 0, 0, 1))
    bitmap = RgbaBitmap(np.full((14, 30, 4), 255, np.uint8)) if kind == "rgba" else _flat(30, 14)
    surface.draw(bitmap, Placement(compose(translate(31, 22), rotate((46, 29), degrees, 1.2))))
    assert _centroid(surface.planes[0].astype(np.float64) - 16) == pytest.approx((46, 29), abs=0.1)


def test_rotation_is_clockwise() -> None:
    rgba = np.zeros((20, 20, 4), np.uint8)
    rgba[:10] = 255
    surface = YuvSurface(WIDTH, HEIGHT)
    surface.fill((0, 0, 0, 1))
    surface.draw(RgbaBitmap(rgba), Placement(compose(translate(30, 20), rotate((40, 30), 90, 1))))
    assert _centroid(surface.planes[0].astype(np.float64) - 16) == pytest.approx((45, 30), abs=0.1)


@pytest.mark.parametrize("scale", [0.0, 1e-6])
def test_a_bitmap_scaled_to_nothing_draws_nothing(scale: float) -> None:
    for bitmap in (RgbaBitmap(np.full((20, 30, 4), 255, np.uint8)), _flat(30, 20)):
        drawn, below = _drawn(bitmap, Placement(rotate((40, 30), 10, scale)))
        assert _off(drawn, below) == 0
