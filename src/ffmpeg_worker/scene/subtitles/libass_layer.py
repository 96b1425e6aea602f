"""Resolves subtitles layers that libass draws with the styling of their file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from ffmpeg_worker.composition.text_layer import SubtitlesLayer
from ffmpeg_worker.errors import SourceError
from ffmpeg_worker.scene.clips import SourceInfo, find_text
from ffmpeg_worker.scene.lint import LintWarning
from ffmpeg_worker.scene.preparation import LibassDrawing
from ffmpeg_worker.scene.reference_box import ReferenceBox, even_side
from ffmpeg_worker.scene.resolve_timing import ScheduledLayer
from ffmpeg_worker.scene.scene import FontFile
from ffmpeg_worker.scene.subtitles.ass_script import parse_script
from ffmpeg_worker.scene.subtitles.parse import is_ass
from ffmpeg_worker.scene.timeline import frame_at


def is_drawn_by_libass(layer: SubtitlesLayer, sources: SourceInfo) -> bool:
    """Whether the file is ASS and the layer has no style of its own."""
    text = sources.get(layer.src or "")
    return isinstance(text, str) and "style" not in layer.model_fields_set and is_ass(text)


def resolve_libass_layer(
    layer: SubtitlesLayer,
    scheduled: ScheduledLayer,
    reference: ReferenceBox,
    sources: SourceInfo,
    fps: Fraction,
    fonts: Sequence[FontFile],
) -> LibassDrawing:
    """Return the drawing of a layer, in the size of the canvas or of its group.

    Raises:
        SourceUnreadable: the file has no subtitles.
    """
    text = find_text(layer.src or "", sources, scheduled.where)
    try:
        script = parse_script(text)
    except SourceError as error:
        raise error.at(field=f"{scheduled.where}.src") from None
    first = frame_at(scheduled.start_s, fps)
    return LibassDrawing(
        where=scheduled.where,
        script=script.text,
        size=(even_side(reference.width), even_side(reference.height)),
        full_size=(
            even_side(reference.width / reference.pixel_scale),
            even_side(reference.height / reference.pixel_scale),
        ),
        fps=fps,
        first=first,
        moments=script.moments(fps, frame_at(scheduled.end_s, fps) - first),
        fonts=tuple(fonts),
    )


def find_unsupported_fonts(fonts: Sequence[FontFile]) -> Iterator[LintWarning]:
    """Yield a warning for each font whose file name says that libass cannot read it."""
    for index, font in enumerate(fonts):
        if font.file.lower().endswith(".woff2"):
            yield LintWarning(
                f"fonts[{index}]",
                "font_not_for_subtitles",
                "ASS subtitles are drawn without this font: libass does not read WOFF2.",
                "Convert it to .ttf, .otf or .woff.",
            )
