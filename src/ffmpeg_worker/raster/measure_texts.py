"""Measures the texts of a scene without drawing them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ffmpeg_worker.raster.text.font_library import FontLibrary
from ffmpeg_worker.raster.text.layout_text import layout_text, max_box
from ffmpeg_worker.scene.content import SubtitlesContent, TextContent
from ffmpeg_worker.scene.scene import Element, Scene
from ffmpeg_worker.scene.text_metrics import TextMetrics, TextSize, iterate_elements

_MAX_CUES = 1000
_MAX_MISSING = 5


def measure_texts(scene: Scene, folder: Path) -> TextMetrics:
    """Measure all texts and subtitles; `folder` holds the scene's fonts.

    Raises:
        RasterError: `font_unreadable`, a file is not a font.
    """
    library = FontLibrary(folder, scene.fonts)
    elements = tuple(iterate_elements(scene.elements))
    texts = tuple(text for element in elements for text in _measure_element(element, library))
    families = [
        family
        for element in elements
        if isinstance(element.content, TextContent | SubtitlesContent)
        for family in element.content.style.families
    ]
    return TextMetrics(library.list_families(families), texts)


def _measure_element(element: Element, library: FontLibrary) -> Iterator[TextSize]:
    content = element.content
    box = max_box(element)
    if isinstance(content, TextContent):
        yield _measure(element.where, content, content.text, box, library)
    elif isinstance(content, SubtitlesContent):
        box = (content.max_width if box[0] is None else box[0], box[1])
        cues = dict.fromkeys(cue.text for cue in content.cues[:_MAX_CUES])
        measured = [_measure(element.where, content, text, box, library) for text in cues]
        if measured:
            yield _merge(element.where, measured)


def _merge(where: str, cues: list[TextSize]) -> TextSize:
    """Return the largest size, and the problems of any of the cues."""
    return TextSize(
        where,
        max(cue.width for cue in cues),
        max(cue.height for cue in cues),
        any(cue.overflows for cue in cues),
        any(cue.is_cut for cue in cues),
        tuple(dict.fromkeys(sentence for cue in cues for sentence in cue.missing)),
    )


def _measure(
    where: str,
    content: TextContent | SubtitlesContent,
    text: str,
    box: tuple[float | None, float | None],
    library: FontLibrary,
) -> TextSize:
    known = len(library.missing)
    layout = layout_text(text, content.style, *box, library=library, max_width=content.max_width)
    missing = tuple(library.missing[known : known + _MAX_MISSING])
    return TextSize(where, layout.width, layout.height, layout.overflows, layout.is_cut, missing)
