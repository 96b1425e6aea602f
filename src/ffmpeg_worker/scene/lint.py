"""Warnings about what a composition probably does not mean."""

from __future__ import annotations

import bisect
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from ffmpeg_worker.scene.curve import Curve, Number
from ffmpeg_worker.scene.scene import Element, Scene, ShapeContent, SubtitlesContent, TextContent
from ffmpeg_worker.scene.text_metrics import TextMetrics, TextSize, iterate_elements

_MIN_FONT_SIZE = 0.018
"""As a fraction of the canvas's shorter side; smaller text is hard to read on a phone."""

_TOLERANCE = 1.0
"""Pixels by which a text may exceed the canvas unnoticed."""

_OPAQUE_FITS = frozenset({"cover", "fill", "contain-blur"})


@dataclass(frozen=True, slots=True)
class LintWarning:
    """Something odd in a composition that can be rendered nevertheless; `where` is its JSON path."""

    where: str
    code: str
    message: str
    hint: str | None = None


def lint(scene: Scene, metrics: TextMetrics) -> tuple[LintWarning, ...]:
    """Return the warnings about a scene, grouped by kind.

    `metrics` has the sizes of its texts, and the fonts available besides those of the composition.
    """
    families = {name.casefold() for name in (*metrics.families, *(font.family for font in scene.fonts))}
    return (
        *_find_covered_elements(scene),
        *_find_elements_outside(scene),
        *_find_font_problems(scene, families),
        *_find_text_problems(scene, metrics),
    )


def _find_covered_elements(scene: Scene) -> Iterator[LintWarning]:
    above = _Covers()
    found: list[LintWarning] = []
    for element in reversed(scene.elements):
        cover = above.find(element)
        if cover is not None:
            found.append(
                LintWarning(
                    element.where,
                    "hidden_below",
                    f"{cover.where} covers the layer all the time.",
                    "The last layer of the list is on top: move the covering layer before this one.",
                )
            )
        if _covers_canvas(element, scene):
            above.add(element)
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


def _covers_canvas(element: Element, scene: Scene) -> bool:
    content = element.content
    if content.kind == "video":
        is_opaque = content.chroma_key is None and not content.is_multiplied and content.fit in _OPAQUE_FITS
    else:
        is_opaque = isinstance(content, ShapeContent) and _is_opaque_rectangle(content)
    is_plain = (element.opacity, element.rotation, element.radius, element.blur) == (1.0, 0.0, 0.0, 0.0)
    if not is_opaque or not is_plain or element.blend != "normal" or element.enter or element.leave:
        return False
    box = _constant_box(element)
    if box is None:
        return False
    left, top, right, bottom = box
    return left <= 0.5 and top <= 0.5 and right >= scene.width - 0.5 and bottom >= scene.height - 0.5


def _is_opaque_rectangle(shape: ShapeContent) -> bool:
    return shape.shape == "rect" and not shape.radius and isinstance(shape.fill, tuple) and shape.fill[3] == 1.0


def _find_elements_outside(scene: Scene) -> Iterator[LintWarning]:
    for element in scene.elements:
        box = _constant_box(element)
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


def _constant_box(element: Element) -> tuple[float, float, float, float] | None:
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


def _find_font_problems(scene: Scene, families: Collection[str]) -> Iterator[LintWarning]:
    min_size = _MIN_FONT_SIZE * min(scene.width, scene.height)
    for element in iterate_elements(scene.elements):
        if not isinstance(element.content, TextContent | SubtitlesContent):
            continue
        style = element.content.style
        if not any(family.casefold() in families for family in style.families):
            yield LintWarning(
                f"{element.where}.style.font_family",
                "unknown_font",
                f'The font "{style.families[0]}" is not available; another one is used.',
                f'Add it to "fonts", or use one of {", ".join(sorted(families)[:20])}.',
            )
        if style.size < min_size:
            yield LintWarning(
                f"{element.where}.style.font_size",
                "text_too_small",
                f"Text of {style.size:g} pixels is hard to read on this canvas.",
                f"Use {min_size:.0f} pixels or more.",
            )


def _find_text_problems(scene: Scene, metrics: TextMetrics) -> Iterator[LintWarning]:
    elements = {element.where: element for element in iterate_elements(scene.elements)}
    on_canvas = {element.where for element in scene.elements}
    for text in metrics.texts:
        element = elements.get(text.where)
        if element is None:
            continue
        yield from _find_box_problems(text)
        if text.where in on_canvas and _exceeds_canvas(element, text, scene):
            yield LintWarning(
                text.where,
                "text_outside",
                f"The text, {text.width:.0f} x {text.height:.0f} pixels, exceeds the canvas.",
                'Give the layer a "width" so that lines are wrapped, or move it.',
            )


def _find_box_problems(text: TextSize) -> Iterator[LintWarning]:
    if text.overflows:
        yield LintWarning(
            text.where,
            "text_overflows",
            "The text does not fit in its box.",
            'Enlarge the box, make "font_size" smaller, or set it to "auto".',
        )
    if text.is_cut:
        yield LintWarning(
            text.where,
            "text_cut",
            'The text has more lines than "max_lines", and is cut.',
            'Raise "max_lines", widen the box, or make "font_size" smaller.',
        )
    for sentence in text.missing:
        yield LintWarning(text.where, "missing_character", sentence, 'Add a font that has it to "fonts".')


def _exceeds_canvas(element: Element, text: TextSize, scene: Scene) -> bool:
    """Whether an unrotated text that does not move and has no box of its own exceeds the canvas."""
    if not isinstance(element.content, TextContent) or element.width is not None or element.height is not None:
        return False
    box = _constant_box(replace(element, width=text.width, height=text.height))
    if box is None or element.rotation != 0.0:
        return False
    left, top, right, bottom = box
    return min(left, top) < -_TOLERANCE or right > scene.width + _TOLERANCE or bottom > scene.height + _TOLERANCE
