"""Metrics of text, reported by the renderer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ffmpeg_worker.scene.scene import Element, GroupContent


@dataclass(frozen=True, slots=True)
class TextSize:
    """Measured size of a text in pixels.

    Attributes:
        where: JSON path of its layer.
        overflows: it is larger than its box.
        is_cut: lines beyond `max_lines` were dropped.
        missing: sentences about characters that no font has.
    """

    where: str
    width: float
    height: float
    overflows: bool = False
    is_cut: bool = False
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TextMetrics:
    """`families` are the names of available fonts, those of the machine only if the scene uses them."""

    families: tuple[str, ...] = ()
    texts: tuple[TextSize, ...] = ()


def iterate_elements(elements: Sequence[Element]) -> Iterator[Element]:
    """Yield all elements; those of a group follow the group."""
    for element in elements:
        yield element
        if isinstance(element.content, GroupContent):
            yield from iterate_elements(element.content.elements)
