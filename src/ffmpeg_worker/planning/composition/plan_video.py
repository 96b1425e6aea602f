"""Plans the steps that make the video, GIF, or image files of one composition."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass, field

from ffmpeg_worker.planning.composition.encoding import Encoding, check_frame_size
from ffmpeg_worker.planning.composition.frame_ranges import (
    container_options,
    join_ranges,
    number_elements,
    plan_still_frame,
    range_key,
    reduce_palette,
    split_at_unshared_elements,
    split_frames,
)
from ffmpeg_worker.planning.composition.row_steps import RowStep
from ffmpeg_worker.planning.composition.video_plan import VideoPlan
from ffmpeg_worker.planning.steps import DependentStep, FfmpegStep, FrameRange, RenderStep
from ffmpeg_worker.scene.scene import Element


@dataclass(slots=True)
class RenderedParts:
    """Files of ranges and audio that earlier rows produce, by everything that they depend on.

    `elements` has the numbers that stand for the elements of all rows.
    """

    ranges: dict[Hashable, str] = field(default_factory=dict)
    elements: dict[Element, int] = field(default_factory=dict)
    sounds: dict[Hashable, str] = field(default_factory=dict)


def plan_steps(
    plan: VideoPlan, rendered: RenderedParts, shared: Collection[Element], rows_at_once: int = 1
) -> Iterator[RowStep]:
    """Yield the steps: preparations; the renderer in parallel with the audio; joining; the poster.

    `rendered` has the files of earlier rows and receives those of this one; `shared` are the elements that all
    rows have in common; `rows_at_once` share the cores.

    Raises:
        InvalidJob: the frames are too small for the encoder.
    """
    data, scene = plan.data, plan.resolved.scene
    check_frame_size(data.chosen_codec, scene.width, scene.height, is_interpolated=data.vfi is not None)
    for preparation, step in plan.preparations():
        yield RowStep(step, makes=frozenset({preparation.prepared}))
    match plan.encoding(1).kind:
        case "image":
            for one in plan_still_frame(scene, plan.part[0], plan.work_name):
                yield RowStep(one, needs=plan.prepared)
        case "sequence":
            yield RowStep(_plan_sequence(plan), needs=plan.prepared)
        case _:
            yield from _plan_joined_video(plan, rendered, shared, rows_at_once)
    for one in plan.poster():
        yield RowStep(one, needs=plan.prepared)


def choose_rows_at_once(plans: Collection[VideoPlan], shared: Collection[Element]) -> int:
    """Return how many rows run at a time: as many as keep all cores busy, and one more.

    The one more works while another waits for its programs to start or for its files to be joined.
    """
    widest = max(len(split_into_ranges(plan, shared)) for plan in plans)
    return min(max(1, min(plan.of_memory, plan.at_once + 1) // min(widest, plan.at_once)) for plan in plans)


def plan_sound(
    plan: VideoPlan, encoding: Encoding, rendered: RenderedParts
) -> tuple[str | None, tuple[FfmpegStep | DependentStep, ...]]:
    """Return the audio file of these frames and the steps that produce it, none if an earlier row does.

    The file is `None` if nothing is audible.
    """
    key = (plan.resolved.audio, *plan.part, encoding.sound)
    if key in rendered.sounds:
        return rendered.sounds[key], ()
    name, steps = plan.plan_audio(encoding)
    if name is not None:
        rendered.sounds[key] = name
    return name, steps


def _plan_sequence(plan: VideoPlan) -> RenderStep:
    """Plan one image file per frame."""
    first, last = plan.part
    encoding = plan.encoding(1)
    parts = tuple(
        plan.frame_range(
            begin, end, encoding, plan.work_name, "-start_number", str(begin - first + 1), "-f", "image2"
        )
        for begin, end in split_frames(first, last, plan.rate, plan.at_once)
    )
    return plan.render_step(parts, encoding)


def _plan_joined_video(
    plan: VideoPlan, rendered: RenderedParts, shared: Collection[Element], rows_at_once: int
) -> Iterator[RowStep]:
    """Plan ranges in parallel with the audio, and the step that joins them."""
    ranges = split_into_ranges(plan, shared)
    encoding = plan.encoding(max(plan.machine.cores // min(len(ranges) * rows_at_once, plan.at_once), 1))
    sound, beside = plan_sound(plan, encoding, rendered)
    if len(ranges) == 1 and sound is None and encoding.kind == "video" and len(plan.data.compositions) == 1:
        part = plan.frame_range(*ranges[0], encoding, plan.work_name, *container_options(plan.name))
        yield RowStep(plan.render_step((part,), encoding), needs=plan.prepared)
        return
    files, parts = [], []
    numbers = number_elements(plan.resolved.scene.elements, rendered.elements)
    for number, (begin, end) in enumerate(ranges):
        name = f"{plan.scratch_stem}-{number}{encoding.segment}"
        known = rendered.ranges.setdefault(range_key(plan.resolved.scene, begin, end, numbers), name)
        files.append((known, (end - begin) / plan.rate))
        if known == name:
            parts.append((name, plan.frame_range(begin, end, encoding, name)))
    yield from _plan_rendering(plan, parts, encoding, beside, sound)
    used = frozenset({*(name for name, _ in files), *((sound,) if sound else ())})
    if encoding.kind == "gif":
        for step in reduce_palette(files, plan.work_name, plan.scratch_stem):
            yield RowStep(step, needs=used)
    else:
        yield RowStep(join_ranges(files, sound, plan.work_name, plan.scratch_stem), needs=used)


def _plan_rendering(
    plan: VideoPlan,
    parts: list[tuple[str, FrameRange]],
    encoding: Encoding,
    beside: tuple[FfmpegStep | DependentStep, ...],
    sound: str | None,
) -> Iterator[RowStep]:
    """Plan what no earlier row has rendered or mixed."""
    if not parts and not beside:
        return
    step = plan.render_step(tuple(part for _, part in parts), encoding, beside)
    makes = {name for name, _ in parts} | ({sound} if beside and sound else set())
    yield RowStep(step, makes=frozenset(makes), needs=plan.prepared)


def split_into_ranges(plan: VideoPlan, shared: Collection[Element]) -> list[tuple[int, int]]:
    """Return ranges, each of which one renderer draws."""
    first, last = plan.part
    if not plan.encoding(1).can_split or plan.data.vfi is not None:
        return [(first, last)]
    ranges: list[tuple[int, int]] = []
    for begin, end in split_at_unshared_elements(plan.resolved.scene, first, last, shared):
        max_count = max(1, round(plan.at_once * (end - begin) / (last - first)))
        ranges += split_frames(begin, end, plan.rate, max_count)
    return ranges
