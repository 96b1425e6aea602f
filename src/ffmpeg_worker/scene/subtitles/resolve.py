"""Layers of subtitles: their cues and where they stand."""

from __future__ import annotations

from dataclasses import replace

from ffmpeg_worker.composition import text_layer
from ffmpeg_worker.composition.text_layer import SubtitlesLayer
from ffmpeg_worker.errors import InvalidJob, SourceError
from ffmpeg_worker.scene.clips import SourceInfo, text_of
from ffmpeg_worker.scene.geometry import Box, own_size_box
from ffmpeg_worker.scene.reference_box import ReferenceBox
from ffmpeg_worker.scene.remark import LintWarning
from ffmpeg_worker.scene.resolve_text_style import most_width, read_style
from ffmpeg_worker.scene.scene import Cue, SubtitlesContent, Word
from ffmpeg_worker.scene.subtitles.parse import read_subtitles, with_words

_PLACES = {"top": (0.1, 0.0), "center": (0.5, 0.5), "bottom": (0.9, 1.0)}
"""Share of the height, and which point of the text lies there."""


def spoken_box(layer: SubtitlesLayer, room: ReferenceBox) -> Box:
    """Without a place and a height they stand near the edge that their style names."""
    box = own_size_box(layer, room)
    if layer.y is not None or layer.height is not None:
        return box
    share, anchor = _PLACES[layer.style.vertical_align]
    return replace(box, y=share * room.height, anchor=(box.anchor[0], anchor))


def read_spoken(
    layer: SubtitlesLayer, where: str, room: ReferenceBox, box: Box, facts: SourceInfo, remarks: list[LintWarning]
) -> SubtitlesContent:
    """Cues with their look; words have times where the look marks the word that is said.

    Raises:
        InvalidJob: a cue ends before it begins.
        SourceUnreadable: the file holds no subtitles.
    """
    if layer.cues is not None:
        cues = tuple(_read_cue(cue, f"{where}.cues[{index}]") for index, cue in enumerate(layer.cues))
        cues = tuple(sorted(cues, key=lambda cue: cue.begin_s))
    else:
        cues = _read_file(layer, where, facts, remarks)
    if layer.style.highlight is not None:
        cues = tuple(with_words(cue) for cue in cues)
    return SubtitlesContent(cues, read_style(layer.style, room, box), most_width(box, room))


def _read_file(
    layer: SubtitlesLayer, where: str, facts: SourceInfo, remarks: list[LintWarning]
) -> tuple[Cue, ...]:
    text = text_of(layer.src or "", facts, where)
    try:
        read = read_subtitles(text)
    except SourceError as error:
        raise error.at(field=f"{where}.src") from None
    if read.loses_looks:
        is_styled = "style" in layer.model_fields_set
        remarks.append(
            LintWarning(
                where,
                "looks_not_kept",
                "The subtitles hold places, colours or effects of their own, which are not kept.",
                'Leave out the layer\'s "style", and they are drawn with them.'
                if is_styled
                else 'This ffmpeg cannot draw them: style the layer with "style".',
            )
        )
    return read.cues


def _read_cue(cue: text_layer.Cue, where: str) -> Cue:
    words = tuple(Word(word.text, word.start, word.end) for word in cue.words)
    if cue.end <= cue.start or any(word.end_s < word.begin_s for word in words):
        raise InvalidJob(
            "A cue or one of its words ends before it begins.",
            code="invalid_cue",
            hint='"end" is later than "start".',
            where={"field": where},
        )
    # The words are what is marked: the text must be made of them.
    differs = words and cue.text.split() != [word.text for word in words]
    return Cue(cue.start, cue.end, " ".join(word.text for word in words) if differs else cue.text, words)
