"""Resolves subtitles layers that libass draws with the styling of their file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ffmpeg_worker.composition.text_layer import SubtitlesLayer
from ffmpeg_worker.errors import SourceError
from ffmpeg_worker.scene.clips import SourceInfo, find_text
from ffmpeg_worker.scene.content import VideoContent
from ffmpeg_worker.scene.geometry import aspect_ratio, canvas_box, resolve_crop
from ffmpeg_worker.scene.lint_warning import LintWarning
from ffmpeg_worker.scene.preparation import LibassDrawing
from ffmpeg_worker.scene.reference_box import ReferenceBox, even_side
from ffmpeg_worker.scene.resolve_context import ResolveContext, ResolvedContent
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
    layer: SubtitlesLayer, scheduled: ScheduledLayer, reference: ReferenceBox, context: ResolveContext
) -> ResolvedContent:
    """Resolve a layer to the video that libass draws, in the size of the canvas or of its group.

    Raises:
        InvalidJob: the job has too many subtitles.
        SourceUnreadable: the file has no subtitles.
    """
    text = find_text(layer.src or "", context.sources, scheduled.where)
    context.subtitles.read_script(len(text), scheduled.where)
    try:
        script = parse_script(text)
    except SourceError as error:
        raise error.at(field=f"{scheduled.where}.src") from None
    first, last = frame_at(scheduled.start_s, context.fps), frame_at(scheduled.end_s, context.fps)
    context.subtitles.draw(script.count_moments(context.fps, last - first), scheduled.where)
    width, height, scale = reference.width, reference.height, reference.pixel_scale
    drawing = LibassDrawing(
        where=scheduled.where,
        script=script.text,
        size=(even_side(width), even_side(height)),
        full_size=(even_side(width / scale), even_side(height / scale)),
        fps=context.fps,
        first=first,
        moments=script.moments(context.fps, last - first),
        fonts=context.fonts,
    )
    context.preparations.append(drawing)
    context.warnings.extend(_find_unsupported_fonts(context.fonts))
    crop = resolve_crop(layer.crop, drawing.full_size, scheduled.where)
    # One second longer, so that the last frame is held until the end.
    video = VideoContent(
        drawing.prepared, drawing.size, 0.0, scheduled.length_s + 1.0, fit="contain", is_multiplied=True
    )
    return ResolvedContent(video, canvas_box(layer, reference, aspect_ratio(drawing.size, crop)), crop)


def _find_unsupported_fonts(fonts: Sequence[FontFile]) -> Iterator[LintWarning]:
    """Yield a warning for each font whose file name says that libass cannot read it."""
    for index, font in enumerate(fonts):
        if font.file.lower().endswith(".woff2"):
            yield LintWarning(
                f"fonts[{index}]",
                "font_not_for_subtitles",
                "ASS subtitles are drawn without this font: libass does not read WOFF2.",
                "Convert it to .ttf, .otf or .woff.",
            )
