"""From layers with their times to elements of a scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from ffmpeg_worker.composition import transitions as written
from ffmpeg_worker.composition.layer_base import VisualLayer
from ffmpeg_worker.composition.layers import GroupLayer, VisibleLayer
from ffmpeg_worker.composition.media_layers import VideoLayer, WaveformLayer
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.scene.clips import picture_of
from ffmpeg_worker.scene.curve import greatest
from ffmpeg_worker.scene.geometry import filling_box, read_crop
from ffmpeg_worker.scene.limits import MAX_PIXELS
from ffmpeg_worker.scene.reference_box import ReferenceBox, read_number, times
from ffmpeg_worker.scene.remark import LintWarning
from ffmpeg_worker.scene.resolve_content import ResolveContext, ResolvedContent, show
from ffmpeg_worker.scene.resolve_timing import ScheduledLayer
from ffmpeg_worker.scene.scene import Element, GroupContent, Transition
from ffmpeg_worker.scene.timeline import frame_at

_UNCHANGED = {
    "x": None,
    "y": None,
    "width": None,
    "height": None,
    "scale": 1.0,
    "rotation": 0.0,
    "opacity": 1.0,
    "blur": 0.0,
    "radius": 0.0,
    "crop": None,
    "blend": "normal",
    "transition": None,
}
"""A group with these shows its layers as if they stood in its place."""


def read_elements(
    layers: Sequence[ScheduledLayer], room: ReferenceBox, given: ResolveContext, origin: int = 0
) -> tuple[Element, ...]:
    """The elements of one list in painter's order; frames are counted from frame `origin` of the canvas.

    Groups that change nothing are replaced by their elements.

    Raises:
        InvalidJob: what a layer asks for cannot be.
        SourceUnreadable: a file is not what it should be.
    """
    seen = [placed for placed in layers if _is_seen(placed, given)]
    seen.sort(key=lambda placed: cast(VisualLayer, placed.layer).z)
    elements: list[Element] = []
    position: dict[int, int] = {}
    partners = {placed.over for placed in seen}
    for placed in seen:
        layer = cast(VisibleLayer, placed.layer)
        if isinstance(layer, GroupLayer) and placed.index not in partners and _changes_nothing(layer):
            inside = read_elements(placed.inside, room, given, origin)
            elements += [_moved_on(element, len(elements)) for element in inside]
            continue
        element = _read_element(layer, placed, room, given, origin)
        if element is not None:
            position[placed.index] = len(elements)
            elements.append(element)
    for placed in seen:
        if placed.over in position and placed.index in position:
            place, other = position[placed.index], position[placed.over]
            elements[place] = _crossing(elements[place], elements[other], other)
    return tuple(elements)


def _is_seen(placed: ScheduledLayer, given: ResolveContext) -> bool:
    """A waveform is hidden together with the layer whose sound it shows."""
    layer = placed.layer
    if isinstance(layer, WaveformLayer) and layer.layer is not None and layer.layer not in given.by_id:
        return False
    return isinstance(layer, VisualLayer)


def _changes_nothing(group: GroupLayer) -> bool:
    return all(getattr(group, name) == value for name, value in _UNCHANGED.items())


def _moved_on(element: Element, count: int) -> Element:
    return element if element.replaces is None else replace(element, replaces=element.replaces + count)


def _crossing(element: Element, other: Element, index: int) -> Element:
    """The way in lasts as long as both are there."""
    frames = min(other.last, element.last) - element.first
    if frames <= 0 or element.enter is None:
        return element
    return replace(element, enter=replace(element.enter, frames=frames), replaces=index)


def _read_element(
    layer: VisibleLayer, placed: ScheduledLayer, room: ReferenceBox, given: ResolveContext, origin: int
) -> Element | None:
    first, last = frame_at(placed.start_s, given.fps), frame_at(placed.end_s, given.fps)
    if isinstance(layer, VideoLayer):
        picture_of(layer, given.facts, placed.where)  # what is none has no length either
    if last <= first:
        given.remarks.append(_never_shown(placed.where))
        return None
    shown = (
        _group(layer, placed, room, given, first)
        if isinstance(layer, GroupLayer)
        else show(layer, placed, room, given)
    )
    _check_size(shown, placed.where)
    short = min(shown.box.first_size or (room.width, room.height))
    transitions = layer.transition or written.Transitions()
    return Element(
        where=placed.where,
        first=first - origin,
        last=last - origin,
        content=shown.content,
        x=shown.box.x,
        y=shown.box.y,
        anchor=shown.box.anchor,
        width=shown.box.width,
        height=shown.box.height,
        scale=read_number(layer.scale),
        rotation=read_number(layer.rotation),
        opacity=read_number(layer.opacity),
        blur=times(read_number(layer.blur), room.per_pixel),
        radius=0.0 if shown.content.kind == "shape" else room.length(layer.radius, short),
        crop=shown.crop,
        blend=layer.blend,
        enter=_resolve_transition(transitions.enter, last - first, given),
        leave=_resolve_transition(transitions.leave, last - first, given),
    )


def _check_size(shown: ResolvedContent, where: str) -> None:
    """Text is as large as its letters, whatever its box."""
    box = shown.box
    if box.width is None or box.height is None or shown.content.kind in {"text", "subtitles"}:
        return
    if greatest(box.width) * greatest(box.height) > MAX_PIXELS:
        raise InvalidJob(
            f"The layer becomes {greatest(box.width):.0f} x {greatest(box.height):.0f} pixels large.",
            code="layer_too_large",
            hint=f"Make it smaller: {MAX_PIXELS // 10**6} million pixels are the most.",
            where={"field": where},
        )


def _never_shown(where: str) -> LintWarning:
    return LintWarning(
        where,
        "never_shown",
        "The layer is there for less than a frame, or starts after the end.",
        "Let it start earlier, or last longer.",
    )


def _resolve_transition(way: written.Transition | None, frames: int, given: ResolveContext) -> Transition | None:
    """The transition in frames, at most as long as its element."""
    if way is None:
        return None
    return Transition(way.type, min(frames, max(1, frame_at(way.duration, given.fps))), way.easing)


def _group(
    layer: GroupLayer, placed: ScheduledLayer, room: ReferenceBox, given: ResolveContext, first: int
) -> ResolvedContent:
    box = filling_box(layer, room)
    width, height = (greatest(box.width or room.width), greatest(box.height or room.height))
    inner = replace(room, width=width, height=height)
    size = (width / room.per_pixel, height / room.per_pixel)
    crop = None if layer.crop is None else read_crop(layer.crop, size, placed.where)
    return ResolvedContent(GroupContent(read_elements(placed.inside, inner, given, first)), box, crop)
