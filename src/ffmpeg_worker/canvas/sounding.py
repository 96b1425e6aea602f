"""From layers to the sounds that are heard."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ffmpeg_worker.canvas.arrange import Placed, every
from ffmpeg_worker.canvas.clips import Facts, clip_of, media_of
from ffmpeg_worker.canvas.curve import Number, greatest
from ffmpeg_worker.canvas.pixels import read_number
from ffmpeg_worker.canvas.sound import Sound
from ffmpeg_worker.canvas.timeline import frame_at
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.composition.media_layer import AudioLayer, VideoLayer
from ffmpeg_worker.job.names import shown_name

FileOf = Callable[[str], str]
"""From a `src` as written to the file that the scene names."""


@dataclass(frozen=True, slots=True)
class _Heard:
    placed: Placed
    layer: VideoLayer | AudioLayer


def read_sounds(
    layers: Sequence[Placed], facts: Facts, file_of: FileOf, fps: Fraction, ids: Collection[str]
) -> tuple[Sound, ...]:
    """Every sound of the layers, in their order; a muted one, or one of volume 0, is none.

    `ids` are those of all layers, hidden ones too.

    Raises:
        InvalidJob: a file without sound whose sound is wanted, or `duck_under` names no layer.
        SourceUnreadable: a file is no media.
    """
    heard = list(_heard(layers, facts))
    names = dict.fromkeys(ids, ()) | _names(layers, heard)
    return tuple(sound for each in heard if (sound := _sound(each, names, facts, file_of, fps)) is not None)


def _heard(layers: Sequence[Placed], facts: Facts) -> Iterator[_Heard]:
    for placed in every(layers):
        layer = placed.layer
        if not isinstance(layer, VideoLayer | AudioLayer) or layer.muted:
            continue
        volume = read_number(layer.volume)
        if greatest(volume) == 0:
            continue
        if media_of(layer.src, facts, placed.where).audio is not None:
            yield _Heard(placed, layer)
        elif isinstance(layer, AudioLayer) or "volume" in layer.model_fields_set:
            raise _silent(layer, placed.where)


def _names(layers: Sequence[Placed], heard: Sequence[_Heard]) -> dict[str, tuple[str, ...]]:
    """For the id of each layer the ids of its sounds: its own, or those within a group."""
    audible = {each.placed.where for each in heard}
    return {
        placed.layer.id: tuple(
            inner.layer.id or inner.where for inner in every((placed,)) if inner.where in audible
        )
        for placed in every(layers)
        if placed.layer.id is not None
    }


def _sound(
    heard: _Heard, names: dict[str, tuple[str, ...]], facts: Facts, file_of: FileOf, fps: Fraction
) -> Sound | None:
    placed, layer = heard.placed, heard.layer
    start, end = placed.start_s, placed.end_s
    if isinstance(layer, VideoLayer):
        start, end = (float(frame_at(time, fps) / fps) for time in (start, end))
    if end <= start:
        return None
    clip = clip_of(layer, facts, placed.where)
    length = end - start
    if not layer.loop:
        length = min(length, clip.length_s / layer.speed)
    return Sound(
        where=placed.where,
        id=layer.id or placed.where,
        file=file_of(layer.src),
        begin_s=clip.begin_s,
        end_s=clip.end_s,
        start_s=start,
        length_s=length,
        speed=layer.speed,
        loops=layer.loop,
        volume=read_number(layer.volume),
        # A cross-fade of the pictures is one of their sounds, too.
        fade_in_s=min(max(layer.fade_in, placed.overlap_s), length),
        fade_out_s=min(max(layer.fade_out, placed.turns_s), length),
        duck_under=_ducked(heard, names),
        pan=_pan(layer),
    )


def _ducked(heard: _Heard, names: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for index, name in enumerate(heard.layer.duck_under):
        if name not in names:
            raise InvalidJob(
                f'A sound gives way to "{name}", but no layer has that id.',
                code="unknown_layer",
                hint="Name the id of a layer that has sound.",
                where={"field": f"{heard.placed.where}.duck_under[{index}]"},
            )
        found |= dict.fromkeys(names[name])
    found.pop(heard.layer.id or heard.placed.where, None)
    return tuple(found)


def _pan(layer: VideoLayer | AudioLayer) -> Number:
    return read_number(layer.pan)


def _silent(layer: VideoLayer | AudioLayer, where: str) -> InvalidJob:
    return InvalidJob(
        f'"{shown_name(layer.src)}" holds no sound, but its sound is wanted.',
        code="no_sound",
        hint='Use a file with sound, or leave "volume" out.'
        if isinstance(layer, VideoLayer)
        else "Use a file with sound.",
        where={"field": f"{where}.volume" if isinstance(layer, VideoLayer) else f"{where}.src"},
    )
