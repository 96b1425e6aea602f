"""Remarks about layers that are never seen, and about time in which nothing is."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from ffmpeg_worker.scene.content import ShapeContent
from ffmpeg_worker.scene.curve import Curve, Number
from ffmpeg_worker.scene.lint_warning import LintWarning
from ffmpeg_worker.scene.scene import Element, Scene

_OPAQUE_FITS = frozenset({"cover", "fill", "contain-blur"})
_MIN_EMPTY_S = 0.5
"""Shorter ends without a picture are probably meant, or rounding."""

_Box = tuple[float, float, float, float]


def find_covered_elements(scene: Scene) -> Iterator[LintWarning]:
    """Yield a remark about each element above which an opaque one lies all the time."""
    above: defaultdict[_Box | None, _Covers] = defaultdict(_Covers)
    found: list[LintWarning] = []
    for element in reversed(scene.elements):
        box = None if element.rotation else constant_box(element)
        cover = above[None].find(element) or (above[box].find(element) if box else None)
        if cover is not None:
            found.append(
                LintWarning(
                    element.where,
                    "hidden_below",
                    f"{cover.where} covers the layer all the time.",
                    "The last layer of the list is on top: move the covering layer before this one. Layers "
                    'without "start" all begin at 0; with "start": "auto" they play one after another.',
                )
            )
        if box and _is_opaque(element):
            above[None if _covers_canvas(box, scene) else box].add(element)
    yield from reversed(found)


@dataclass(frozen=True, slots=True)
class _Covers:
    """Elements that cover the canvas, without those that others outlast on both sides.

    The first and the last frames of the elements, in their order, both increase.
    """

    elements: list[Element] = field(default_factory=list)

    def find(self, element: Element) -> Element | None:
        """Return one that is shown at least as long as an element."""
        at = bisect.bisect_right(self.elements, element.first, key=_first_frame) - 1
        return self.elements[at] if at >= 0 and self.elements[at].last >= element.last else None

    def add(self, element: Element) -> None:
        """Add an element, which may replace others."""
        outlasting = self.find(element)
        if outlasting is not None and (outlasting.first, outlasting.last) != (element.first, element.last):
            return
        begin = end = bisect.bisect_left(self.elements, element.first, key=_first_frame)
        while end < len(self.elements) and self.elements[end].last <= element.last:
            end += 1
        self.elements[begin:end] = [element]


def _first_frame(element: Element) -> int:
    return element.first


def _is_opaque(element: Element) -> bool:
    """Whether nothing can be seen through any part of an element's box."""
    content = element.content
    if content.kind == "video":
        is_opaque = content.chroma_key is None and not content.is_multiplied and content.fit in _OPAQUE_FITS
    elif content.kind == "image":
        is_opaque = content.chroma_key is None and content.is_opaque and content.fit in _OPAQUE_FITS
    else:
        is_opaque = isinstance(content, ShapeContent) and _is_opaque_rectangle(content)
    is_plain = (element.opacity, element.rotation, element.radius, element.blur) == (1.0, 0.0, 0.0, 0.0)
    return is_opaque and is_plain and element.blend == "normal" and not element.enter and not element.leave


def _covers_canvas(box: _Box, scene: Scene) -> bool:
    left, top, right, bottom = box
    return left <= 0.5 and top <= 0.5 and right >= scene.width - 0.5 and bottom >= scene.height - 0.5


def _is_opaque_rectangle(shape: ShapeContent) -> bool:
    return shape.shape == "rect" and not shape.radius and isinstance(shape.fill, tuple) and shape.fill[3] == 1.0


def find_elements_outside(scene: Scene) -> Iterator[LintWarning]:
    for element in scene.elements:
        box = constant_box(element)
        if box is None or element.rotation != 0.0:
            continue
        left, top, right, bottom = box
        if right <= 0 or bottom <= 0 or left >= scene.width or top >= scene.height:
            yield LintWarning(
                element.where,
                "outside",
                "The layer is outside of the canvas and never visible.",
                'Check "x", "y" and "anchor": x and y are the position of the anchor point.',
            )


def find_empty_end(scene: Scene) -> Iterator[LintWarning]:
    """Yield a remark if the end of the canvas shows only its background."""
    last = max((element.last for element in scene.elements), default=scene.frames)
    rate = Fraction(*scene.fps)
    if (scene.frames - last) / rate >= _MIN_EMPTY_S:
        yield LintWarning(
            "layers",
            "nothing_visible",
            f"From {float(last / rate):g} s to the end at {float(scene.frames / rate):g} s no layer is visible.",
            'Give the last visible layer "duration": "end", or shorten the sound or the "duration" of the canvas.',
        )


def constant_box(element: Element) -> _Box | None:
    """Left, top, right and bottom of an element that does not move and whose size is known."""
    numbers: tuple[Number | None, ...] = (element.x, element.y, element.width, element.height, element.scale)
    constant = [number for number in numbers if number is not None and not isinstance(number, Curve)]
    if len(constant) < len(numbers):
        return None
    x, y, width, height, scale = constant
    center_x = x + (0.5 - element.anchor[0]) * width
    center_y = y + (0.5 - element.anchor[1]) * height
    half_width, half_height = width * scale / 2, height * scale / 2
    return center_x - half_width, center_y - half_height, center_x + half_width, center_y + half_height
