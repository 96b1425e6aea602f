"""Transitions drawn by libavfilter's `xfade`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ffmpeg_worker.composition.transitions import TRANSITIONS
from ffmpeg_worker.raster.crop_masks import CROPPING
from ffmpeg_worker.raster.surfaces.bitmap import RgbaBitmap
from ffmpeg_worker.raster.surfaces.rgba_surface import RgbaSurface
from ffmpeg_worker.raster.surfaces.yuv_surface import YuvSurface
from ffmpeg_worker.raster.xfade import COLORING, TransitionMixer, Xfade


def _hills(turn: float) -> npt.NDArray[np.uint8]:
    y, x = np.mgrid[0:64, 0:96]
    colors = [90 + 80 * np.sin(x / 30 + turn * (i + 1) + y / 25) for i in range(3)]
    return np.dstack([*colors, np.full_like(colors[0], 200)]).astype(np.uint8)


def test_special_cases_name_transitions_that_mix() -> None:
    assert {TRANSITIONS[name].drawn_by for name in (*CROPPING, *COLORING, "distance")} == {"mix"}


DRAWN_BY_XFADE = [name for name, kind in TRANSITIONS.items() if kind.drawn_by != "color" and not kind.is_alone]


@pytest.mark.parametrize("name", DRAWN_BY_XFADE)
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


@pytest.mark.parametrize("name", [name for name, kind in TRANSITIONS.items() if not kind.is_alone])
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


@pytest.mark.parametrize(("name", "shade"), [("fade-black", (16, 0)), ("fade-white", (235, 255))])
@pytest.mark.parametrize("kind", [YuvSurface, RgbaSurface])
def test_a_fade_through_a_color_is_even_on_both_sides(
    name: str, shade: tuple[int, int], kind: type[YuvSurface] | type[RgbaSurface]
) -> None:
    def level(share: float) -> float:
        before, after = kind(96, 64), kind(96, 64)
        before.fill((0.3, 0.3, 0.3, 1))
        after.fill((0.7, 0.7, 0.7, 1))
        TransitionMixer().mix_surfaces(after, before, name, share)
        return float((after.planes[0] if isinstance(after, YuvSurface) else after.rgba[:, :, 0]).mean())

    flat = shade[0] if kind is YuvSurface else shade[1]
    assert level(0.5) == pytest.approx(flat, abs=1)
    for edge, quarter in ((0.001, 0.25), (0.999, 0.75)):
        assert level(quarter) == pytest.approx((level(edge) + flat) / 2, abs=1.5)


def test_an_element_fades_through_a_color_in_its_own_outline() -> None:
    rgba = np.zeros((8, 8, 4), np.uint8)
    rgba[2:6, 2:6] = (100, 50, 0, 200)
    mixer = TransitionMixer()

    def at(progress: float, *, is_leaving: bool = False) -> tuple[int, ...]:
        mixed = mixer.mix_with_nothing(RgbaBitmap(rgba), "fade-black", progress, is_leaving=is_leaving)
        assert isinstance(mixed, RgbaBitmap)
        assert not mixed.rgba[0, 0].any()
        return tuple(int(part) for part in mixed.rgba[3, 3])

    assert at(0.25) == at(0.75, is_leaving=True) == (0, 0, 0, 100)
    assert at(0.5) == (0, 0, 0, 200)
    assert at(0.75) == at(0.25, is_leaving=True) == (50, 25, 0, 200)
