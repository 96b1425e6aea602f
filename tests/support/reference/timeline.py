"""The timing of layers: a second implementation, independent of the renderer's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Layer = Mapping[str, Any]


@dataclass(frozen=True)
class Stay:
    """From when to when a layer is there, in seconds of the canvas; `over`: the one that it replaces.

    Its frames, `last` not included, are counted from the first one of its list.
    """

    begin_s: float
    end_s: float
    first: int
    last: int
    over: int | None = None


def frames_of(seconds: float, fps: float) -> int:
    """Round seconds to frames, half a frame up."""
    return math.floor(seconds * fps + 0.5 + 1e-7)


def stays(
    layers: Sequence[Layer], fps: float, lengths: Mapping[str, float], begin_s: float, end_s: float
) -> list[Stay]:
    """The time span of each layer of a list."""
    found = []
    origin = frames_of(begin_s, fps)
    for begin, end, over in _times(layers, lengths):
        first_s = min(begin_s + begin, end_s)
        last_s = end_s if end is None else min(begin_s + end, end_s)
        first, last = frames_of(first_s, fps) - origin, frames_of(last_s, fps) - origin
        found.append(Stay(first_s, last_s, first, last, over))
    return found


def length_of(layers: Sequence[Layer], lengths: Mapping[str, float]) -> float:
    """The end of the last layer with a known length, in seconds."""
    return max(end for _, end, _ in _times(layers, lengths) if end is not None)


def _times(layers: Sequence[Layer], lengths: Mapping[str, float]) -> list[tuple[float, float | None, int | None]]:
    """Start, end and replaced layer of each layer; a layer starts after earlier ones only."""
    found: list[tuple[float, float | None, int | None]] = []
    ids = {layer.get("id"): index for index, layer in enumerate(layers)}
    for index, layer in enumerate(layers):
        begin, over = layer.get("start", 0), None
        if isinstance(begin, str):
            other = index - 1 if begin == "auto" else ids[begin.removeprefix("after:")]
            end = found[other][1] if other >= 0 else 0.0
            assert end is not None
            enter = layer.get("transition", {}).get("in", {})
            begin, over = (end - enter["duration"], other) if enter.get("overlap") else (end, None)
        length = _length(layer, lengths)
        found.append((begin, None if length is None else begin + length, over))
    return found


def _length(layer: Layer, lengths: Mapping[str, float]) -> float | None:
    length = layer.get("duration", "auto")
    if length == "end":
        return None
    if length != "auto":
        return float(length)
    if layer["type"] == "group":
        return length_of(layer["layers"], lengths)
    if layer["type"] == "video":
        trim = layer.get("trim", {})
        span = trim.get("end", lengths[layer["src"]]) - trim.get("start", 0)
        return float(span / layer.get("speed", 1))
    return None
