"""Resolves subtitles layers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ffmpeg_worker.budgets import MAX_SUBTITLE_CHARACTERS
from ffmpeg_worker.composition import text_layer
from ffmpeg_worker.composition.text_layer import SubtitlesLayer
from ffmpeg_worker.errors import InvalidJob, SourceError
from ffmpeg_worker.scene.clips import find_text
from ffmpeg_worker.scene.content import Cue, SubtitlesContent, Word
from ffmpeg_worker.scene.geometry import Box, content_box
from ffmpeg_worker.scene.lint_warning import LintWarning
from ffmpeg_worker.scene.reference_box import ReferenceBox
from ffmpeg_worker.scene.resolve_context import ResolveContext, ResolvedContent, resolve_box_crop
from ffmpeg_worker.scene.resolve_text_style import max_width, resolve_text_style
from ffmpeg_worker.scene.resolve_timing import ScheduledLayer
from ffmpeg_worker.scene.subtitles.align_words import align_words, join_syllables
from ffmpeg_worker.scene.subtitles.libass_layer import is_drawn_by_libass, resolve_libass_layer
from ffmpeg_worker.scene.subtitles.parse import is_ass, parse_subtitles
from ffmpeg_worker.scene.subtitles.unspaced_scripts import join_words


@dataclass(frozen=True, slots=True)
class _SafeArea:
    """The area of a picture for subtitles, as fractions: its top, its bottom, and the margin on each side."""

    top: float
    bottom: float
    side: float


_TALL = _SafeArea(0.14, 0.78, 0.11)
"""Apps show buttons and descriptions over the edges of 9:16: most over the bottom, and on the right."""

_WIDE = _SafeArea(0.1, 0.9, 0.16)
"""At the default size, a line of this width has about 42 letters: more are hard to read."""

_SQUARE = _SafeArea(0.1, 0.9, 0.08)
_ELONGATED = 1.5
"""Ratio of the sides from which a picture is tall or wide."""


def _find_safe_area(reference: ReferenceBox) -> _SafeArea:
    if reference.height >= _ELONGATED * reference.width:
        return _TALL
    return _WIDE if reference.width >= _ELONGATED * reference.height else _SQUARE


def _subtitles_box(layer: SubtitlesLayer, reference: ReferenceBox) -> Box:
    """Return the box of a layer; without y and height it is near the edge that its style names."""
    box = content_box(layer, reference)
    if layer.y is not None or layer.height is not None:
        return box
    area = _find_safe_area(reference)
    positions = {"top": (area.top, 0.0), "center": (0.5, 0.5), "bottom": (area.bottom, 1.0)}
    share, anchor = positions[layer.style.vertical_align]
    return replace(box, y=share * reference.height, anchor=(box.anchor[0], anchor))


def resolve_subtitles(
    layer: SubtitlesLayer, scheduled: ScheduledLayer, reference: ReferenceBox, context: ResolveContext
) -> ResolvedContent:
    """Resolve a layer to a video that libass draws, or to cues with a style.

    The words of a cue are parts of its text. Only words that are filled from left to right have syllables.

    Raises:
        InvalidJob: a cue ends before it starts.
        SourceUnreadable: the file has no subtitles.
    """
    if context.draws_ass and is_drawn_by_libass(layer, context.sources):
        return resolve_libass_layer(layer, scheduled, reference, context)
    box = _subtitles_box(layer, reference)
    if layer.cues is None:
        cues = _read_file(layer, scheduled.where, context)
    else:
        written = (_read_cue(cue, f"{scheduled.where}.cues[{index}]") for index, cue in enumerate(layer.cues))
        cues = tuple(sorted(written, key=lambda cue: cue.begin_s))
    if layer.style.highlight is not None and layer.style.highlight.mode != "fill":
        cues = tuple(join_syllables(cue) for cue in cues)
    content = SubtitlesContent(
        cues,
        resolve_text_style(layer.style, reference, box),
        max_width(box, reference, _find_safe_area(reference).side),
    )
    return ResolvedContent(content, box, resolve_box_crop(layer, box, reference, scheduled.where))


def _read_file(layer: SubtitlesLayer, where: str, context: ResolveContext) -> tuple[Cue, ...]:
    text = find_text(layer.src or "", context.sources, where)
    context.subtitles.parse(min(len(text), MAX_SUBTITLE_CHARACTERS), where)  # longer files are refused unparsed
    try:
        read = parse_subtitles(text)
    except SourceError as error:
        raise error.at(field=f"{where}.src") from None
    if read.has_unsupported_styling:
        is_styled = "style" in layer.model_fields_set
        context.warnings.append(
            LintWarning(
                where,
                "looks_not_kept",
                "The positions, colors and effects of the subtitle file are dropped.",
                _styling_hint(is_script=is_ass(text), is_styled=is_styled),
            )
        )
    return read.cues


def _read_cue(cue: text_layer.Cue, where: str) -> Cue:
    words = tuple(Word(word.text, word.start, word.end) for word in cue.words)
    if cue.end <= cue.start or any(word.end_s < word.begin_s for word in words):
        raise InvalidJob(
            "A cue or one of its words ends before it starts.",
            code="invalid_cue",
            hint='"end" must be after "start".',
            where={"field": where},
        )
    text = cue.text if cue.text.strip() else join_words([word.text for word in words])
    read = Cue(cue.start, cue.end, text, words)
    return align_words(read) if words else read


def _styling_hint(*, is_script: bool, is_styled: bool) -> str:
    if not is_script:
        return 'Use "style", "x" and "y" of the layer, several layers, or an .ass file, whose styling is drawn.'
    if is_styled:
        return 'Remove the layer\'s "style" to draw them.'
    return 'This FFmpeg has no libass: use the layer\'s "style" instead.'
