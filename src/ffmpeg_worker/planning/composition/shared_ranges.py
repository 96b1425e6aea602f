"""Finds ranges of frames that are equal in several rows of variables and are rendered once."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from fractions import Fraction

from ffmpeg_worker.planning.composition.frame_ranges import MIN_RANGE_S
from ffmpeg_worker.scene.scene import Element, Scene


def find_shared_elements(scenes: Sequence[Scene]) -> frozenset[Element]:
    """Return the elements that all scenes have in common, at the same times."""
    first, *others = (frozenset(scene.elements) for scene in scenes)
    return first.intersection(*others)


def split_at_unshared_elements(
    scene: Scene, first: int, last: int, shared: Collection[Element]
) -> tuple[tuple[int, int], ...]:
    """Split frames `first` to `last` (exclusive) where elements that only this scene has start and end.

    Ranges too short to be worth a renderer stay part of their neighbor.
    """
    own = [element for element in scene.elements if element not in shared]
    edges = sorted({first, last, *_edges_within(first, last, own)})
    min_frames = MIN_RANGE_S * float(Fraction(*scene.fps))
    kept = [first]
    for edge in edges[1:-1]:
        if edge - kept[-1] >= min_frames and last - edge >= min_frames:
            kept.append(edge)
    return tuple(zip(kept, [*kept[1:], last], strict=True))


def range_key(scene: Scene, first: int, last: int) -> Hashable:
    """Return everything that the frames depend on: frames with equal keys look equal."""
    elements = scene.elements
    visible = [element for element in elements if element.first < last and element.last > first]
    replaced = [None if element.replaces is None else elements[element.replaces] for element in visible]
    look = (scene.width, scene.height, scene.fps, scene.background, scene.fonts)
    return (*look, first, last, tuple(visible), tuple(replaced))


def _edges_within(first: int, last: int, elements: Iterable[Element]) -> Iterable[int]:
    return (edge for element in elements for edge in (element.first, element.last) if first < edge < last)
