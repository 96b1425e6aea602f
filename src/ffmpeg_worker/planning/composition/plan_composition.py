"""A composition and its files become lanes: what is prepared, drawn, heard, and put together."""

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
from ffmpeg_worker.planning.composition.plan_video import Film, RenderedParts
from ffmpeg_worker.planning.composition.prepare_media import prepare
from ffmpeg_worker.planning.composition.shared_ranges import find_shared_elements
from ffmpeg_worker.planning.composition.still_frame import picture
from ffmpeg_worker.planning.composition.variable_rows import combine_rows, for_each_row
from ffmpeg_worker.planning.file_references import work_name
from ffmpeg_worker.planning.input_key import input_key
from ffmpeg_worker.planning.option_policy.command_limits import CommandLimits
from ffmpeg_worker.planning.plan import Artifact, FfmpegStep, Lane, Step, StepResult, StillStep
from ffmpeg_worker.scene.resolve import Resolved, frame_range, resolve
from ffmpeg_worker.scene.timeline import frame_at
from ffmpeg_worker.scene.trim_preparations import trim_preparations


def plan_canvas(
    data: CanvasData,
    inputs: Mapping[str, object],
    files: LocalFiles,
    *,
    cores: int,
    limits: CommandLimits | None,
    draws_ass: bool = True,
) -> Lane:
    """One row of variables after the other; what is equal in several is drawn and heard once.

    `draws_ass`: ffmpeg can draw subtitles with their own looks.

    Raises:
        InvalidJob, SourceUnreadable: with the JSON path, and the row where there are several.
    """
    made = RenderedParts()

    def film(row: int, given: tuple[Composition, str]) -> Film:
        composition, name = given
        resolved = _resolve(composition, inputs, files, data.render_scale, data.fps, draws_ass)
        part = frame_range(resolved.scene, data.startTime, data.endTime)
        # A poster may lie anywhere.
        seen = (0, resolved.scene.frames) if data.poster else part
        return Film(data, trim_preparations(resolved, *seen), name, row, cores, limits)

    rows = zip(data.compositions, data.output_names(), strict=True)
    films = for_each_row(rows, film, is_many=len(data.compositions) > 1)
    facts = [film.facts() for film in films]
    common = find_shared_elements([film.resolved.scene for film in films])
    return Lane(
        steps=tuple(_each_once(step for film in films for step in film.steps(made, common))),
        artifacts=tuple(artifact for film in films for artifact in film.artifacts()),
        summarize=lambda _findings: combine_rows(facts),
        warnings=tuple(dict.fromkeys(warning for film in films for warning in _warnings(film.resolved))),
    )


def plan_preview(
    data: PreviewData,
    inputs: Mapping[str, object],
    files: LocalFiles,
    limits: CommandLimits | None,
    *,
    draws_ass: bool = True,
) -> Lane:
    """One frame as PNG, for the result itself where no file is wanted.

    Raises:
        InvalidJob, SourceUnreadable: with the JSON path.
    """
    composition = data.compositions[data.row]
    scale = 1.0 if data.width is None else min(data.width / composition.width, 1.0)
    whole = _resolve(composition, inputs, files, scale, None, draws_ass)
    number = min(frame_at(data.t, Fraction(*whole.scene.fps)), whole.scene.frames - 1)
    resolved = trim_preparations(whole, number, number + 1)
    scene = resolved.scene

    def summarize(results: Sequence[StepResult]) -> dict[str, Any]:
        found: dict[str, Any] = {"t": float(number / Fraction(*scene.fps)), "width": scene.width}
        found |= {"height": scene.height, "duration": float(scene.frames / Fraction(*scene.fps))}
        if data.output is None:
            found["image"] = "data:image/png;base64," + base64.b64encode(results[-1].stdout).decode()
        return found

    artifacts: tuple[Artifact, ...] = ()
    steps: tuple[Step, ...] = (StillStep(scene, number),)
    if data.output is not None:
        steps = tuple(picture(StillStep(scene, number), work_name(data.output)))
        artifacts = (Artifact(data.output, work_name(data.output)),)
    preparations = tuple(prepare(one, limits) for one in resolved.preparations)
    return Lane((*preparations, *steps), artifacts, summarize=summarize, warnings=_warnings(resolved))


def facts_of(
    composition: Composition, inputs: Mapping[str, object], files: LocalFiles
) -> dict[str, MediaInfo | str]:
    """What is known of each file by the name that the composition gives it."""
    facts: dict[str, MediaInfo | str] = {}
    for named in find_named_files(composition):
        file = files[input_key(named.src, inputs)]
        fact = file.text if file.text is not None else file.media
        if fact is not None:
            facts[named.src] = fact
    return facts


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

    facts = facts_of(composition, inputs, files)
    return resolve(composition, facts, file_of=file_of, render_scale=render_scale, fps=fps, draws_ass=draws_ass)


def _each_once(steps: Iterator[Step]) -> Iterator[Step]:
    """Rows prepare the same parts of the same files, mostly; what one has made stays for the next."""
    made: dict[str, Step] = {}
    for step in steps:
        if isinstance(step, FfmpegStep):
            name = step.invocation.arguments[-1]
            if made.get(name) == step:
                continue
            made[name] = step
        yield step


def _warnings(resolved: Resolved) -> tuple[str, ...]:
    return tuple(f"{remark.where}: {remark.message}" for remark in resolved.warnings)
