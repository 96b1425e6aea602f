"""When layers of one list come and go: from what they ask for to seconds, and from seconds to frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.suggestions import did_you_mean

DEFAULT_LENGTH_S = 5.0
"""How long something without a length of its own is shown where nothing else gives one."""


@dataclass(frozen=True, slots=True)
class TimingRequest:
    """When a layer asks to be there; times in seconds.

    It starts at `start_s`, or where the layer `after` (its id, or its index) ends, `overlap_s` earlier.
    `length` is a number, `end` (of the list) or `auto`: `natural_s`, and until the end where the content has no
    length (`None`). What is only heard does not make the list longer where it lasts until the end. `where` is the
    JSON path of the layer.
    """

    where: str
    id: str | None = None
    start_s: float = 0.0
    after: str | int | None = None
    overlap_s: float = 0.0
    length: float | Literal["auto", "end"] = "auto"
    natural_s: float | None = None
    is_only_heard: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when a layer is there, in seconds of its list.

    `over` is the layer (index) that it cross-fades from.
    """

    start_s: float
    end_s: float
    over: int | None = None

    @property
    def length_s(self) -> float:
        """How long it is there."""
        return self.end_s - self.start_s


def own_length(wishes: Sequence[TimingRequest]) -> float | None:
    """How long a list is by itself: until its last layer with a length ends; `None` if none has a length.

    A layer without a length that starts only then is shown for `DEFAULT_LENGTH_S`.

    Raises:
        InvalidJob: as `place`.
    """
    starts, ends = _starts_and_ends(wishes)
    known = [end for end in ends if end]
    return _with_the_endless(wishes, starts, ends, max(known)) if known else None


def length_for_all(wishes: Sequence[TimingRequest]) -> float:
    """How long a canvas is that is not given a length: its own length, or `DEFAULT_LENGTH_S` for the last start.

    Raises:
        InvalidJob: as `place`.
    """
    own = own_length(wishes)
    if own is not None:
        return own
    starts, ends = _starts_and_ends(wishes)
    return _with_the_endless(wishes, starts, ends, 0.0) or DEFAULT_LENGTH_S


def place(wishes: Sequence[TimingRequest], length_s: float) -> tuple[Span, ...]:
    """From when to when each layer is there, within a list of `length_s`.

    What lasts longer is cut at the end; what starts later is there for no time at all.

    Raises:
        InvalidJob: `after` names no layer of the list, or goes round in a circle; or a layer comes after one that
            lasts until the end; or a transition takes longer than one of its two layers.
    """
    starts, ends = _starts_and_ends(wishes)
    spans = []
    for wish, start, end, other in zip(wishes, starts, ends, _before(wishes), strict=True):
        first = min(start, length_s)
        last = max(first, length_s if end is None else min(end, length_s))
        spans.append(Span(first, last, other if wish.overlap_s else None))
    return tuple(spans)


def frame_at(seconds: float, fps: Fraction) -> int:
    """The number of the frame at a time; half a frame rounds up."""
    # Sums of decimals that mean a half come out a hair below it.
    return math.floor(round(seconds * fps, 6) + 0.5)


def _with_the_endless(
    wishes: Sequence[TimingRequest], starts: Sequence[float], ends: Sequence[float | None], known: float
) -> float:
    late = (
        start + DEFAULT_LENGTH_S
        for wish, start, end in zip(wishes, starts, ends, strict=True)
        if end is None and not wish.is_only_heard and start >= known
    )
    return max(known, *late, known)


def _starts_and_ends(wishes: Sequence[TimingRequest]) -> tuple[list[float], list[float | None]]:
    """Where each starts, and where it ends: `None` for the end of the list."""
    before = _before(wishes)
    followed = set(before)
    starts = [0.0] * len(wishes)
    ends: list[float | None] = [None] * len(wishes)
    for index in _in_order(wishes, before):
        wish, other = wishes[index], before[index]
        length = _length(wish, is_followed=index in followed)
        starts[index] = wish.start_s
        if other is not None:
            _check_overlap(wish, length, starts[other], ends[other])
            starts[index] = max(0.0, (ends[other] or 0.0) - wish.overlap_s)
        ends[index] = None if length is None else starts[index] + length
    return starts, ends


def _length(wish: TimingRequest, *, is_followed: bool) -> float | None:
    if isinstance(wish.length, float | int):
        return float(wish.length)
    if wish.length == "auto" and wish.natural_s is not None:
        return wish.natural_s
    if not is_followed:
        return None
    if wish.length == "end":
        raise InvalidJob(
            "Another layer starts after this one, which lasts until the end.",
            code="starts_after_end",
            hint="Give this layer a duration in seconds.",
            where={"field": f"{wish.where}.duration"},
        )
    return DEFAULT_LENGTH_S


def _check_overlap(wish: TimingRequest, length: float | None, start: float, end: float | None) -> None:
    least = min(math.inf if length is None else length, math.inf if end is None else end - start)
    if wish.overlap_s > least + 1e-9:
        raise InvalidJob(
            f"The transition takes {wish.overlap_s:g} s, but one of its two layers is there for {least:g} s only.",
            code="transition_too_long",
            hint="Shorten the transition, or let both layers last at least as long.",
            where={"field": f"{wish.where}.transition.in.duration"},
        )


def _in_order(wishes: Sequence[TimingRequest], before: Sequence[int | None]) -> list[int]:
    """Every layer behind the one it comes after."""
    order: dict[int, None] = {}
    for first in range(len(wishes)):
        chain: dict[int, None] = {}
        index: int | None = first
        while index is not None and index not in order:
            if index in chain:
                raise _circle(wishes, list(chain), index)
            chain[index] = None
            index = before[index]
        order.update(dict.fromkeys(reversed(chain)))
    return list(order)


def _circle(wishes: Sequence[TimingRequest], chain: list[int], back_at: int) -> InvalidJob:
    circle = [*chain[chain.index(back_at) :], back_at]
    shown = " → ".join(f'"{wishes[index].id or wishes[index].where}"' for index in circle[:8])
    return InvalidJob(
        f"Layers start after each other in a circle: {shown}{' → …' if len(circle) > 8 else ''}.",
        code="circular_start",
        hint="Give one of them a start in seconds.",
        where={"field": f"{wishes[back_at].where}.start"},
    )


def _before(wishes: Sequence[TimingRequest]) -> list[int | None]:
    """The layer (index) that each comes after."""
    by_id = {wish.id: index for index, wish in enumerate(wishes) if wish.id is not None}
    found: list[int | None] = []
    for wish in wishes:
        if isinstance(wish.after, str) and wish.after not in by_id:
            raise InvalidJob(
                f'A layer starts after "{wish.after[:64]}", but no layer beside it has that id.',
                code="unknown_layer",
                hint=did_you_mean(wish.after, by_id) or "Name the id of another layer of the same list.",
                where={"field": f"{wish.where}.start"},
            )
        found.append(by_id[wish.after] if isinstance(wish.after, str) else wish.after)
    return found
