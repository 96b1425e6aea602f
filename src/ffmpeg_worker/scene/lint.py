"""Remarks about what a composition probably does not mean."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from ffmpeg_worker.scene.content import SubtitlesContent, TextContent
from ffmpeg_worker.scene.lint_visibility import (
    constant_box,
    find_covered_elements,
    find_elements_outside,
    find_empty_end,
)
from ffmpeg_worker.scene.lint_warning import LintWarning
from ffmpeg_worker.scene.scene import Element, Scene
from ffmpeg_worker.scene.text_metrics import TextMetrics, TextSize, iterate_elements

_MIN_FONT_SIZE = 0.018
"""As a fraction of the canvas's shorter side; smaller text is hard to read on a phone."""

_TOLERANCE = 1.0
"""Pixels by which a text may exceed the canvas unnoticed."""


def lint(scene: Scene, metrics: TextMetrics) -> tuple[LintWarning, ...]:
    """Return the warnings about a scene, grouped by kind.

    `metrics` has the sizes of its texts, and the fonts available besides those of the composition.
    """
    families = {name.casefold() for name in (*metrics.families, *(font.family for font in scene.fonts))}
    return (
        *find_covered_elements(scene),
        *find_elements_outside(scene),
        *find_empty_end(scene),
        *_find_font_problems(scene, families),
        *_find_text_problems(scene, metrics),
    )


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
    box = constant_box(replace(element, width=text.width, height=text.height))
    if box is None or element.rotation != 0.0:
        return False
    left, top, right, bottom = box
    return min(left, top) < -_TOLERANCE or right > scene.width + _TOLERANCE or bottom > scene.height + _TOLERANCE
