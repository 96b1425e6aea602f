"""Words that other tools use for fields and types of layers, and how a composition says the same."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Meaning:
    """The meaning of words, for objects that have the field `field`."""

    words: str
    field: str
    hint: str


_MEANINGS = (
    _Meaning(
        "trim_start trim_from trim_in clip_start clip_from source_start start_from in_point cut_from seek seek_to "
        "start_offset media_start",
        "trim",
        'Write "trim": {"start": 2}, in seconds of the file.',
    ),
    _Meaning(
        "trim_end trim_to trim_out clip_end clip_to source_end out_point cut_to media_end",
        "trim",
        'Write "trim": {"end": 5}, in seconds of the file.',
    ),
    _Meaning(
        "trim_duration clip_duration", "trim", 'Write "trim": {"start": 2, "end": 5}, in seconds of the file.'
    ),
    _Meaning(
        "end end_time end_at ends stop stop_time until to",
        "duration",
        'Write "start" and "duration" in seconds; a layer ends at their sum.',
    ),
    _Meaning("delay begin begin_time at from offset_time in_time", "start", 'Write "start", in seconds.'),
    _Meaning(
        "position pos location placement origin coordinates",
        "x",
        'Write "x" and "y", and "anchor" for the point of the layer that is placed there.',
    ),
    _Meaning(
        "left right horizontal offset_x translate_x", "x", 'Write "x"; "anchor" is the point that is placed.'
    ),
    _Meaning("top bottom vertical offset_y translate_y", "y", 'Write "y"; "anchor" is the point that is placed.'),
    _Meaning("size dimensions resize", "width", 'Write "width", "height" or both.'),
    _Meaning("zoom", "scale", 'Write "scale"; keyframes animate it.'),
    _Meaning("angle rotate_z", "rotation", 'Write "rotation", in degrees.'),
    _Meaning("alpha transparency", "opacity", 'Write "opacity", from 0 (invisible) to 1.'),
    _Meaning(
        "object_fit resize_mode scale_mode", "fit", 'Write "fit": "cover", "contain", "fill" or another value.'
    ),
    _Meaning("gain level loudness", "volume", 'Write "volume", a factor.'),
    _Meaning("mute silent", "muted", 'Write "muted": true.'),
    _Meaning("playback_rate rate tempo", "speed", 'Write "speed", a factor.'),
    _Meaning(
        "layer order z_order stack", "z", 'Write "z", or change the order of the layers: the last is on top.'
    ),
    _Meaning(
        "filter filters effect effects",
        "opacity",
        'Fields that change a picture are "blur", "opacity", "blend" and "crop", of images and videos also '
        '"chroma_key". For other filters, run FFmpeg on the file before, with the action process.',
    ),
    _Meaning(
        "animate animations keyframes keyframe",
        "opacity",
        "Write the keyframes into the field that changes: "
        '"opacity": [{"time": 0, "value": 0}, {"time": 1, "value": 1}].',
    ),
    _Meaning("animation motion", "transition", 'Write "transition": {"in": "fade"}, or keyframes such as of "x".'),
    _Meaning(
        "fade fade_in fade_out enter exit intro outro transition_in transition_out",
        "transition",
        'Write "transition": {"in": "fade", "out": "fade"}.',
    ),
    _Meaning("content value caption words", "text", 'Write "text".'),
    _Meaning("file filename media asset uri href image video", "src", 'Write "src": a URL, a name or "{{in_1}}".'),
)
_BY_WORD: Mapping[str, tuple[_Meaning, ...]] = {
    word: tuple(one for one in _MEANINGS if word in one.words.split())
    for meaning in _MEANINGS
    for word in meaning.words.split()
}

_TYPES = {
    "audio": "voice voiceover voice_over narration music song sound sfx track speech",
    "image": "picture photo img gif png jpg jpeg svg logo sticker overlay watermark",
    "video": "clip movie film footage mp4",
    "text": "title heading headline label caption paragraph html string",
    "subtitles": "captions subtitle srt vtt ass karaoke transcript",
    "shape": "rect rectangle square circle ellipse line polygon star triangle path box color background solid",
    "group": "composition scene container folder stack precomp",
    "waveform": "visualizer audiogram spectrum equalizer",
}
_TYPE_OF = {word: name for name, words in _TYPES.items() for word in words.split()}


def explain_key(key: str, known: Collection[str]) -> str | None:
    """Return how a composition says what an unknown key, in snake case, means; `None` if that is not known.

    `known` has the fields of the object.
    """
    return next((meaning.hint for meaning in _BY_WORD.get(key, ()) if meaning.field in known), None)


def explain_type(name: str) -> str | None:
    """Return which type of layer an unknown one, in snake case, probably is."""
    known = _TYPE_OF.get(name)
    return None if known is None else f'Write "type": "{known}".'
