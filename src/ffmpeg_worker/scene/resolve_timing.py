"""Layers with their times: from lists in lists to seconds of the canvas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.layer_base import TimedLayer, VisualLayer
from ffmpeg_worker.composition.layers import GroupLayer, Layer
from ffmpeg_worker.composition.limits import MAX_DURATION_S
from ffmpeg_worker.composition.media_layers import AudioLayer, HiddenLayer, VideoLayer
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.scene.clips import SourceInfo, clip_of
from ffmpeg_worker.scene.timeline import TimingRequest, length_for_all, own_length, place


@dataclass(frozen=True, slots=True)
class ScheduledLayer:
    """A layer from `start_s` to `end_s` of the canvas, with the layers `inside` it.

    `where` is its JSON path. `over` is the neighbour (index in the same list) that it cross-fades from, for
    `overlap_s`; `turns_s` is for how long the neighbour behind cross-fades from this one.
    """

    layer: TimedLayer
    where: str
    index: int
    start_s: float
    end_s: float
    over: int | None = None
    overlap_s: float = 0.0
    turns_s: float = 0.0
    inside: tuple[ScheduledLayer, ...] = ()

    @property
    def length_s(self) -> float:
        """How long it is there."""
        return self.end_s - self.start_s


def arrange(composition: Composition, facts: SourceInfo) -> tuple[float, tuple[ScheduledLayer, ...]]:
    """The length of the canvas, and its layers with their times.

    Raises:
        InvalidJob: times that cannot be (see `timeline`), or a canvas that is too long.
        SourceUnreadable: a file that gives a length is no media.
    """
    wishes = _wishes(composition.layers, "", facts)
    given = composition.duration
    length = length_for_all(wishes) if given == "auto" else float(given)
    if length > MAX_DURATION_S:
        raise InvalidJob(
            f"The composition lasts {length:g} s, and may last {MAX_DURATION_S:g} s.",
            code="too_long",
            hint='Give it a "duration", or shorten its layers.',
            where={"field": "duration"},
        )
    return length, _place(composition.layers, wishes, 0.0, length, facts)


def every(placed: Sequence[ScheduledLayer]) -> Iterator[ScheduledLayer]:
    """All layers, those in groups behind their group."""
    for each in placed:
        yield each
        yield from every(each.inside)


def _place(
    layers: Sequence[Layer], wishes: Sequence[TimingRequest], origin_s: float, length_s: float, facts: SourceInfo
) -> tuple[ScheduledLayer, ...]:
    spans = place(wishes, length_s)
    turns = {span.over: wish.overlap_s for wish, span in zip(wishes, spans, strict=True) if span.over is not None}
    found = []
    for index, (layer, wish, span) in enumerate(zip(layers, wishes, spans, strict=True)):
        if isinstance(layer, HiddenLayer) or not layer.condition:
            continue
        placed = ScheduledLayer(
            layer, wish.where, index, origin_s + span.start_s, origin_s + span.end_s, turns_s=turns.get(index, 0.0)
        )
        if span.over is not None and not _is_hidden(layers[span.over]):
            placed = replace(placed, over=span.over, overlap_s=wish.overlap_s)
        if isinstance(layer, GroupLayer):
            children = _wishes(layer.layers, f"{wish.where}.", facts)
            inside = _place(layer.layers, children, placed.start_s, placed.length_s, facts)
            placed = replace(placed, inside=inside)
        found.append(placed)
    return tuple(found)


def _wishes(layers: Sequence[Layer], base: str, facts: SourceInfo) -> tuple[TimingRequest, ...]:
    followed = {layer.follows for layer in layers if isinstance(layer, TimedLayer)}
    last: dict[bool, int] = {}
    wishes = []
    for index, layer in enumerate(layers):
        where = f"{base}layers[{index}]"
        is_heard = isinstance(layer, AudioLayer)
        if isinstance(layer, HiddenLayer) or not layer.condition:
            # What comes after it comes after what would have been before it.
            after = last.get(is_heard) if layer.id in followed and layer.id is not None else None
            wishes.append(TimingRequest(where, layer.id, after=after, length=0.0))
            continue
        after_layer = last.get(is_heard) if layer.start == "auto" else layer.follows
        wishes.append(
            TimingRequest(
                where=where,
                id=layer.id,
                start_s=layer.start if isinstance(layer.start, float) else 0.0,
                after=after_layer,
                overlap_s=_overlap(layer, follows=after_layer is not None),
                length=layer.duration,
                natural_s=_natural(layer, where, facts),
                is_only_heard=is_heard,
            )
        )
        last[is_heard] = index
    return tuple(wishes)


def _natural(layer: TimedLayer, where: str, facts: SourceInfo) -> float | None:
    """How long a layer is by itself. What is played again and again has no length."""
    if isinstance(layer, GroupLayer):
        return own_length(_wishes(layer.layers, f"{where}.", facts))
    if not isinstance(layer, VideoLayer | AudioLayer) or layer.loop or layer.duration != "auto":
        return None
    clip = clip_of(layer, facts, where)
    return clip.length_s / layer.speed if clip.is_known else None


def _overlap(layer: TimedLayer, *, follows: bool) -> float:
    transition = layer.transition if isinstance(layer, VisualLayer) else None
    enter = transition.enter if transition is not None else None
    return enter.duration if enter is not None and enter.overlap and follows else 0.0


def _is_hidden(layer: Layer) -> bool:
    return isinstance(layer, HiddenLayer) or not layer.condition
