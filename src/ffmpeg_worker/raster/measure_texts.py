"""How large the texts of a scene become, without drawing them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ffmpeg_worker.raster.text.font_library import FontLibrary
from ffmpeg_worker.raster.text.layout_text import measure
from ffmpeg_worker.scene.curve import Number, greatest
from ffmpeg_worker.scene.scene import Element, Scene, SubtitlesContent, TextContent
from ffmpeg_worker.scene.text_metrics import MeasuredText, TextMetrics, iterate_elements

_MOST_CUES = 1000
_MOST_MISSING = 5


def measure_texts(scene: Scene, folder: Path) -> TextMetrics:
    """Measure all of them; `folder` holds the scene's fonts.

    Raises:
        RasterError: `font_unreadable`, a file is no font.
    """
    library = FontLibrary(folder, scene.fonts)
    elements = tuple(iterate_elements(scene.elements))
    texts = tuple(text for element in elements for text in _texts(element, library))
    asked = [
        family
        for element in elements
        if isinstance(element.content, TextContent | SubtitlesContent)
        for family in element.content.style.families
    ]
    return TextMetrics(library.known(asked), texts)


def _texts(element: Element, library: FontLibrary) -> Iterator[MeasuredText]:
    content = element.content
    width, height = _most(element.width), _most(element.height)
    if isinstance(content, TextContent):
        yield _measured(element.where, content, content.text, (width, height), library)
    elif isinstance(content, SubtitlesContent):
        room = content.most_width if width is None else width
        found = [
            _measured(element.where, content, text, (room, height), library)
            for text in dict.fromkeys(cue.text for cue in content.cues[:_MOST_CUES])
        ]
        yield from _together(element.where, found)


def _together(where: str, found: list[MeasuredText]) -> Iterator[MeasuredText]:
    """Of many cues what any of them is."""
    if found:
        yield MeasuredText(
            where,
            max(text.width for text in found),
            max(text.height for text in found),
            any(text.overflows for text in found),
            any(text.is_cut for text in found),
            tuple(dict.fromkeys(sentence for text in found for sentence in text.missing)),
        )


def _measured(
    where: str,
    content: TextContent | SubtitlesContent,
    text: str,
    box: tuple[float | None, float | None],
    library: FontLibrary,
) -> MeasuredText:
    before = len(library.missing)
    layout = measure(text, content.style, *box, library=library, most_width=content.most_width)
    missing = tuple(library.missing[before : before + _MOST_MISSING])
    return MeasuredText(where, layout.width, layout.height, layout.overflows, layout.is_cut, missing)


def _most(number: Number | None) -> float | None:
    return None if number is None else greatest(number)
