"""Scenes drawn frame by frame: which elements are visible and where, which sources are open, what is reused."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ffmpeg_worker.raster.compositor import Compositor
from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.surfaces.bitmap import RgbaBitmap
from ffmpeg_worker.raster.surfaces.rgba_surface import RgbaSurface
from ffmpeg_worker.scene.content import ImageContent, TextContent, VideoContent
from ffmpeg_worker.scene.curve import Curve, Key
from ffmpeg_worker.scene.scene import Element, GroupContent, Transition
from ffmpeg_worker.scene.text_style import TextStyle
from support.media.still_sources import Library, Still, element, gray, scene, solid

WHITE = (255, 255, 255, 255)


def _curve(*keys: tuple[float, float]) -> Curve:
    return Curve(tuple(Key(time, (value,)) for time, value in keys))


def _luma(compositor: Compositor, frame: int) -> npt.NDArray[np.uint8]:
    surface = compositor.draw(frame)
    assert not isinstance(surface, RgbaSurface)
    return surface.planes[0].copy()


def _box(luma: npt.NDArray[np.uint8]) -> tuple[int, int, int, int] | None:
    """Return left, top, right and bottom of the pixels brighter than half."""
    rows, columns = np.nonzero(luma > 125)
    if not len(rows):
        return None
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def _still_box(**more: Any) -> tuple[int, int, int, int] | None:
    library = Library(box=solid(20, 10, WHITE))
    return _box(_luma(Compositor(scene(element("box", **more)), library), 0))


def test_an_element_is_shown_from_its_first_frame_until_before_its_last() -> None:
    library = Library(box=solid(20, 10, WHITE))
    compositor = Compositor(scene(element("box", 3, 6)), library)
    assert [_box(_luma(compositor, frame)) is not None for frame in range(8)] == [False] * 3 + [True] * 3 + [
        False
    ] * 2


def test_only_visible_elements_are_open() -> None:
    library = Library(a=solid(4, 4, WHITE), b=solid(4, 4, WHITE), c=solid(4, 4, WHITE))
    compositor = Compositor(scene(element("a", 0, 4), element("b", 2, 6), element("c", 8, 9)), library)
    opened = []
    for frame in range(10):
        compositor.draw(frame)
        opened.append("".join(sorted(library.open_now)))
    assert opened == ["a", "a", "ab", "ab", "b", "b", "", "", "c", ""]
    compositor.draw(3)
    assert library.open_now == {"a", "b"}
    compositor.close()
    assert library.open_now == set()


def test_frames_may_jump() -> None:
    library = Library(a=gray(96, 64, 50), b=gray(96, 64, 90), c=gray(96, 64, 130))
    elements = (element("a", 0, 50), element("b", 10, 30), element("c", 20, 25))
    inorder = Compositor(scene(*elements), library)
    wanted = [int(_luma(inorder, frame)[0, 0]) for frame in range(50)]
    jumping = Compositor(scene(*elements), library)
    for frame in (40, 3, 22, 12, 49, 21, 0, 29, 30):
        assert int(_luma(jumping, frame)[0, 0]) == wanted[frame]


@pytest.mark.parametrize(
    ("more", "box"),
    [
        ({}, (0, 0, 20, 10)),
        ({"x": 30.0, "y": 20.0, "anchor": (0.5, 1.0)}, (20, 10, 40, 20)),
        ({"x": 30.4, "y": 20.6}, (30, 21, 50, 31)),
        ({"x": 30.0, "y": 20.0, "scale": 2.0}, (20, 15, 60, 35)),
        ({"x": 30.0, "y": 20.0, "rotation": 90.0}, (35, 15, 45, 35)),
        ({"x": 4.0, "y": 4.0, "width": 40.0, "height": 40.0}, (4, 4, 44, 44)),
        ({"x": 4.0, "y": 4.0, "width": 40.0}, (4, 4, 44, 24)),
        ({"x": 4.0, "y": 4.0, "crop": (0.5, 0.0, 0.5, 1.0)}, (4, 4, 14, 14)),
        ({"x": 4.0, "y": 4.0, "crop": (0.5, 0.0, 0.5, 1.0), "width": 20.0, "height": 20.0}, (4, 4, 24, 24)),
    ],
)
def test_position_and_size_of_an_element(more: dict[str, Any], box: tuple[int, int, int, int]) -> None:
    assert _still_box(**more) == box


def test_curves_are_followed_in_the_elements_own_time() -> None:
    library = Library(box=solid(20, 10, WHITE))
    moving = element("box", 5, 50, x=_curve((0, 0), (2, 60)), y=_curve((1, 0), (2, 30)))
    compositor = Compositor(scene(moving), library)
    assert [_box(_luma(compositor, frame)) for frame in (5, 15, 25, 40)] == [
        (0, 0, 20, 10),
        (30, 0, 50, 10),
        (60, 30, 80, 40),
        (60, 30, 80, 40),
    ]


@pytest.mark.parametrize(
    ("content", "more", "size"),
    [
        (VideoContent("v", (2, 2), 0, 1), {"width": 40.0, "height": 30.0}, (40, 30)),
        (VideoContent("v", (2, 2), 0, 1), {"width": _curve((0, 10), (1, 50)), "height": 30.0}, (50, 30)),
        (
            VideoContent("v", (2, 2), 0, 1),
            {"width": 40.0, "height": 30.0, "scale": _curve((0, 1), (1, 1.5))},
            (60, 45),
        ),
        (VideoContent("v", (2, 2), 0, 1), {"width": 40.0, "height": 30.0, "crop": (0.0, 0.0, 0.5, 1.0)}, (80, 30)),
        (VideoContent("v", (2, 2), 0, 1), {"width": 96.0, "height": 64.0, "scale": 50.0}, (192, 128)),
        (TextContent("t", TextStyle(), 50), {"width": 40.0, "height": 30.0, "scale": 2.0}, (40, 30)),
        (TextContent("t", TextStyle(), 50), {"width": 40.0}, None),
    ],
)
def test_sources_are_opened_at_the_largest_size_they_are_shown_at(
    content: VideoContent | TextContent, more: dict[str, Any], size: tuple[int, int] | None
) -> None:
    library = Library(clip=gray(40, 30, 90))
    Compositor(scene(element("clip", content=content, **more)), library).draw(0)
    assert library.opened == [("clip", size)]


def test_a_source_that_rounds_its_size_is_not_scaled() -> None:
    library = Library(video=gray(40, 30, 200))
    video = element("video", content=VideoContent("v", (2, 2), 0, 1), x=10.0, y=10.0, width=39.2, height=30.9)
    luma = _luma(Compositor(scene(video), library), 0)
    assert _box(luma) == (10, 10, 50, 40)
    assert set(np.unique(luma)) == {16, 200}


def test_a_crop_may_move() -> None:
    rgba = np.zeros((64, 96, 4), np.uint8)
    rgba[:, 48:] = 255
    moving = element("box", crop=(_curve((0, 0.0), (2, 0.5)), 0.0, 0.5, 1.0), width=48.0, height=64.0)
    compositor = Compositor(scene(moving), Library(box=RgbaBitmap(rgba)))
    assert [_box(_luma(compositor, frame)) for frame in (0, 5, 10, 20)] == [
        None,
        (36, 0, 48, 64),
        (24, 0, 48, 64),
        (0, 0, 48, 64),
    ]


def test_the_shadow_around_text_does_not_move_it() -> None:
    class Bleeding(Still):
        size = (20, 12)

    rgba = np.zeros((30, 40, 4), np.uint8)
    rgba[6:18, 10:30] = 255
    text = element("t", content=TextContent("t", TextStyle(), 50), x=50.0, y=30.0, anchor=(0.5, 0.5))
    compositor = Compositor(scene(text), lambda *_: Bleeding(RgbaBitmap(rgba, (-10, -6))))
    assert _box(_luma(compositor, 0)) == (40, 24, 60, 36)


def test_unchanged_frames_are_on_the_same_surface() -> None:
    library = Library(
        video=lambda time: _VIDEO[int(time * 10 + 0.5) // 2 % 2],
        box=solid(20, 10, WHITE),
    )
    moving = element("box", 4, 20, x=_curve((0, 0), (0.2, 8)))
    compositor = Compositor(scene(element("video", 0, 8), moving), library)
    surfaces = [compositor.draw(frame) for frame in range(12)]
    is_unchanged = [before is after for before, after in itertools.pairwise(surfaces)]
    assert is_unchanged == [True, False, True, False, False, False, True, False, True, True, True]


_VIDEO = [gray(96, 64, 50), gray(96, 64, 90)]


def test_a_surface_keeps_its_frame_until_two_more_are_drawn() -> None:
    library = Library(video=lambda time: gray(96, 64, 40 + round(time * 10)), dot=solid(2, 2, WHITE))
    compositor = Compositor(scene(element("video"), element("dot")), library)
    first = compositor.draw(0)
    compositor.draw(1)
    assert not isinstance(first, RgbaSurface)
    assert int(first.planes[0][30, 30]) == 40


def test_a_video_that_covers_the_frame_is_borrowed() -> None:
    video = gray(96, 64, 90)
    compositor = Compositor(scene(element("a"), element("b")), Library(a=gray(96, 64, 50), b=video))
    surface = compositor.draw(0)
    assert not isinstance(surface, RgbaSurface)
    assert surface.planes[0] is video.y


def _group(*elements: Element, **more: Any) -> Element:
    return element("group", content=GroupContent(elements), **more)


def _many() -> tuple[Element, ...]:
    return (
        element("red", 0, 9, x=4.0, y=6.0),
        element("green", 2, 9, x=_curve((0, 20.0), (1, 33.0)), y=9.0, opacity=0.6),
        element("blue", 0, 9, x=40.0, y=20.0, rotation=30.0),
    )


_COLORS = {
    "red": solid(30, 20, (200, 10, 10, 255)),
    "green": solid(31, 21, (10, 100, 10, 128)),
    "blue": solid(30, 10, (0, 0, 255, 255)),
}


@pytest.mark.parametrize("frame", [0, 1, 4, 8])
def test_a_plain_group_looks_like_its_elements(frame: int) -> None:
    video = gray(96, 64, 120)
    flat = Compositor(scene(element("video"), *_many()), Library(video=video, **_COLORS))
    grouped = Compositor(scene(element("video"), _group(*_many())), Library(video=video, **_COLORS))
    for a, b in zip(flat.draw(frame).buffers, grouped.draw(frame).buffers, strict=True):
        assert np.abs(np.asarray(a).astype(int) - np.asarray(b)).max() <= 3


def test_a_group_fades_and_rotates_as_one() -> None:
    elements = (element("red", x=4.0, y=4.0), element("red2", x=14.0, y=4.0))
    library = Library(red=solid(20, 10, WHITE), red2=solid(20, 10, WHITE))
    group = _group(*elements, opacity=0.5, width=40.0, height=20.0, x=30.0, y=20.0)
    luma = _luma(Compositor(scene(group), library), 0)
    assert set(np.unique(luma[26:30, 36:60])) <= {125, 126}
    assert luma[0, 0] == 16
    turned = _group(*elements, rotation=180.0, width=40.0, height=20.0, x=30.0, y=20.0)
    assert _box(_luma(Compositor(scene(turned), library), 0)) == (36, 26, 66, 36)


def test_a_still_group_is_drawn_once() -> None:
    library = Library(red=solid(20, 10, WHITE))
    compositor = Compositor(scene(_group(element("red"))), library)
    assert compositor.draw(0) is compositor.draw(1)
    assert library.open_now == {"red"}
    compositor.close()
    assert library.open_now == set()


def test_time_within_a_group_starts_with_the_group() -> None:
    library = Library(red=solid(20, 10, WHITE))
    compositor = Compositor(scene(_group(element("red", 2, 4), first=5, last=50)), library)
    assert [frame for frame in range(12) if _box(_luma(compositor, frame))] == [7, 8]
    assert library.stills["red"].times == pytest.approx([0.0, 0.1])


def test_a_transparent_scene() -> None:
    library = Library(red=solid(20, 10, (100, 0, 0, 128)))
    clear = replace(scene(element("red", x=5.0, y=5.0)), background=(0.0, 0.0, 0.0, 0.0))
    surface = Compositor(clear, library, transparent=True).draw(0)
    assert isinstance(surface, RgbaSurface)
    assert surface.rgba[0, 0].tolist() == [0, 0, 0, 0]
    assert surface.rgba[7, 7].tolist() == [100, 0, 0, 128]
    assert surface.to_straight()[7, 7].tolist() == [199, 0, 0, 128]


def test_invisible_layers_cost_nothing() -> None:
    library = Library(video=gray(96, 64, 90), other=gray(96, 64, 20))
    others = [element("other", 50 + i, 52 + i) for i in range(1000)]
    compositor = Compositor(scene(element("video"), *others), library)
    compositor.draw(0)
    assert [where for where, _ in library.opened] == ["video"]


def test_an_element_enters_over_another() -> None:
    library = Library(a=gray(96, 64, 40), b=gray(96, 64, 140), dot=solid(4, 4, WHITE))
    b = element("b", 10, 30, replaces=0, enter=Transition("fade", 10))
    a = element("a", 0, 20, leave=Transition("fade", 10))
    compositor = Compositor(scene(a, b, element("dot")), library)
    shown = [int(_luma(compositor, frame)[30, 30]) for frame in (9, 10, 12, 15, 19, 20, 25)]
    assert shown == pytest.approx([40, 40, 60, 90, 130, 140, 140], abs=1)
    assert int(_luma(compositor, 15)[2, 2]) == 235, "elements above take no part in the transition"


@pytest.mark.parametrize("transparent", [False, True])
def test_a_pair_wipes_over_the_whole_canvas(transparent: bool) -> None:
    library = Library(a=solid(20, 10, WHITE), b=solid(20, 10, WHITE))
    b = element("b", 10, 30, replaces=0, enter=Transition("wipe-right", 10), x=70.0)
    compositor = Compositor(scene(element("a", 0, 20), b), library, transparent=transparent)
    surface = compositor.draw(15)
    seen = surface.rgba[:, :, 0] if isinstance(surface, RgbaSurface) else surface.planes[0]
    assert _box(seen) is None, "half way, what is left of the middle is already gone, what is right not yet there"


@pytest.mark.parametrize("name", ["zoom-in", "zoom-out", "pop"])
def test_a_zoom_shows_the_new_element_above_the_old_one(name: str) -> None:
    library = Library(a=gray(96, 64, 40), b=gray(96, 64, 140))
    b = element("b", 10, 30, replaces=0, enter=Transition(name, 10))
    compositor = Compositor(scene(element("a", 0, 20), b), library)
    corner, middle = (
        [int(_luma(compositor, frame)[y, x]) for frame in range(10, 21)] for x, y in ((1, 1), (48, 32))
    )
    assert (corner[0], middle[0]) == (40, 40)
    assert (corner[-1], middle[-1]) == (140, 140)
    assert middle[5] > 85, "half way, the new element is seen in the middle"
    if name == "zoom-in":  # a pop is faster
        assert corner[4] == corner[8] == 40, "and the old one around it"


def test_an_old_element_that_is_not_covered_fades_below_a_zoom() -> None:
    library = Library(a=gray(96, 64, 40), b=gray(16, 16, 140))
    b = element("b", 10, 30, replaces=0, enter=Transition("zoom-in", 10), x=40.0, y=24.0)
    compositor = Compositor(scene(element("a", 0, 20), b), library)
    corner = [int(_luma(compositor, frame)[1, 1]) for frame in range(10, 21)]
    assert corner[:7] == [40] * 7
    assert 40 > corner[7] > corner[8] > corner[9] > corner[10] == 16


def _videos(**shown: Callable[[float], RgbaBitmap]) -> tuple[Compositor, Library]:
    library = Library(**shown)
    content = VideoContent("v", (4, 4), 0, 1)
    return Compositor(scene(*(element(name, content=content) for name in shown)), library), library


def test_videos_of_a_frame_are_decoded_in_parallel() -> None:
    both = threading.Barrier(2)

    def bitmap(_time: float) -> RgbaBitmap:
        if not both.broken and both.n_waiting < 2:
            both.wait(10)
        return solid(4, 4, WHITE)

    compositor, library = _videos(a=bitmap, b=bitmap)
    compositor.decode_ahead(3, threads=2)
    assert {name: still.times for name, still in library.stills.items()} == {"a": [0.3], "b": [0.3]}
    both.abort()
    assert _box(_luma(compositor, 3)) == (0, 0, 4, 4)
    assert len(library.opened) == 2


def test_errors_of_parallel_decoding_are_raised_when_drawing() -> None:
    def broken(_time: float) -> RgbaBitmap:
        raise RasterError("It is broken.", code="source_unreadable")

    compositor, _ = _videos(a=lambda _: solid(4, 4, WHITE), b=broken)
    compositor.decode_ahead(0, threads=2)
    with pytest.raises(RasterError, match="It is broken") as caught:
        compositor.draw(0)
    assert caught.value.where == "b"


def test_an_error_of_a_sources_own_size_names_the_layer() -> None:
    class Damaged(Still):
        @property
        def own_size(self) -> tuple[int, int]:
            raise RasterError("It is broken.", code="source_unreadable")

    image = element("a", content=ImageContent("a"), width=_curve((0, 10), (1, 20)), height=10.0)
    compositor = Compositor(scene(image), lambda *_: Damaged(gray(4, 4, 50)))
    with pytest.raises(RasterError) as caught:
        compositor.draw(0)
    assert caught.value.where == "a"
