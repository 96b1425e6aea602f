"""Limits preparations to what a range of frames shows: two seconds of a long video for one picture."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from ffmpeg_worker.scene.content import VideoContent
from ffmpeg_worker.scene.preparation import Preparation, ToneMapping
from ffmpeg_worker.scene.resolve import Resolved
from ffmpeg_worker.scene.scene import Content, Element, GroupContent

_MARGIN_S = 1.0
"""Frames of the source do not lie exactly at the requested times, and filters may need their neighbors."""

_SMALL_S = 1e-6
"""The same tolerance as in the renderer: decides on which side of its seam a loop is."""


class _Span(NamedTuple):
    """A part of a video in seconds."""

    begin_s: float
    end_s: float

    def union(self, other: _Span | None) -> _Span:
        """Return the smallest span that contains both."""
        return self if other is None else _Span(min(self.begin_s, other.begin_s), max(self.end_s, other.end_s))


class _Move(NamedTuple):
    """The new name of a prepared file, and by how many seconds its content moved."""

    file: str
    shift_s: float


def trim_preparations(resolved: Resolved, first: int, last: int) -> Resolved:
    """Return the scene with preparations only of what frames `first` to `last` (exclusive) show."""
    if not resolved.preparations:
        return resolved
    scene = resolved.scene
    needed: dict[str, _Span] = {}
    for video, begin_s, end_s in find_visible_videos(scene.elements, scene.fps[0] / scene.fps[1], first, last):
        needed[video.file] = _played_span(video, begin_s, end_s).union(needed.get(video.file))
    moved: dict[str, _Move] = {}
    preparations: list[Preparation] = []
    for one in resolved.preparations:
        if one.prepared not in needed:
            continue
        if isinstance(one, ToneMapping):
            part = _trim_tone_mapping(one, needed[one.prepared])
            moved[one.prepared] = _Move(part.prepared, one.begin_s - part.begin_s)
            preparations.append(part)
        else:
            drawing = replace(one, moments=one.within(first, last))
            moved[one.prepared] = _Move(drawing.prepared, 0.0)
            preparations.append(drawing)
    return replace(
        resolved,
        scene=replace(scene, elements=_rename_files(scene.elements, moved)),
        preparations=tuple(preparations),
    )


def find_visible_videos(
    elements: Sequence[Element], fps: float, first: int, last: int
) -> Iterator[tuple[VideoContent, float, float]]:
    """Yield videos with the times of their elements at which they are first and last visible."""
    for element in elements:
        begin, end = max(first, element.first) - element.first, min(last, element.last) - element.first
        if begin >= end:
            continue
        if isinstance(element.content, GroupContent):
            yield from find_visible_videos(element.content.elements, fps, begin, end)
        elif isinstance(element.content, VideoContent):
            yield element.content, begin / fps, (end - 1) / fps


def _played_span(video: VideoContent, begin_s: float, end_s: float) -> _Span:
    """Return the part of a video that is played meanwhile, in seconds of its file."""
    length_s = video.end_s - video.begin_s
    begin, end = begin_s * video.speed, end_s * video.speed
    if video.loops and length_s > 0:
        begin, end = begin + _SMALL_S, end + _SMALL_S
        is_one_pass = begin // length_s == end // length_s
        begin, end = (math.fmod(begin, length_s), math.fmod(end, length_s)) if is_one_pass else (0.0, length_s)
    return _Span(video.begin_s + min(begin, length_s), video.begin_s + min(end, length_s))


def _trim_tone_mapping(whole: ToneMapping, needed: _Span) -> ToneMapping:
    """Return the needed part with a margin, rounded to milliseconds, the time base of the prepared file."""
    begin_s = max(math.floor((whole.begin_s + needed.begin_s - _MARGIN_S) * 1000) / 1000, 0.0)
    return replace(whole, begin_s=begin_s, end_s=min(whole.begin_s + needed.end_s + _MARGIN_S, whole.end_s))


def _rename_files(elements: Sequence[Element], moved: Mapping[str, _Move]) -> tuple[Element, ...]:
    return tuple(replace(element, content=_rename_file(element.content, moved)) for element in elements)


def _rename_file(content: Content, moved: Mapping[str, _Move]) -> Content:
    if isinstance(content, GroupContent):
        return replace(content, elements=_rename_files(content.elements, moved))
    if not isinstance(content, VideoContent) or content.file not in moved:
        return content
    file, shift_s = moved[content.file]
    return replace(content, file=file, begin_s=content.begin_s + shift_s, end_s=content.end_s + shift_s)
