"""Elements that enter and leave, with every transition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ffmpeg_worker.composition.transitions import TRANSITIONS
from ffmpeg_worker.raster.compositor import Compositor
from ffmpeg_worker.raster.element_transitions import EFFECTS
from ffmpeg_worker.raster.surfaces.yuv_surface import YuvSurface
from ffmpeg_worker.scene.scene import Transition
from support.media.still_sources import Library, element, gray, scene, solid

WHITE = (255, 255, 255, 255)


def test_every_transition_drawn_by_the_element_has_an_effect() -> None:
    assert set(EFFECTS) == {name for name, kind in TRANSITIONS.items() if kind.drawn_by == "element"}


@pytest.mark.parametrize("name", TRANSITIONS)
@pytest.mark.parametrize("video", [False, True])
def test_an_element_enters_from_nothing_and_leaves_to_nothing(name: str, video: bool) -> None:
    bitmap = gray(40, 20, 200) if video else solid(40, 20, (250, 200, 180, 255))
    moving = element(
        "box", 10, 50, x=20.0, y=20.0, enter=Transition(name, 10), leave=Transition(name, 10, "ease-in")
    )
    compositor = Compositor(scene(moving), Library(box=bitmap))

    def luma(frame: int) -> npt.NDArray[np.int64]:
        surface = compositor.draw(frame)
        assert isinstance(surface, YuvSurface)
        return surface.planes[0].astype(np.int64)

    there = luma(30)
    assert there[22, 22] >= 180
    assert (luma(9) == 16).all()
    assert (luma(10) == 16).all(), "none of it has come at the first frame"
    assert (luma(20) == there).all()
    assert (luma(40) == there).all()
    assert (luma(50) == 16).all()
    assert (luma(15) != there).any() or name == "distance"
    assert (luma(47) != there).any()


@pytest.mark.parametrize(
    ("name", "coming", "leaving"),
    [
        ("slide-left", (58, 20), (-10, 20)),
        ("slide-right", (-10, 20), (58, 20)),
        ("slide-up", (20, 42), (20, 0)),
        ("slide-down", (20, 0), (20, 42)),
    ],
)
def test_slides_start_and_end_outside_of_the_surface(
    name: str, coming: tuple[int, int], leaving: tuple[int, int]
) -> None:
    moving = element("box", 0, 40, x=20.0, y=20.0, enter=Transition(name, 10), leave=Transition(name, 10))
    compositor = Compositor(scene(moving), Library(box=solid(40, 20, WHITE)))
    for frame, (x, y) in ((5, coming), (35, leaving)):
        surface = compositor.draw(frame)
        assert isinstance(surface, YuvSurface)
        rows, columns = np.nonzero(surface.planes[0] > 125)
        assert (columns.min(), rows.min()) == (max(x, 0), max(y, 0))
        assert (columns.max() + 1, rows.max() + 1) == (min(x + 40, 96), min(y + 20, 64))
