"""What in a composition is probably not meant so."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ffmpeg_worker.scene.curve import Curve, Number
from ffmpeg_worker.scene.lint_texts import lint_texts
from ffmpeg_worker.scene.remark import LintWarning
from ffmpeg_worker.scene.resolve import Resolved
from ffmpeg_worker.scene.scene import (
    Element,
    GroupContent,
    Scene,
    ShapeContent,
    SubtitlesContent,
    TextContent,
)
from ffmpeg_worker.scene.text_metrics import TextMetrics

_LEAST_TEXT = 0.018
"""Of the canvas' shorter side: smaller letters are hard to read on a telephone."""

_FULL_FITS = frozenset({"cover", "fill", "contain-blur"})


def lint(resolved: Resolved, measured: TextMetrics) -> tuple[LintWarning, ...]:
    """Everything worth a remark, by kind.

    Args:
        resolved: the composition with everything decided.
        measured: its texts, and the fonts that are there besides the composition's own.
    """
    scene = resolved.scene
    known = {name.casefold() for name in (*measured.families, *(font.family for font in scene.fonts))}
    return (
        *resolved.remarks,
        *_covered(scene.elements, scene),
        *_outside(scene),
        *_texts(scene.elements, known, _LEAST_TEXT * min(scene.width, scene.height)),
        *lint_texts(scene, measured),
    )


def _covered(elements: Sequence[Element], scene: Scene) -> Iterator[LintWarning]:
    covers = [(index, element) for index, element in enumerate(elements) if _hides_all(element, scene)]
    for index, element in enumerate(elements):
        for above, cover in covers:
            if above > index and cover.first <= element.first and element.last <= cover.last:
                yield LintWarning(
                    element.where,
                    "hidden_below",
                    f"{cover.where} lies on top and hides the layer all the time.",
                    "The last layer of the list is on top: put the one that covers first.",
                )
                break


def _hides_all(element: Element, scene: Scene) -> bool:
    content = element.content
    if content.kind == "video":
        is_opaque = content.chroma_key is None and not content.is_multiplied and content.fit in _FULL_FITS
    else:
        is_opaque = isinstance(content, ShapeContent) and _is_opaque_rectangle(content)
    is_plain = (element.opacity, element.rotation, element.radius, element.blur) == (1.0, 0.0, 0.0, 0.0)
    if not is_opaque or not is_plain or element.blend != "normal" or element.enter or element.leave:
        return False
    box = _still_box(element)
    if box is None:
        return False
    left, top, right, bottom = box
    return left <= 0.5 and top <= 0.5 and right >= scene.width - 0.5 and bottom >= scene.height - 0.5


def _is_opaque_rectangle(shape: ShapeContent) -> bool:
    return shape.shape == "rect" and not shape.radius and isinstance(shape.fill, tuple) and shape.fill[3] == 1.0


def _outside(scene: Scene) -> Iterator[LintWarning]:
    for element in scene.elements:
        box = _still_box(element)
        if box is None or element.rotation != 0.0:
            continue
        left, top, right, bottom = box
        if right <= 0 or bottom <= 0 or left >= scene.width or top >= scene.height:
            yield LintWarning(
                element.where,
                "outside",
                "The layer lies beside the canvas and is never seen.",
                "Check its x, y and anchor: the point of the layer that lies there.",
            )


def _still_box(element: Element) -> tuple[float, float, float, float] | None:
    """Left, top, right and bottom of what does not move and whose size is known."""
    numbers: tuple[Number | None, ...] = (
        element.x,
        element.y,
        element.width,
        element.height,
        element.scale,
    )
    still = [number for number in numbers if number is not None and not isinstance(number, Curve)]
    if len(still) < len(numbers):
        return None
    x, y, width, height, scale = still
    middle_x = x + (0.5 - element.anchor[0]) * width
    middle_y = y + (0.5 - element.anchor[1]) * height
    across, down = width * scale / 2, height * scale / 2
    return middle_x - across, middle_y - down, middle_x + across, middle_y + down


def _texts(elements: Sequence[Element], known: Collection[str], least: float) -> Iterator[LintWarning]:
    for element in elements:
        content = element.content
        if isinstance(content, GroupContent):
            yield from _texts(content.elements, known, least)
        if not isinstance(content, TextContent | SubtitlesContent):
            continue
        style = content.style
        if not any(family.casefold() in known for family in style.families):
            yield LintWarning(
                f"{element.where}.style.font_family",
                "unknown_font",
                f'There is no font "{style.families[0]}"; another one is used.',
                f'Add it to "fonts", or use one of {", ".join(sorted(known)[:20])}.',
            )
        if style.size < least:
            yield LintWarning(
                f"{element.where}.style.font_size",
                "text_too_small",
                f"Letters of {style.size:g} pixels are hard to read on this canvas.",
                f"Make them {least:.0f} pixels or larger.",
            )
