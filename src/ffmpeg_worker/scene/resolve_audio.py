"""Resolves layers to the sounds of the audio mix."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ffmpeg_worker.composition.media_layers import AudioLayer, VideoLayer
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.scene.audio_mix import Sound
from ffmpeg_worker.scene.clips import SourceInfo, find_media, resolve_clip
from ffmpeg_worker.scene.curve import max_value
from ffmpeg_worker.scene.reference_box import resolve_number
from ffmpeg_worker.scene.resolve_timing import ScheduledLayer, iterate_layers
from ffmpeg_worker.scene.timeline import frame_at

FileOf = Callable[[str], str]
"""Maps a `src` of the composition to the file that the scene names."""


@dataclass(frozen=True, slots=True)
class _AudibleLayer:
    scheduled: ScheduledLayer
    layer: VideoLayer | AudioLayer


def resolve_audio(
    layers: Sequence[ScheduledLayer], sources: SourceInfo, file_of: FileOf, fps: Fraction
) -> tuple[Sound, ...]:
    """Return the sounds of all layers, in their order, except muted ones and those of volume 0.

    Raises:
        InvalidJob: a layer needs sound, but its file has none.
        SourceUnreadable: a file is not media.
    """
    audible = list(_find_audible_layers(layers, sources))
    ids = {each.layer.id for each in audible if each.layer.id is not None}
    return tuple(
        sound for each in audible if (sound := _resolve_sound(each, ids, sources, file_of, fps)) is not None
    )


def _find_audible_layers(layers: Sequence[ScheduledLayer], sources: SourceInfo) -> Iterator[_AudibleLayer]:
    for scheduled in iterate_layers(layers):
        layer = scheduled.layer
        if not isinstance(layer, VideoLayer | AudioLayer) or layer.muted:
            continue
        volume = resolve_number(layer.volume)
        if max_value(volume) == 0:
            continue
        if find_media(layer.src, sources, scheduled.where).audio is not None:
            yield _AudibleLayer(scheduled, layer)
        elif isinstance(layer, AudioLayer) or "volume" in layer.model_fields_set:
            raise _no_sound(layer, scheduled.where)


def _resolve_sound(
    audible: _AudibleLayer, ids: Collection[str], sources: SourceInfo, file_of: FileOf, fps: Fraction
) -> Sound | None:
    scheduled, layer = audible.scheduled, audible.layer
    start, end = scheduled.start_s, scheduled.end_s
    if isinstance(layer, VideoLayer):
        start, end = (float(frame_at(time, fps) / fps) for time in (start, end))
    if end <= start:
        return None
    clip = resolve_clip(layer, sources, scheduled.where)
    length = end - start
    if not layer.loop:
        length = min(length, clip.length_s / layer.speed)
    return Sound(
        where=scheduled.where,
        id=layer.id,
        file=file_of(layer.src),
        begin_s=clip.begin_s,
        end_s=clip.end_s,
        start_s=start,
        length_s=length,
        speed=layer.speed,
        loops=layer.loop,
        volume=resolve_number(layer.volume),
        # Layers that cross-fade also cross-fade their sounds.
        fade_in_s=min(max(layer.fade_in, scheduled.crossfade_in_s), length),
        fade_out_s=min(max(layer.fade_out, scheduled.crossfade_out_s), length),
        duck_under=tuple(name for name in layer.duck_under if name in ids and name != layer.id),
        pan=resolve_number(layer.pan),
    )


def _no_sound(layer: VideoLayer | AudioLayer, where: str) -> InvalidJob:
    return InvalidJob(
        f'"{display_name(layer.src)}" has no sound, but the layer needs it.',
        code="no_sound",
        hint='Use a file with sound, or remove "volume".'
        if isinstance(layer, VideoLayer)
        else "Use a file with sound.",
        where={"field": f"{where}.volume" if isinstance(layer, VideoLayer) else f"{where}.src"},
    )
