"""Ranges of frames that rows of variables have in common."""

from __future__ import annotations

from dataclasses import replace

from ffmpeg_worker.planning.composition.shared_ranges import (
    find_shared_elements,
    range_key,
    split_at_unshared_elements,
)
from ffmpeg_worker.scene.scene import Element, Scene, ShapeContent


def element(first: int, last: int, x: float = 0.0, replaces: int | None = None) -> Element:
    return Element("layers[0]", first, last, ShapeContent("rect", None), x, 0.0, replaces=replaces)


def scene(*elements: Element) -> Scene:
    return Scene(64, 36, (10, 1), 200, (0, 0, 0, 1), elements)


BACKGROUND = element(0, 200)


def test_only_where_rows_differ_they_are_drawn_apart() -> None:
    ada, bob = scene(BACKGROUND, element(50, 120, x=1)), scene(BACKGROUND, element(50, 120, x=2))
    common = find_shared_elements([ada, bob])
    assert common == {BACKGROUND}
    assert split_at_unshared_elements(ada, 0, 200, common) == ((0, 50), (50, 120), (120, 200))
    alike = [
        range_key(ada, *part) == range_key(bob, *part) for part in split_at_unshared_elements(ada, 0, 200, common)
    ]
    assert alike == [True, False, True]


def test_one_row_alone_is_not_cut() -> None:
    only = scene(BACKGROUND, element(50, 120, x=1))
    assert split_at_unshared_elements(only, 0, 200, find_shared_elements([only])) == ((0, 200),)


def test_a_stretch_too_short_for_a_renderer_goes_with_its_neighbour() -> None:
    row = scene(BACKGROUND, element(50, 60, x=1), element(190, 199, x=1))
    assert split_at_unshared_elements(row, 0, 200, {BACKGROUND}) == ((0, 50), (50, 200))


def test_what_lies_outside_of_the_part_cuts_nothing() -> None:
    row = scene(BACKGROUND, element(50, 120, x=1))
    assert split_at_unshared_elements(row, 60, 110, {BACKGROUND}) == ((60, 110),)


def test_an_element_that_comes_from_another_one_is_another() -> None:
    pair = element(100, 200, x=5, replaces=0)
    one, other = scene(element(0, 120, x=1), pair), scene(element(0, 120, x=2), pair)
    assert pair in find_shared_elements([one, other])
    assert range_key(one, 130, 200) != range_key(other, 130, 200)


def test_the_canvas_counts_too() -> None:
    assert range_key(scene(BACKGROUND), 0, 50) != range_key(
        replace(scene(BACKGROUND), background=(1, 1, 1, 1)), 0, 50
    )
