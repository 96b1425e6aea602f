"""The timeline of one list of layers: from requested timing to seconds, and from seconds to frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from ffmpeg_worker.errors import InvalidJob

DEFAULT_LENGTH_S = 5.0
"""Seconds for which a layer without a natural duration is shown where nothing else determines it."""


@dataclass(frozen=True, slots=True)
class TimingRequest:
    """When a layer asks to be shown or heard.

    Attributes:
        where: JSON path of the layer.
        id: id of the layer, for errors.
        start_s: start within the list, unless `after` is given.
        after: index of the layer at whose end this one starts.
        crossfade_s: how much earlier than that it starts.
        length: seconds, `end` for the end of the list, or `auto` for `natural_s`.
        natural_s: duration of the content; `None` if it has none and lasts until the end of the list.
        is_audio_only: the layer does not extend the list if it lasts until the end.
    """

    where: str
    id: str | None = None
    start_s: float = 0.0
    after: int | None = None
    crossfade_s: float = 0.0
    length: float | Literal["auto", "end"] = "auto"
    natural_s: float | None = None
    is_audio_only: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """When a layer is shown or heard, in seconds of its list.

    `crossfade_from` is the index of the layer that it cross-fades from.
    """

    start_s: float
    end_s: float
    crossfade_from: int | None = None


def list_duration(requests: Sequence[TimingRequest]) -> float | None:
    """Return the duration of a list: the last end of its layers with a duration, or `None` if none has one.

    A layer without a duration that starts only at that end is shown for `DEFAULT_LENGTH_S`.

    Raises:
        InvalidJob: as `schedule`.
    """
    starts, ends = _starts_and_ends(requests)
    known = max(filter(None, ends), default=None)
    return None if known is None else _extend_for_open_ended(requests, starts, ends, known)


def canvas_duration(requests: Sequence[TimingRequest]) -> float:
    """Return the duration of a canvas that does not state one.

    It is the `list_duration`, else `DEFAULT_LENGTH_S` after the start of the last layer.

    Raises:
        InvalidJob: as `schedule`.
    """
    own = list_duration(requests)
    if own is not None:
        return own
    starts, ends = _starts_and_ends(requests)
    return _extend_for_open_ended(requests, starts, ends, 0.0) or DEFAULT_LENGTH_S


def schedule(requests: Sequence[TimingRequest], length_s: float) -> tuple[Span, ...]:
    """Return when each layer is shown or heard in a list of `length_s`.

    Layers that last longer are cut at the end; layers that start later get no time.

    Raises:
        InvalidJob: `after` forms a cycle; a layer follows one that lasts until the end; or a transition takes
            longer than one of its two layers.
    """
    starts, ends = _starts_and_ends(requests)
    spans = []
    for request, start, end in zip(requests, starts, ends, strict=True):
        first = min(start, length_s)
        last = max(first, length_s if end is None else min(end, length_s))
        spans.append(Span(first, last, request.after if request.crossfade_s else None))
    return tuple(spans)


def frame_at(seconds: float, fps: Fraction) -> int:
    """Return the number of the frame nearest to a time; halves round up."""
    # Rounding errors put sums of decimals that mean a half slightly below it.
    return math.floor(round(seconds * fps, 6) + 0.5)


def _extend_for_open_ended(
    requests: Sequence[TimingRequest], starts: Sequence[float], ends: Sequence[float | None], known: float
) -> float:
    late = [
        start + DEFAULT_LENGTH_S
        for request, start, end in zip(requests, starts, ends, strict=True)
        if end is None and not request.is_audio_only and start >= known
    ]
    return max([known, *late])


def _starts_and_ends(requests: Sequence[TimingRequest]) -> tuple[list[float], list[float | None]]:
    """Return start and end of each layer; an end of `None` is the end of the list."""
    followed = {request.after for request in requests}
    starts = [0.0] * len(requests)
    ends: list[float | None] = [None] * len(requests)
    for index in _topological_order(requests):
        request = requests[index]
        length = _length(request, is_followed=index in followed)
        starts[index] = request.start_s
        if request.after is not None:
            _check_overlap(request, length, starts[request.after], ends[request.after])
            starts[index] = max(0.0, (ends[request.after] or 0.0) - request.crossfade_s)
        ends[index] = None if length is None else starts[index] + length
    return starts, ends


def _length(request: TimingRequest, *, is_followed: bool) -> float | None:
    if isinstance(request.length, float | int):
        return float(request.length)
    if request.length == "auto" and request.natural_s is not None:
        return request.natural_s
    if not is_followed:
        return None
    if request.length == "end":
        raise InvalidJob(
            "Another layer starts after this one, but this one lasts until the end.",
            code="starts_after_end",
            hint="Give this layer a duration in seconds.",
            where={"field": f"{request.where}.duration"},
        )
    return DEFAULT_LENGTH_S


def _check_overlap(request: TimingRequest, length: float | None, start: float, end: float | None) -> None:
    shortest = min(math.inf if length is None else length, math.inf if end is None else end - start)
    if request.crossfade_s > shortest + 1e-9:
        raise InvalidJob(
            f"The transition takes {request.crossfade_s:g} s, but one of its layers lasts only {shortest:g} s.",
            code="transition_too_long",
            hint="Shorten the transition, or make both layers at least as long.",
            where={"field": f"{request.where}.transition.in.duration"},
        )


def _topological_order(requests: Sequence[TimingRequest]) -> list[int]:
    """Return the indexes of all layers, each after the layer that it follows."""
    order: dict[int, None] = {}
    for first in range(len(requests)):
        chain: dict[int, None] = {}
        index: int | None = first
        while index is not None and index not in order:
            if index in chain:
                raise _cyclic_start(requests, list(chain), index)
            chain[index] = None
            index = requests[index].after
        order.update(dict.fromkeys(reversed(chain)))
    return list(order)


def _cyclic_start(requests: Sequence[TimingRequest], chain: list[int], back_at: int) -> InvalidJob:
    cycle = [*chain[chain.index(back_at) :], back_at]
    shown = " → ".join(f'"{requests[index].id or requests[index].where}"' for index in cycle[:8])
    return InvalidJob(
        f"Layers start after each other in a cycle: {shown}{' → …' if len(cycle) > 8 else ''}.",
        code="circular_start",
        hint="Give one of them a start in seconds.",
        where={"field": f"{requests[back_at].where}.start"},
    )
