"""Crops in the middle, and how single elements enter with effects made for two pictures."""

from __future__ import annotations

import numpy as np
import pytest

from ffmpeg_worker.raster.crop_masks import crop_surfaces, draw_crop_mask
from ffmpeg_worker.raster.surfaces.bitmap import RgbaBitmap
from ffmpeg_worker.raster.surfaces.rgba_surface import RgbaSurface
from ffmpeg_worker.raster.surfaces.yuv_surface import YuvSurface
from ffmpeg_worker.raster.xfade import TransitionMixer

_CARD = RgbaBitmap(np.full((60, 100, 4), 255, np.uint8))


def _shares(name: str, *, is_leaving: bool) -> list[float]:
    """Return how much of a card is visible at twenty progresses."""
    shares = []
    for step in range(1, 20):
        shown = TransitionMixer().mix_with_nothing(_CARD, name, step / 20, is_leaving=is_leaving)
        shares.append(0.0 if shown is None else float(shown.rgba[..., 3].mean()) / 255)  # type: ignore[union-attr]
    return shares


@pytest.mark.parametrize(
    "name", ["circle-crop", "rect-crop", "circle-open", "circle-close", "squeeze-h", "squeeze-v"]
)
def test_a_single_element_grows_during_all_of_the_transition(name: str) -> None:
    coming, leaving = _shares(name, is_leaving=False), _shares(name, is_leaving=True)
    assert np.all(np.diff(coming) > -0.01)
    assert coming[1] > 0.001
    assert coming[-3] < 0.999
    assert np.all(np.diff(leaving) < 0.01)
    assert leaving[2] < 0.999
    assert leaving[-2] > 0.001


@pytest.mark.parametrize(("name", "axis"), [("squeeze-h", 0), ("squeeze-v", 1)])
def test_an_element_that_enters_squeezed_is_whole_and_in_the_middle(name: str, axis: int) -> None:
    marked = np.full((60, 100, 4), 255, np.uint8)
    marked[20:40, 35:65, :3] = 0
    shown = TransitionMixer().mix_with_nothing(RgbaBitmap(marked), name, 0.5)
    assert isinstance(shown, RgbaBitmap)
    line = shown.rgba[:, 50] if axis == 0 else shown.rgba[30]
    opacity = line[:, 3]
    assert opacity[len(opacity) // 2] == 255
    assert opacity[2] == opacity[-3] == 0
    assert line[len(line) // 2, 0] == 0, "its middle is in the middle"


@pytest.mark.parametrize("size", [(96, 64), (64, 96), (80, 80)])
def test_masks_have_smooth_edges_and_cover_all_in_the_end(size: tuple[int, int]) -> None:
    for name in ("circle-crop", "rect-crop"):
        assert (draw_crop_mask(name, size, 1.0) == 255).all()
        assert (draw_crop_mask(name, size, 0.0) == 0).all()
        half = draw_crop_mask(name, size, 0.4)
        assert np.array_equal(half, half[::-1, ::-1])
    radius = 0.4 * (np.hypot(*size) / 2 + 0.5)
    circle = draw_crop_mask("circle-crop", size, 0.4)
    if radius < min(size) / 2:
        assert circle.sum() / 255 == pytest.approx(np.pi * radius**2, rel=0.01)
    assert ((circle > 20) & (circle < 235)).sum() > radius, "the edge is smooth"


@pytest.mark.parametrize("kind", [YuvSurface, RgbaSurface])
def test_the_old_picture_shrinks_and_the_new_one_grows(kind: type[YuvSurface] | type[RgbaSurface]) -> None:
    for progress, level in ((0.25, 0.2), (0.75, 0.7)):
        before, after = kind(96, 64), kind(96, 64)
        before.fill((0.2, 0.2, 0.2, 1))
        after.fill((0.7, 0.7, 0.7, 1))
        crop_surfaces(after, before, "circle-crop", progress)
        plane = after.planes[0] if isinstance(after, YuvSurface) else after.rgba[:, :, 0]
        middle = 16 + 219 * level if kind is YuvSurface else 255 * level
        assert abs(int(plane[32, 48]) - middle) <= 1
        assert plane[1, 1] == (16 if kind is YuvSurface else 0)
        if isinstance(after, RgbaSurface):
            assert after.rgba[1, 1, 3] == 0
