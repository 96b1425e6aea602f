"""Which parts of a scene are the same in other rows, and so are drawn once."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from fractions import Fraction

from ffmpeg_worker.planning.composition.frame_ranges import LEAST_SECONDS
from ffmpeg_worker.scene.scene import Element, Scene


def find_shared_elements(scenes: Sequence[Scene]) -> frozenset[Element]:
    """The elements that all scenes have, at the same times and looking the same."""
    first, *others = (frozenset(scene.elements) for scene in scenes)
    return first.intersection(*others)


def stretches(scene: Scene, first: int, last: int, common: Collection[Element]) -> tuple[tuple[int, int], ...]:
    """Frames `first` to `last` (not included), cut where elements of this scene alone come and go.

    Stretches that would be too short to be worth a renderer are left with what is beside them.
    """
    own = [element for element in scene.elements if element not in common]
    edges = sorted({first, last, *_within(first, last, own)})
    least = LEAST_SECONDS * float(Fraction(*scene.fps))
    kept = [first]
    for edge in edges[1:-1]:
        if edge - kept[-1] >= least and last - edge >= least:
            kept.append(edge)
    return tuple(zip(kept, [*kept[1:], last], strict=True))


def shown(scene: Scene, first: int, last: int) -> Hashable:
    """All that the pictures of these frames depend on: what is equal looks equal."""
    elements = scene.elements
    seen = [element for element in elements if element.first < last and element.last > first]
    replaced = [None if element.replaces is None else elements[element.replaces] for element in seen]
    look = (scene.width, scene.height, scene.fps, scene.background, scene.fonts)
    return (*look, first, last, tuple(seen), tuple(replaced))


def _within(first: int, last: int, elements: Iterable[Element]) -> Iterable[int]:
    return (edge for element in elements for edge in (element.first, element.last) if first < edge < last)
