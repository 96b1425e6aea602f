"""Rendered scenes of random elements match the blending formulas."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ffmpeg_worker.raster.compositor import Compositor
from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Pixels, RgbaBitmap, YuvBitmap
from ffmpeg_worker.raster.surfaces.bt709 import rgba_to_yuva
from ffmpeg_worker.raster.surfaces.patch import halve
from ffmpeg_worker.raster.surfaces.yuv_surface import YuvSurface
from ffmpeg_worker.scene.curve import Curve, Key
from ffmpeg_worker.scene.scene import Element
from support.extent import examples
from support.media.still_sources import Library, element, scene
from support.reference import blend as plain

WIDTH, HEIGHT, FPS = 96, 64, 10


def _soft(width: int, height: int, turn: float, min_opacity: float) -> Pixels:
    """Return pixels without sharp edges, with an opacity between `min_opacity` and 1."""
    y, x = np.mgrid[0:height, 0:width]
    colors = [0.5 + 0.45 * np.sin(x / 14 + turn * (i + 1) + y / 11) for i in range(3)]
    alpha = min_opacity + (1 - min_opacity) * (0.5 + 0.5 * np.cos(x / 9 + turn) * np.cos(y / 8))
    rgba: Pixels = np.rint(np.dstack([*(part * alpha for part in colors), alpha]) * 255).astype(np.uint8)
    return rgba


_TRANSPARENT, _OPAQUE = _soft(40, 30, 1.0, 0.0), _soft(36, 28, 2.5, 1.0)
_VIDEO = np.ascontiguousarray(np.moveaxis(rgba_to_yuva(_OPAQUE), 2, 0))
_BITMAPS: dict[str, tuple[Bitmap, Pixels]] = {
    "rgba": (RgbaBitmap(_TRANSPARENT), _TRANSPARENT),
    "opaque": (RgbaBitmap(_OPAQUE), _OPAQUE),
    "video": (YuvBitmap(_VIDEO[0], halve(_VIDEO[1]), halve(_VIDEO[2])), _OPAQUE),
}


def _or_curve(low: float, high: float) -> st.SearchStrategy[float | Curve]:
    numbers = st.floats(low, high).map(lambda number: round(number, 2))
    return st.one_of(
        numbers,
        st.tuples(numbers, numbers).map(lambda pair: Curve((Key(0.0, (pair[0],)), Key(1.0, (pair[1],))))),
    )


_ELEMENTS = st.builds(
    element,
    st.sampled_from(sorted(_BITMAPS)),
    st.integers(0, 3),
    st.integers(8, 12),
    x=_or_curve(-30, 100),
    y=_or_curve(-30, 70),
    anchor=st.sampled_from([(0.0, 0.0), (0.5, 0.5), (1.0, 0.0)]),
    scale=st.one_of(st.just(1.0), _or_curve(0.6, 1.8)),
    rotation=st.one_of(st.just(0.0), _or_curve(-180, 180)),
    opacity=_or_curve(0.0, 1.0),
)


def _at(number: float | Curve | None, time: float) -> float:
    assert number is not None
    if not isinstance(number, Curve):
        return number
    first, last = (key.value[0] for key in number.keys)
    return first + (last - first) * min(max(time, 0.0), 1.0)


def _drawn_onto(below: plain.Floats, shown: Element, frame: int) -> plain.Floats:
    time = (frame - shown.first) / FPS
    rgba = _BITMAPS[shown.where][1]
    height, width = rgba.shape[:2]
    scale, angle = _at(shown.scale, time), math.radians(_at(shown.rotation, time))
    left, top = _at(shown.x, time) - shown.anchor[0] * width, _at(shown.y, time) - shown.anchor[1] * height
    is_still = not any(isinstance(part, Curve) for part in (shown.x, shown.y, shown.scale, shown.rotation))
    if is_still and scale == 1 and angle == 0:
        left, top = math.floor(left + 0.500001), math.floor(top + 0.500001)
    middle = np.array([left + width / 2, top + height / 2])
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]) / scale
    start = np.array([width / 2, height / 2]) - turn @ middle
    laid = plain.laid(rgba, (WIDTH, HEIGHT), np.column_stack([turn, start]), fine=6)
    return plain.over(below, laid, _at(shown.opacity, time))


@settings(max_examples=examples(40), deadline=None)
@given(elements=st.lists(_ELEMENTS, min_size=1, max_size=5), frame=st.integers(0, 11))
def test_a_scene_matches_the_formulas(elements: list[Element], frame: int) -> None:
    library = Library(**{name: bitmap for name, (bitmap, _) in _BITMAPS.items()})
    surface = Compositor(scene(*elements, fps=FPS), library).draw(frame)
    assert isinstance(surface, YuvSurface)
    wanted = np.zeros((HEIGHT, WIDTH, 3)) + plain.yuv_of(np.zeros(3))
    for shown in elements:
        if shown.first <= frame < shown.last:
            wanted = _drawn_onto(wanted, shown, frame)
    for got, plane in zip(surface.planes, plain.planes_of(wanted), strict=True):
        error = float(((got - plane) ** 2).mean())
        assert 10 * math.log10(255**2 / max(error, 1e-9)) > 38
