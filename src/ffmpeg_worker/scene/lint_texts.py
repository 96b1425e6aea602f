"""What is probably not meant so in how texts lie."""

from __future__ import annotations

from collections.abc import Iterator

from ffmpeg_worker.scene.curve import Curve
from ffmpeg_worker.scene.remark import LintWarning
from ffmpeg_worker.scene.scene import Element, Scene, TextContent
from ffmpeg_worker.scene.text_metrics import MeasuredText, TextMetrics, iterate_elements

_SLACK = 1.0
"""Pixels that nobody sees."""


def lint_texts(scene: Scene, measured: TextMetrics) -> Iterator[LintWarning]:
    """What measuring brought up, in order of the composition."""
    by_place = {element.where: element for element in iterate_elements(scene.elements)}
    on_canvas = {element.where for element in scene.elements}
    for text in measured.texts:
        element = by_place.get(text.where)
        if element is None:
            continue
        yield from _in_box(text)
        if text.where in on_canvas and _reaches_out(element, text, scene):
            yield LintWarning(
                text.where,
                "text_outside",
                f"The text, {text.width:.0f} x {text.height:.0f} pixels, reaches beyond the canvas.",
                'Give the layer a "width" so that lines are wrapped, or place it otherwise.',
            )


def _in_box(text: MeasuredText) -> Iterator[LintWarning]:
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


def _reaches_out(element: Element, text: MeasuredText, scene: Scene) -> bool:
    """Of a text that stands still, is not turned, and has its own size."""
    if not isinstance(element.content, TextContent) or element.width is not None or element.height is not None:
        return False
    x, y, scale = element.x, element.y, element.scale
    if isinstance(x, Curve) or isinstance(y, Curve) or isinstance(scale, Curve) or element.rotation != 0.0:
        return False
    sides = ((x, element.anchor[0], text.width, scene.width), (y, element.anchor[1], text.height, scene.height))
    for at, anchor, size, room in sides:
        middle = at + (0.5 - anchor) * size
        if middle - size * scale / 2 < -_SLACK or middle + size * scale / 2 > room + _SLACK:
            return True
    return False
