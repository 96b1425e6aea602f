"""How much of what ffmpeg prepares some frames need: of a minute of film, for one picture, two seconds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from ffmpeg_worker.scene.preparation import Preparation, ToneMapping
from ffmpeg_worker.scene.resolve import Resolved
from ffmpeg_worker.scene.scene import Content, Element, GroupContent, VideoContent

_MARGIN_S = 1.0
"""Frames do not lie where times do, and may be made of those beside them."""

_SMALL_S = 1e-6
"""As the renderer has it, which says at which side of its seam a loop is."""


class _Span(NamedTuple):
    """Seconds of a film."""

    begin_s: float
    end_s: float

    def with_(self, other: _Span | None) -> _Span:
        """All of both, and what is between them."""
        return self if other is None else _Span(min(self.begin_s, other.begin_s), max(self.end_s, other.end_s))


class _Move(NamedTuple):
    """What a film is called afterwards, and how much later in it is what was at its beginning."""

    file: str
    by_s: float


def excerpt(resolved: Resolved, first: int, last: int) -> Resolved:
    """The same for frames `first` to `last` (not included) only: nothing is prepared that they do not show."""
    if not resolved.prepare:
        return resolved
    scene = resolved.scene
    needed: dict[str, _Span] = {}
    for film, begin_s, end_s in _shown(scene.elements, scene.fps[0] / scene.fps[1], first, last):
        needed[film.file] = _played(film, begin_s, end_s).with_(needed.get(film.file))
    moves: dict[str, _Move] = {}
    prepare: list[Preparation] = []
    for one in resolved.prepare:
        if one.prepared not in needed:
            continue
        if isinstance(one, ToneMapping):
            part = _cut(one, needed[one.prepared])
            moves[one.prepared] = _Move(part.prepared, one.begin_s - part.begin_s)
            prepare.append(part)
        else:
            drawing = replace(one, moments=one.within(first, last))
            moves[one.prepared] = _Move(drawing.prepared, 0.0)
            prepare.append(drawing)
    return replace(resolved, scene=replace(scene, elements=_moved(scene.elements, moves)), prepare=tuple(prepare))


def _shown(
    elements: Sequence[Element], fps: float, first: int, last: int
) -> Iterator[tuple[VideoContent, float, float]]:
    """Films with the times at which they are first and last seen, in seconds of their elements."""
    for element in elements:
        begin, end = max(first, element.first) - element.first, min(last, element.last) - element.first
        if begin >= end:
            continue
        if isinstance(element.content, GroupContent):
            yield from _shown(element.content.elements, fps, begin, end)
        elif isinstance(element.content, VideoContent):
            yield element.content, begin / fps, (end - 1) / fps


def _played(film: VideoContent, begin_s: float, end_s: float) -> _Span:
    """What is seen of it meanwhile, in seconds of its file."""
    length_s = film.end_s - film.begin_s
    begin, end = begin_s * film.speed, end_s * film.speed
    if film.loops and length_s > 0:
        begin, end = begin + _SMALL_S, end + _SMALL_S
        is_one_round = begin // length_s == end // length_s
        begin, end = (math.fmod(begin, length_s), math.fmod(end, length_s)) if is_one_round else (0.0, length_s)
    return _Span(film.begin_s + min(begin, length_s), film.begin_s + min(end, length_s))


def _cut(whole: ToneMapping, needed: _Span) -> ToneMapping:
    """So much of it, to the millisecond, which is what the file counts in."""
    begin_s = max(math.floor((whole.begin_s + needed.begin_s - _MARGIN_S) * 1000) / 1000, 0.0)
    return replace(whole, begin_s=begin_s, end_s=min(whole.begin_s + needed.end_s + _MARGIN_S, whole.end_s))


def _moved(elements: Sequence[Element], moves: Mapping[str, _Move]) -> tuple[Element, ...]:
    return tuple(replace(element, content=_moved_content(element.content, moves)) for element in elements)


def _moved_content(content: Content, moves: Mapping[str, _Move]) -> Content:
    if isinstance(content, GroupContent):
        return replace(content, elements=_moved(content.elements, moves))
    if not isinstance(content, VideoContent) or content.file not in moves:
        return content
    file, by_s = moves[content.file]
    return replace(content, file=file, begin_s=content.begin_s + by_s, end_s=content.end_s + by_s)
