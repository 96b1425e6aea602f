"""Transitions drawn by libavfilter's `xfade`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ffmpeg_worker.composition.transitions import TRANSITIONS
from ffmpeg_worker.raster.surfaces.rgba_surface import RgbaSurface
from ffmpeg_worker.raster.surfaces.yuv_surface import YuvSurface
from ffmpeg_worker.raster.xfade import COLORING, CROPPING, TransitionMixer, Xfade


def _hills(turn: float) -> npt.NDArray[np.uint8]:
    y, x = np.mgrid[0:64, 0:96]
    colors = [90 + 80 * np.sin(x / 30 + turn * (i + 1) + y / 25) for i in range(3)]
    return np.dstack([*colors, np.full_like(colors[0], 200)]).astype(np.uint8)


def test_special_cases_name_transitions_that_mix() -> None:
    assert {TRANSITIONS[name].drawn_by for name in (*CROPPING, *COLORING, "distance")} == {"mix"}


@pytest.mark.parametrize("name", TRANSITIONS)
def test_every_effect_leads_from_one_bitmap_to_the_other(name: str) -> None:
    xfade = Xfade(name, (96, 64), "gbrap")
    before, after = _hills(0.0), _hills(2.0)
    half = xfade.mix(before, after, 0.5)
    assert half.shape == before.shape
    # Lines at the edges may be left out close to the ends.
    begin, end = xfade.mix(before, after, 0.0), xfade.mix(before, after, 1.0)
    assert np.median(np.abs(begin.astype(int) - before)) <= 4
    assert np.median(np.abs(end.astype(int) - after)) <= 4
    assert np.array_equal(xfade.mix(before, after, 0.5), half) or name == "dissolve", "shares may go back"


@pytest.mark.parametrize("name", TRANSITIONS)
@pytest.mark.parametrize("kind", [YuvSurface, RgbaSurface])
def test_one_surface_becomes_another(name: str, kind: type[YuvSurface] | type[RgbaSurface]) -> None:
    mixer = TransitionMixer()

    def mixed(share: float) -> npt.NDArray[np.int64]:
        before, after = kind(96, 64), kind(96, 64)
        before.fill((0.2, 0.2, 0.2, 1))
        after.fill((0.7, 0.7, 0.7, 1))
        mixer.mix_surfaces(after, before, name, share)
        plane = after.planes[0] if isinstance(after, YuvSurface) else after.rgba[:, :, 0]
        return plane.astype(np.int64)

    low, high = (60, 169) if kind is YuvSurface else (51, 178)
    assert np.abs(mixed(0.0) - low).max() <= 1
    assert np.abs(mixed(1.0) - high).max() <= 1
    assert TRANSITIONS[name].drawn_by == "element" or not np.array_equal(mixed(0.55), mixed(0.0))
