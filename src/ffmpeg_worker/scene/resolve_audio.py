"""Resolves layers to the sounds of the audio mix."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ffmpeg_worker.composition.media_layers import AudioLayer, VideoLayer
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.tone import is_tone
from ffmpeg_worker.scene.audio_mix import Fade, Sound
from ffmpeg_worker.scene.clips import find_media, resolve_clip
from ffmpeg_worker.scene.curve import max_value
from ffmpeg_worker.scene.reference_box import resolve_number
from ffmpeg_worker.scene.resolve_context import ResolveContext
from ffmpeg_worker.scene.resolve_timing import ScheduledLayer
from ffmpeg_worker.scene.timeline import frame_at


def resolve_audio(layers: Sequence[ScheduledLayer], context: ResolveContext) -> tuple[Sound, ...]:
    """Return the sounds of all layers, in their order, except muted ones and those of volume 0.

    Raises:
        InvalidJob: a layer needs sound, but its file has none.
        SourceUnreadable: a file is not media.
    """
    audible = list(_find_audible_layers(layers, context))
    ids = {layer.id for layer, _, _ in audible if layer.id is not None}
    sounds = (_resolve_sound(layer, scheduled, groups, ids, context) for layer, scheduled, groups in audible)
    return tuple(sound for sound in sounds if sound is not None)


def _find_audible_layers(
    layers: Sequence[ScheduledLayer], context: ResolveContext
) -> Iterator[tuple[VideoLayer | AudioLayer, ScheduledLayer, tuple[ScheduledLayer, ...]]]:
    """Yield the layers whose sound is heard, each with its timing and the groups around it."""
    for scheduled, groups in _with_groups(layers, ()):
        layer = scheduled.layer
        if not isinstance(layer, VideoLayer | AudioLayer) or layer.muted:
            continue
        if max_value(resolve_number(layer.volume)) == 0:
            continue
        if find_media(layer.src, context.sources, scheduled.where).audio is not None:
            yield layer, scheduled, groups
        elif isinstance(layer, AudioLayer) or "volume" in layer.model_fields_set:
            raise _no_sound(layer, scheduled.where)


def _with_groups(
    layers: Sequence[ScheduledLayer], groups: tuple[ScheduledLayer, ...]
) -> Iterator[tuple[ScheduledLayer, tuple[ScheduledLayer, ...]]]:
    for layer in layers:
        yield layer, groups
        yield from _with_groups(layer.children, (*groups, layer))


def _resolve_sound(
    layer: VideoLayer | AudioLayer,
    scheduled: ScheduledLayer,
    groups: Sequence[ScheduledLayer],
    ids: Collection[str],
    context: ResolveContext,
) -> Sound | None:
    start, end = scheduled.start_s, scheduled.end_s
    if isinstance(layer, VideoLayer):
        start, end = (float(frame_at(time, context.fps) / context.fps) for time in (start, end))
    if end <= start:
        return None
    clip = resolve_clip(layer, context.sources, scheduled.where)
    length = end - start
    loops = layer.loop or is_tone(layer.src)
    if not loops:
        length = min(length, clip.length_s / layer.speed)
    return Sound(
        where=scheduled.where,
        id=layer.id,
        file=context.file_of(layer.src),
        begin_s=clip.begin_s,
        end_s=clip.end_s,
        start_s=start,
        length_s=length,
        speed=layer.speed,
        loops=loops,
        volume=resolve_number(layer.volume),
        fades=(*_own_fades(layer, length), *_crossfades((scheduled, *groups), start, length)),
        duck_under=tuple(name for name in layer.duck_under if name in ids and name != layer.id),
        pan=resolve_number(layer.pan),
    )


def _own_fades(layer: VideoLayer | AudioLayer, length: float) -> Iterator[Fade]:
    fade_in, fade_out = min(layer.fade_in, length), min(layer.fade_out, length)
    if fade_in:
        yield Fade("in", 0.0, fade_in)
    if fade_out:
        yield Fade("out", length - fade_out, fade_out)


def _crossfades(layers: Sequence[ScheduledLayer], start: float, length: float) -> Iterator[Fade]:
    """Yield the fades of a sound whose layer, or a group around it, cross-fades with another layer.

    `start` and `length` are those of the sound, in seconds of the canvas.
    """
    for layer in layers:
        begin = layer.start_s - start
        if layer.crossfade_in_s and begin + layer.crossfade_in_s > 0:
            yield Fade("in", begin, layer.crossfade_in_s, is_equal_power=True)
        begin = layer.end_s - layer.crossfade_out_s - start
        if layer.crossfade_out_s and begin < length:
            yield Fade("out", begin, layer.crossfade_out_s, is_equal_power=True)


def _no_sound(layer: VideoLayer | AudioLayer, where: str) -> InvalidJob:
    is_video = isinstance(layer, VideoLayer)
    return InvalidJob(
        f'"{display_name(layer.src)}" has no sound, but the layer needs it.',
        code="no_sound",
        hint='Use a file with sound, or remove "volume".' if is_video else "Use a file with sound.",
        where={"field": f"{where}.volume" if is_video else f"{where}.src"},
    )
