"""Resolves the timing of nested lists of layers to seconds of the canvas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ffmpeg_worker.budgets import MAX_DURATION_S
from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.layer_base import TimedLayer, VisualLayer
from ffmpeg_worker.composition.layers import GroupLayer, Layer
from ffmpeg_worker.composition.media_layers import AudioLayer, HiddenLayer, VideoLayer
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.scene.clips import SourceInfo, resolve_clip
from ffmpeg_worker.scene.timeline import TimingRequest, canvas_duration, list_duration, schedule
from ffmpeg_worker.suggestions import did_you_mean


@dataclass(frozen=True, slots=True)
class ScheduledLayer:
    """A layer with its start and end, in seconds of the canvas.

    Attributes:
        layer: the layer as the composition has it.
        where: its JSON path.
        index: its index in its list.
        crossfade_from: index of the layer of the same list that it cross-fades from.
        crossfade_in_s: for how long.
        crossfade_out_s: for how long the next layer cross-fades from this one.
        children: the layers of a group.
    """

    layer: TimedLayer
    where: str
    index: int
    start_s: float
    end_s: float
    crossfade_from: int | None = None
    crossfade_in_s: float = 0.0
    crossfade_out_s: float = 0.0
    children: tuple[ScheduledLayer, ...] = ()

    @property
    def length_s(self) -> float:
        """Duration in seconds."""
        return self.end_s - self.start_s


def resolve_timing(composition: Composition, sources: SourceInfo) -> tuple[float, tuple[ScheduledLayer, ...]]:
    """Return the duration of the canvas in seconds, and its layers with their times.

    Raises:
        InvalidJob: the times contradict each other (see `timeline`), or the canvas is too long.
        SourceUnreadable: a file that determines a duration is not media.
    """
    requests = _timing_requests(composition.layers, "", sources)
    given = composition.duration
    length = canvas_duration(requests) if given == "auto" else float(given)
    if length > MAX_DURATION_S:
        raise InvalidJob(
            f"The composition lasts {length:g} s; the maximum is {MAX_DURATION_S:g} s.",
            code="too_long",
            hint='Give it a "duration", or shorten its layers.',
            where={"field": "duration"},
        )
    return length, _schedule(composition.layers, requests, 0.0, length, sources)


def iterate_layers(scheduled: Sequence[ScheduledLayer]) -> Iterator[ScheduledLayer]:
    """Yield all layers; those of a group follow the group."""
    for layer in scheduled:
        yield layer
        yield from iterate_layers(layer.children)


def _schedule(
    layers: Sequence[Layer],
    requests: Sequence[TimingRequest],
    origin_s: float,
    length_s: float,
    sources: SourceInfo,
) -> tuple[ScheduledLayer, ...]:
    spans = schedule(requests, length_s)
    fade_outs = {
        span.crossfade_from: request.crossfade_s
        for request, span in zip(requests, spans, strict=True)
        if span.crossfade_from is not None
    }
    found = []
    for index, (layer, request, span) in enumerate(zip(layers, requests, spans, strict=True)):
        if isinstance(layer, HiddenLayer) or not layer.condition:
            continue
        start_s, end_s = origin_s + span.start_s, origin_s + span.end_s
        children: tuple[ScheduledLayer, ...] = ()
        if isinstance(layer, GroupLayer):
            inner = _timing_requests(layer.layers, f"{request.where}.", sources)
            children = _schedule(layer.layers, inner, start_s, end_s - start_s, sources)
        crossfades = span.crossfade_from is not None and not _is_hidden(layers[span.crossfade_from])
        found.append(
            ScheduledLayer(
                layer,
                request.where,
                index,
                start_s,
                end_s,
                crossfade_from=span.crossfade_from if crossfades else None,
                crossfade_in_s=request.crossfade_s if crossfades else 0.0,
                crossfade_out_s=fade_outs.get(index, 0.0),
                children=children,
            )
        )
    return tuple(found)


def _timing_requests(layers: Sequence[Layer], base: str, sources: SourceInfo) -> tuple[TimingRequest, ...]:
    followed = {layer.follows for layer in layers if isinstance(layer, TimedLayer)}
    by_id = {layer.id: index for index, layer in enumerate(layers) if layer.id is not None}
    last: dict[bool, int] = {}
    requests = []
    for index, layer in enumerate(layers):
        where = f"{base}layers[{index}]"
        is_heard = isinstance(layer, AudioLayer)
        if isinstance(layer, HiddenLayer) or not layer.condition:
            # Layers that follow a hidden one follow its predecessor instead.
            after = last.get(is_heard) if layer.id in followed and layer.id is not None else None
            requests.append(TimingRequest(where, layer.id, after=after, length=0.0))
            continue
        after = last.get(is_heard) if layer.start == "auto" else _followed_index(layer, by_id, where)
        requests.append(
            TimingRequest(
                where=where,
                id=layer.id,
                start_s=layer.start if isinstance(layer.start, float) else 0.0,
                after=after,
                crossfade_s=_overlap(layer, follows=after is not None),
                length=layer.duration,
                natural_s=_natural_duration(layer, where, sources),
                is_audio_only=is_heard,
            )
        )
        last[is_heard] = index
    return tuple(requests)


def _followed_index(layer: TimedLayer, by_id: Mapping[str, int], where: str) -> int | None:
    if layer.follows is None:
        return None
    # References are checked when a composition is read, but not those of the sounds beside it.
    if layer.follows not in by_id:
        raise InvalidJob(
            f'A layer starts after "{layer.follows}", but no layer of its list has that id.',
            code="unknown_layer",
            hint=did_you_mean(layer.follows, by_id) or "Name the id of another layer of the same list.",
            where={"field": f"{where}.start"},
        )
    return by_id[layer.follows]


def _natural_duration(layer: TimedLayer, where: str, sources: SourceInfo) -> float | None:
    """Return the duration of a layer's content; `None` if it has none, as looped media."""
    if isinstance(layer, GroupLayer):
        return list_duration(_timing_requests(layer.layers, f"{where}.", sources))
    if not isinstance(layer, VideoLayer | AudioLayer) or layer.loop or layer.duration != "auto":
        return None
    clip = resolve_clip(layer, sources, where)
    return clip.length_s / layer.speed if clip.is_known else None


def _overlap(layer: TimedLayer, *, follows: bool) -> float:
    transition = layer.transition if isinstance(layer, VisualLayer) else None
    enter = transition.enter if transition is not None else None
    return enter.duration if enter is not None and enter.overlap and follows else 0.0


def _is_hidden(layer: Layer) -> bool:
    return isinstance(layer, HiddenLayer) or not layer.condition
