"""Resolves layers with their times to the elements of a scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from ffmpeg_worker.budgets import MAX_LAYER_PIXELS
from ffmpeg_worker.composition import transitions as written
from ffmpeg_worker.composition.layer_base import TimedLayer, VisualLayer
from ffmpeg_worker.composition.layers import GroupLayer, VisibleLayer
from ffmpeg_worker.composition.media_layers import VideoLayer, WaveformLayer
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.scene.clips import find_video_stream
from ffmpeg_worker.scene.curve import max_value
from ffmpeg_worker.scene.geometry import canvas_box, resolve_crop
from ffmpeg_worker.scene.lint_warning import LintWarning
from ffmpeg_worker.scene.reference_box import ReferenceBox, resolve_number, scale_number
from ffmpeg_worker.scene.resolve_content import resolve_content
from ffmpeg_worker.scene.resolve_context import ResolveContext, ResolvedContent
from ffmpeg_worker.scene.resolve_timing import ScheduledLayer
from ffmpeg_worker.scene.scene import Element, GroupContent, Transition
from ffmpeg_worker.scene.timeline import frame_at

_EFFECTS = VisualLayer.model_fields.keys() - TimedLayer.model_fields.keys() - {"anchor", "z"}
"""A group that has the defaults of all these fields has no effect: its layers are resolved in its place."""


def resolve_elements(
    layers: Sequence[ScheduledLayer], reference: ReferenceBox, context: ResolveContext, origin: int = 0
) -> tuple[Element, ...]:
    """Resolve one list of layers to elements in painter's order.

    Frames are counted from frame `origin` of the canvas: the first one of the group.

    Raises:
        InvalidJob: a layer asks for something impossible.
        SourceUnreadable: a file is not what its layer needs.
    """
    visible = [scheduled for scheduled in layers if _is_visible(scheduled, context)]
    visible.sort(key=lambda scheduled: cast(VisualLayer, scheduled.layer).z)
    elements: list[Element] = []
    position: dict[int, int] = {}
    partners = {scheduled.crossfade_from for scheduled in visible}
    for scheduled in visible:
        layer = cast(VisibleLayer, scheduled.layer)
        if isinstance(layer, GroupLayer) and scheduled.index not in partners and _has_no_effect(layer):
            children = resolve_elements(scheduled.children, reference, context, origin)
            elements += [_shift_replaced(element, len(elements)) for element in children]
            continue
        element = _resolve_element(layer, scheduled, reference, context, origin)
        if element is not None:
            position[scheduled.index] = len(elements)
            elements.append(element)
    for scheduled in visible:
        if scheduled.crossfade_from in position and scheduled.index in position:
            index, other = position[scheduled.index], position[scheduled.crossfade_from]
            elements[index] = _crossfade(elements[index], elements[other], other)
    return tuple(elements)


def _is_visible(scheduled: ScheduledLayer, context: ResolveContext) -> bool:
    """Whether a layer is visible. A waveform is hidden with the layer whose sound it shows."""
    layer = scheduled.layer
    if isinstance(layer, WaveformLayer) and layer.layer is not None and layer.layer not in context.by_id:
        return False
    return isinstance(layer, VisualLayer)


def _has_no_effect(group: GroupLayer) -> bool:
    return all(getattr(group, name) == GroupLayer.model_fields[name].default for name in _EFFECTS)


def _shift_replaced(element: Element, count: int) -> Element:
    return element if element.replaces is None else replace(element, replaces=element.replaces + count)


def _crossfade(element: Element, other: Element, index: int) -> Element:
    """Make the enter transition last as long as both elements are shown."""
    frames = min(other.last, element.last) - element.first
    if frames <= 0 or element.enter is None:
        return element
    return replace(element, enter=replace(element.enter, frames=frames), replaces=index)


def _resolve_element(
    layer: VisibleLayer, scheduled: ScheduledLayer, reference: ReferenceBox, context: ResolveContext, origin: int
) -> Element | None:
    first, last = frame_at(scheduled.start_s, context.fps), frame_at(scheduled.end_s, context.fps)
    if last <= first:
        if isinstance(layer, VideoLayer):
            find_video_stream(layer, context.sources, scheduled.where)  # refuses other files
        context.warnings.append(_never_shown_warning(scheduled.where))
        return None
    resolved = (
        _resolve_group(layer, scheduled, reference, context, first)
        if isinstance(layer, GroupLayer)
        else resolve_content(layer, scheduled, reference, context)
    )
    _check_size(resolved, scheduled.where)
    shorter_side = min(resolved.box.initial_size or (reference.width, reference.height))
    transitions = layer.transition or written.Transitions()
    return Element(
        where=scheduled.where,
        first=first - origin,
        last=last - origin,
        content=resolved.content,
        x=resolved.box.x,
        y=resolved.box.y,
        anchor=resolved.box.anchor,
        width=resolved.box.width,
        height=resolved.box.height,
        scale=resolve_number(layer.scale),
        rotation=resolve_number(layer.rotation),
        opacity=resolve_number(layer.opacity),
        blur=scale_number(resolve_number(layer.blur), reference.pixel_scale),
        radius=0.0 if resolved.content.kind == "shape" else reference.length(layer.radius, shorter_side),
        crop=resolved.crop,
        blend=layer.blend,
        enter=_resolve_transition(transitions.enter, "ease-out", last - first, context),
        leave=_resolve_transition(transitions.leave, "ease-in", last - first, context),
    )


def _check_size(resolved: ResolvedContent, where: str) -> None:
    """Text is exempt: its size depends on its content, not on its box."""
    box = resolved.box
    if box.width is None or box.height is None or resolved.content.kind in {"text", "subtitles"}:
        return
    if max_value(box.width) * max_value(box.height) > MAX_LAYER_PIXELS:
        raise InvalidJob(
            f"The layer is {max_value(box.width):.0f} x {max_value(box.height):.0f} pixels large.",
            code="layer_too_large",
            hint=f"Make it smaller: {MAX_LAYER_PIXELS // 10**6} million pixels is the maximum.",
            where={"field": where},
        )


def _never_shown_warning(where: str) -> LintWarning:
    return LintWarning(
        where,
        "never_shown",
        "The layer is shorter than one frame, or starts after the end.",
        "Start it earlier, or make it longer.",
    )


def _resolve_transition(
    transition: written.Transition | None, motion: str, frames: int, context: ResolveContext
) -> Transition | None:
    """Return a transition in frames, at most as long as its element; `motion` is the easing of a single layer."""
    if transition is None:
        return None
    own_frames = max(1, frame_at(transition.duration, context.fps))
    easing = transition.easing
    if easing is None:
        kind = written.TRANSITIONS[transition.type]
        is_between = transition.overlap and not kind.is_alone
        easing = ("ease-in-out" if is_between else motion) if kind.is_moving else "linear"
    return Transition(transition.type, min(frames, own_frames), easing)


def _resolve_group(
    layer: GroupLayer, scheduled: ScheduledLayer, reference: ReferenceBox, context: ResolveContext, first: int
) -> ResolvedContent:
    box = canvas_box(layer, reference)
    width, height = (max_value(box.width or reference.width), max_value(box.height or reference.height))
    inner = replace(reference, width=width, height=height)
    size = (width / reference.pixel_scale, height / reference.pixel_scale)
    crop = resolve_crop(layer.crop, size, scheduled.where)
    return ResolvedContent(GroupContent(resolve_elements(scheduled.children, inner, context, first)), box, crop)
