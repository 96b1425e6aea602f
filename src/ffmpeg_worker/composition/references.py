"""Checks what layers refer to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.errors import invalid_field
from ffmpeg_worker.composition.json_path import Location, OriginalJson
from ffmpeg_worker.composition.layer_base import TimedLayer, VisualLayer
from ffmpeg_worker.composition.layers import GroupLayer, Layer
from ffmpeg_worker.composition.media_layers import AudioFields, HiddenLayer, WaveformLayer
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.suggestions import did_you_mean


def walk_layers(layers: Sequence[Layer], above: Location = ()) -> Iterator[tuple[Location, Layer]]:
    """Yield every layer with its location; layers of groups follow their group."""
    for index, layer in enumerate(layers):
        where = (*above, "layers", index)
        yield where, layer
        if isinstance(layer, GroupLayer):
            yield from walk_layers(layer.layers, where)


def check_references(composition: Composition, written: OriginalJson) -> None:
    """Refuse duplicate ids, ids of missing or unsuitable layers, and cycles of start times.

    Raises:
        InvalidJob: `duplicate_id`, `unknown_layer`, `circular_start` or `invalid_value`.
    """
    _References(composition, written).check()


class _References:
    def __init__(self, composition: Composition, written: OriginalJson) -> None:
        self._composition = composition
        self._written = written
        self._by_id: dict[str, Layer] = {}

    def check(self) -> None:
        layers = list(walk_layers(self._composition.layers))
        for where, layer in layers:
            if layer.id is not None and layer.id in self._by_id:
                raise self._error(
                    (*where, "id"), "is the id of two layers", code="duplicate_id", hint="Ids must be unique."
                )
            if layer.id is not None:
                self._by_id[layer.id] = layer
        self._check_order(self._composition.layers, ())
        for where, layer in layers:
            if isinstance(layer, GroupLayer):
                self._check_order(layer.layers, where)
            if isinstance(layer, AudioFields):
                for index, name in enumerate(layer.duck_under):
                    self._check_sound(name, (*where, "duck_under", index))
            if isinstance(layer, WaveformLayer) and layer.layer is not None:
                self._check_sound(layer.layer, (*where, "layer"))

    def _check_sound(self, name: str, where: Location) -> None:
        if name not in self._by_id:
            raise self._error(where, "names no layer", code="unknown_layer", hint=did_you_mean(name, self._by_id))
        if not isinstance(self._by_id[name], (AudioFields, HiddenLayer)):
            raise self._error(
                where,
                "names a layer without sound",
                code="invalid_value",
                hint="Write the id of a video or audio layer.",
            )

    def _check_order(self, layers: Sequence[Layer], above: Location) -> None:
        """Check that layers start after others of the same list, and not in a cycle."""
        places = {layer.id: index for index, layer in enumerate(layers) if layer.id is not None}
        before = [self._predecessor(layers, index, places, above) for index in range(len(layers))]
        first = _find_cycle(before)
        if first is not None:
            raise self._error(
                (*above, "layers", first, "start"),
                "makes the layer start after itself",
                code="circular_start",
                hint="Give one of them a start in seconds.",
            )

    def _predecessor(
        self, layers: Sequence[Layer], index: int, places: Mapping[str, int], above: Location
    ) -> int | None:
        """Return the index of the layer after which one starts."""
        layer, where = layers[index], (*above, "layers", index)
        if not isinstance(layer, TimedLayer):
            return None
        self._check_overlap(layer, where)
        if layer.start == "auto":
            return index - 1 if index else None
        if layer.follows is not None and layer.follows not in places:
            elsewhere = layer.follows in self._by_id
            raise self._error(
                (*where, "start"),
                "names a layer of another list" if elsewhere else "names no layer",
                code="unknown_layer",
                hint="A layer can only start after a layer of the same list."
                if elsewhere
                else did_you_mean(layer.follows, places),
            )
        return places[layer.follows] if layer.follows is not None else None

    def _check_overlap(self, layer: TimedLayer, where: Location) -> None:
        enter = layer.transition.enter if isinstance(layer, VisualLayer) and layer.transition else None
        if enter is not None and enter.overlap and not isinstance(layer.start, str):
            raise self._error(
                (*where, "transition", "in", "overlap"),
                "requires that this layer starts after another one",
                code="invalid_value",
                hint='Set "start" to "after:ID" or "auto".',
            )

    def _error(self, where: Location, what: str, *, code: str, hint: str | None) -> InvalidJob:
        return invalid_field(self._written.path(where), what, code=code, hint=hint)


def _find_cycle(before: Sequence[int | None]) -> int | None:
    """Return the first index that is reached again by following `before`; `None` if there is none."""
    found: list[int] = []
    visited_from: dict[int, int] = {}
    for first in range(len(before)):
        index: int | None = first
        while index is not None and index not in visited_from:
            visited_from[index] = first
            index = before[index]
        if index is None or visited_from[index] != first:
            continue
        cycle = [index]
        while (after := before[cycle[-1]]) != index and after is not None:
            cycle.append(after)
        found.append(min(cycle))
    return min(found, default=None)
