"""From layers to the sounds that are heard."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ffmpeg_worker.composition.media_layers import AudioLayer, VideoLayer
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.scene.audio_mix import Sound
from ffmpeg_worker.scene.clips import SourceInfo, clip_of, media_of
from ffmpeg_worker.scene.curve import greatest
from ffmpeg_worker.scene.reference_box import read_number
from ffmpeg_worker.scene.resolve_timing import ScheduledLayer, every
from ffmpeg_worker.scene.timeline import frame_at

FileOf = Callable[[str], str]
"""From a `src` as written to the file that the scene names."""


@dataclass(frozen=True, slots=True)
class _Heard:
    placed: ScheduledLayer
    layer: VideoLayer | AudioLayer


def read_sounds(
    layers: Sequence[ScheduledLayer], facts: SourceInfo, file_of: FileOf, fps: Fraction
) -> tuple[Sound, ...]:
    """Every sound of the layers, in their order; a muted one, or one of volume 0, is none.

    Raises:
        InvalidJob: a file without sound whose sound is wanted.
        SourceUnreadable: a file is no media.
    """
    heard = list(_heard(layers, facts))
    ids = {each.layer.id for each in heard if each.layer.id is not None}
    return tuple(sound for each in heard if (sound := _sound(each, ids, facts, file_of, fps)) is not None)


def _heard(layers: Sequence[ScheduledLayer], facts: SourceInfo) -> Iterator[_Heard]:
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


def _sound(heard: _Heard, ids: Collection[str], facts: SourceInfo, file_of: FileOf, fps: Fraction) -> Sound | None:
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
        id=layer.id,
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
        duck_under=tuple(name for name in layer.duck_under if name in ids and name != layer.id),
        pan=read_number(layer.pan),
    )


def _silent(layer: VideoLayer | AudioLayer, where: str) -> InvalidJob:
    return InvalidJob(
        f'"{display_name(layer.src)}" holds no sound, but its sound is wanted.',
        code="no_sound",
        hint='Use a file with sound, or leave "volume" out.'
        if isinstance(layer, VideoLayer)
        else "Use a file with sound.",
        where={"field": f"{where}.volume" if isinstance(layer, VideoLayer) else f"{where}.src"},
    )
