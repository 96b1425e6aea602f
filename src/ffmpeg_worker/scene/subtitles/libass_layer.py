"""Layers of subtitles that are drawn by libass, with the looks that their file gives them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from ffmpeg_worker.composition.text_layer import SubtitlesLayer
from ffmpeg_worker.errors import SourceError
from ffmpeg_worker.scene.clips import SourceInfo, text_of
from ffmpeg_worker.scene.preparation import DrawnSubtitles
from ffmpeg_worker.scene.reference_box import ReferenceBox, even_side
from ffmpeg_worker.scene.remark import LintWarning
from ffmpeg_worker.scene.resolve_timing import ScheduledLayer
from ffmpeg_worker.scene.scene import FontFile
from ffmpeg_worker.scene.subtitles.ass_script import read_script
from ffmpeg_worker.scene.subtitles.parse import is_ass
from ffmpeg_worker.scene.timeline import frame_at


def has_own_looks(layer: SubtitlesLayer, facts: SourceInfo) -> bool:
    """Whether the file says how it looks, and the layer does not."""
    text = facts.get(layer.src or "")
    return isinstance(text, str) and "style" not in layer.model_fields_set and is_ass(text)


def drawn_subtitles(
    layer: SubtitlesLayer,
    placed: ScheduledLayer,
    room: ReferenceBox,
    facts: SourceInfo,
    fps: Fraction,
    fonts: Sequence[FontFile],
) -> DrawnSubtitles:
    """How libass draws them: as large as the canvas, or the group that they are in.

    Raises:
        SourceUnreadable: the file holds no subtitles.
    """
    text = text_of(layer.src or "", facts, placed.where)
    try:
        script = read_script(text)
    except SourceError as error:
        raise error.at(field=f"{placed.where}.src") from None
    first = frame_at(placed.start_s, fps)
    return DrawnSubtitles(
        where=placed.where,
        script=script.text,
        size=(even_side(room.width), even_side(room.height)),
        full_size=(even_side(room.width / room.per_pixel), even_side(room.height / room.per_pixel)),
        fps=fps,
        first=first,
        moments=script.moments(fps, frame_at(placed.end_s, fps) - first),
        fonts=tuple(fonts),
    )


def fonts_without_use(fonts: Sequence[FontFile]) -> Iterator[LintWarning]:
    """Of the composition's fonts those that libass does not read, as far as their names say."""
    for index, font in enumerate(fonts):
        if font.file.lower().endswith(".woff2"):
            yield LintWarning(
                f"fonts[{index}]",
                "font_not_for_subtitles",
                "Subtitles with looks of their own are drawn without this font: it is packed as WOFF2.",
                "Give it as .ttf, .otf or .woff.",
            )
