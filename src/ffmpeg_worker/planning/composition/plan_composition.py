"""Plans videos and previews of compositions."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.job.actions.canvas import CanvasJob
from ffmpeg_worker.job.actions.canvas_preview import PreviewJob
from ffmpeg_worker.job.local_files import STAGING_FOLDER, LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.artifact import Artifact
from ffmpeg_worker.planning.composition.frame_ranges import find_shared_elements, place_svg_fonts, plan_still_frame
from ffmpeg_worker.planning.composition.plan_copies import request_copies
from ffmpeg_worker.planning.composition.plan_video import RenderedParts, choose_rows_at_once, plan_steps
from ffmpeg_worker.planning.composition.prepare_media import plan_preparation
from ffmpeg_worker.planning.composition.resolve_fetched import resolve_fetched
from ffmpeg_worker.planning.composition.row_steps import order_steps
from ffmpeg_worker.planning.composition.variable_rows import combine_rows, describe_video, for_each_row
from ffmpeg_worker.planning.composition.video_plan import VideoPlan
from ffmpeg_worker.planning.file_references import work_name
from ffmpeg_worker.planning.plan import Lane, Summary
from ffmpeg_worker.planning.step_result import StepFiles, StepResult
from ffmpeg_worker.planning.steps import Step, StillStep
from ffmpeg_worker.scene.resolve import Resolved, frame_range
from ffmpeg_worker.scene.subtitle_budget import SubtitleBudget
from ffmpeg_worker.scene.timeline import frame_at
from ffmpeg_worker.scene.trim_preparations import trim_preparations

_PREVIEW = "_preview.png"
"""File of a preview that goes into the result itself."""


def plan_canvas(job: CanvasJob, files: LocalFiles, machine: Machine) -> Lane:
    """Plan the videos of all rows of variables; what several rows have in common is rendered and mixed once.

    Raises:
        InvalidJob, SourceUnreadable: with the JSON path, and the row where there are several.
    """
    data = job.data
    names = data.output_names()
    scratch_prefix = _find_scratch_prefix((*names, data.poster.name if data.poster else ""))
    subtitles = SubtitleBudget()

    def plan_row(number: int, row: tuple[Composition, str]) -> VideoPlan:
        composition, name = row
        scale, fps = data.render_scale, data.fps
        drawn = data.with_background(composition)
        resolved = resolve_fetched(
            drawn, job.inputs, files, machine, render_scale=scale, fps=fps, subtitles=subtitles
        )
        part = frame_range(resolved.scene, data.startTime, data.endTime)
        # The poster may be any frame.
        needed = (0, resolved.scene.frames) if data.poster else part
        return VideoPlan(data, trim_preparations(resolved, *needed), part, name, number, scratch_prefix, machine)

    plans = for_each_row([*zip(data.compositions, names, strict=True)], plan_row)
    rendered = RenderedParts()
    shared = find_shared_elements([plan.resolved.scene for plan in plans])
    descriptions = [describe_video(plan.resolved.scene, plan.part) for plan in plans]
    media = {
        f"{STAGING_FOLDER}/{file.staged}": file.media for file in files.by_key.values() if file.media is not None
    }
    at_once = choose_rows_at_once(plans, shared) if len(plans) > 1 else 1
    steps, side_by_side = order_steps([plan_steps(plan, rendered, shared, at_once) for plan in plans], at_once)
    return Lane(
        steps=steps,
        side_by_side=side_by_side,
        artifacts=tuple(artifact for plan in plans for artifact in plan.artifacts()),
        summary=Summary(partial(_describe, combine_rows(descriptions))),
        warnings=tuple(dict.fromkeys(warning for plan in plans for warning in _warnings(plan.resolved))),
        copies=request_copies(plans, media),
    )


def plan_preview(job: PreviewJob, files: LocalFiles, machine: Machine) -> Lane:
    """Plan one frame as an image: a file if the job names an output, else PNG bytes for the result.

    Raises:
        InvalidJob, SourceUnreadable: with the JSON path.
    """
    data = job.data
    composition = data.compositions[data.row]
    scale = 1.0 if data.width is None else min(data.width / composition.width, 1.0)
    whole = resolve_fetched(composition, job.inputs, files, machine, render_scale=scale)
    number = min(frame_at(data.t, Fraction(*whole.scene.fps)), whole.scene.frames - 1)
    resolved = trim_preparations(whole, number, number + 1)
    scene = resolved.scene
    rate = Fraction(*scene.fps)
    description: dict[str, Any] = {"t": float(number / rate), "width": scene.width, "height": scene.height}
    description["duration"] = float(scene.frames / rate)
    artifacts: tuple[Artifact, ...] = ()
    steps: tuple[Step, ...] = (StillStep(scene, number, _PREVIEW, place_svg_fonts(scene)),)
    summary = Summary(partial(_describe_image, description), (_PREVIEW,))
    if data.output is not None:
        steps = tuple(plan_still_frame(scene, number, work_name(data.output)))
        summary = Summary(partial(_describe, description))
        artifacts = (Artifact(data.output, work_name(data.output)),)
    preparations = tuple(plan_preparation(one, machine) for one in resolved.preparations)
    return Lane((*preparations, *steps), artifacts, summary=summary, warnings=_warnings(resolved))


def _find_scratch_prefix(names: Sequence[str]) -> str:
    """Return a beginning of names that none of these has."""
    return "_" * (1 + max(len(name) - len(name.lstrip("_")) for name in names))


def _describe(description: dict[str, Any], _results: Sequence[StepResult], _written: StepFiles) -> dict[str, Any]:
    return description


def _describe_image(
    description: dict[str, Any], _results: Sequence[StepResult], written: StepFiles
) -> dict[str, Any]:
    return {**description, "image": "data:image/png;base64," + base64.b64encode(written[_PREVIEW]).decode()}


def _warnings(resolved: Resolved) -> tuple[str, ...]:
    return tuple(f"{warning.where}: {warning.message}" for warning in resolved.warnings)
