"""Plans videos and previews of compositions."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.sources import find_named_files
from ffmpeg_worker.job.actions.canvas import CanvasData
from ffmpeg_worker.job.actions.canvas_preview import PreviewData
from ffmpeg_worker.job.local_files import STAGING_FOLDER, LocalFiles
from ffmpeg_worker.job.media import MediaInfo
from ffmpeg_worker.planning.artifact import Artifact
from ffmpeg_worker.planning.composition.plan_video import RenderedParts, VideoPlan
from ffmpeg_worker.planning.composition.prepare_media import plan_preparation
from ffmpeg_worker.planning.composition.shared_ranges import find_shared_elements
from ffmpeg_worker.planning.composition.still_frame import plan_still_frame
from ffmpeg_worker.planning.composition.variable_rows import combine_rows, for_each_row
from ffmpeg_worker.planning.file_references import input_key, work_name
from ffmpeg_worker.planning.option_policy.command_limits import CommandLimits
from ffmpeg_worker.planning.plan import FfmpegStep, Lane, Step, StepFiles, StepResult, StillStep, Summary
from ffmpeg_worker.scene.resolve import Resolved, frame_range, resolve
from ffmpeg_worker.scene.timeline import frame_at
from ffmpeg_worker.scene.trim_preparations import trim_preparations

_PREVIEW = "_preview.png"
"""File of a preview that goes into the result itself."""


def plan_canvas(
    data: CanvasData,
    inputs: Mapping[str, object],
    files: LocalFiles,
    *,
    cores: int,
    limits: CommandLimits | None,
    draws_ass: bool = True,
) -> Lane:
    """Plan the videos of all rows of variables; what several rows have in common is rendered and mixed once.

    `draws_ass`: whether FFmpeg can draw ASS subtitles with libass.

    Raises:
        InvalidJob, SourceUnreadable: with the JSON path, and the row where there are several.
    """
    rendered = RenderedParts()

    def plan_row(number: int, row: tuple[Composition, str]) -> VideoPlan:
        composition, name = row
        resolved = _resolve(composition, inputs, files, data.render_scale, data.fps, draws_ass)
        part = frame_range(resolved.scene, data.startTime, data.endTime)
        # The poster may be any frame.
        needed = (0, resolved.scene.frames) if data.poster else part
        return VideoPlan(data, trim_preparations(resolved, *needed), name, number, cores, limits)

    rows = zip(data.compositions, data.output_names(), strict=True)
    plans = for_each_row(rows, plan_row, is_many=len(data.compositions) > 1)
    descriptions = [plan.describe() for plan in plans]
    shared = find_shared_elements([plan.resolved.scene for plan in plans])
    return Lane(
        steps=tuple(_drop_repeated_steps(step for plan in plans for step in plan.steps(rendered, shared))),
        artifacts=tuple(artifact for plan in plans for artifact in plan.artifacts()),
        summary=Summary(lambda _results, _files: combine_rows(descriptions)),
        warnings=tuple(dict.fromkeys(warning for plan in plans for warning in _warnings(plan.resolved))),
    )


def plan_preview(
    data: PreviewData,
    inputs: Mapping[str, object],
    files: LocalFiles,
    limits: CommandLimits | None,
    *,
    draws_ass: bool = True,
) -> Lane:
    """Plan one frame as an image: a file if the job names an output, else PNG bytes for the result.

    Raises:
        InvalidJob, SourceUnreadable: with the JSON path.
    """
    composition = data.compositions[data.row]
    scale = 1.0 if data.width is None else min(data.width / composition.width, 1.0)
    whole = _resolve(composition, inputs, files, scale, None, draws_ass)
    number = min(frame_at(data.t, Fraction(*whole.scene.fps)), whole.scene.frames - 1)
    resolved = trim_preparations(whole, number, number + 1)
    scene = resolved.scene

    def summarize(_results: Sequence[StepResult], written: StepFiles) -> dict[str, Any]:
        result: dict[str, Any] = {"t": float(number / Fraction(*scene.fps)), "width": scene.width}
        result |= {"height": scene.height, "duration": float(scene.frames / Fraction(*scene.fps))}
        if data.output is None:
            result["image"] = "data:image/png;base64," + base64.b64encode(written[_PREVIEW]).decode()
        return result

    artifacts: tuple[Artifact, ...] = ()
    steps: tuple[Step, ...] = (StillStep(scene, number, _PREVIEW),)
    summary = Summary(summarize, () if data.output else (_PREVIEW,))
    if data.output is not None:
        steps = tuple(plan_still_frame(scene, number, work_name(data.output)))
        artifacts = (Artifact(data.output, work_name(data.output)),)
    preparations = tuple(plan_preparation(one, limits) for one in resolved.preparations)
    return Lane((*preparations, *steps), artifacts, summary=summary, warnings=_warnings(resolved))


def collect_sources(
    composition: Composition, inputs: Mapping[str, object], files: LocalFiles
) -> dict[str, MediaInfo | str]:
    """Return what is known of each file, by its `src` in the composition."""
    sources: dict[str, MediaInfo | str] = {}
    for named in find_named_files(composition):
        file = files[input_key(named.src, inputs)]
        source = file.text if file.text is not None else file.media
        if source is not None:
            sources[named.src] = source
    return sources


def _resolve(
    composition: Composition,
    inputs: Mapping[str, object],
    files: LocalFiles,
    render_scale: float,
    fps: float | None,
    draws_ass: bool,
) -> Resolved:
    def file_of(src: str) -> str:
        return f"{STAGING_FOLDER}/{files[input_key(src, inputs)].staged}"

    sources = collect_sources(composition, inputs, files)
    return resolve(composition, sources, file_of=file_of, render_scale=render_scale, fps=fps, draws_ass=draws_ass)


def _drop_repeated_steps(steps: Iterator[Step]) -> Iterator[Step]:
    """Drop steps that produce the same file again: rows mostly prepare the same parts of the same files."""
    steps_by_file: dict[str, Step] = {}
    for step in steps:
        if isinstance(step, FfmpegStep):
            name = step.invocation.arguments[-1]
            if steps_by_file.get(name) == step:
                continue
            steps_by_file[name] = step
        yield step


def _warnings(resolved: Resolved) -> tuple[str, ...]:
    return tuple(f"{warning.where}: {warning.message}" for warning in resolved.warnings)
