"""What only who draws letters knows of a scene: which fonts there are, and how large texts become."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ffmpeg_worker.scene.scene import Element, GroupContent


@dataclass(frozen=True, slots=True)
class MeasuredText:
    """A text of the element at `where`, in pixels.

    `overflows`: it is larger than its box; `is_cut`: lines were left out; `missing`: sentences on characters that
    no font has.
    """

    where: str
    width: float
    height: float
    overflows: bool = False
    is_cut: bool = False
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TextMetrics:
    """`families`: names of fonts that are there, those of the machine only if the scene asks for them."""

    families: tuple[str, ...] = ()
    texts: tuple[MeasuredText, ...] = ()


def iterate_elements(elements: Sequence[Element]) -> Iterator[Element]:
    """All elements, those in groups behind their group."""
    for element in elements:
        yield element
        if isinstance(element.content, GroupContent):
            yield from iterate_elements(element.content.elements)
