"""Plans the lint of compositions: nothing is rendered, only their texts are measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.media_layers import AudioLayer, VideoLayer
from ffmpeg_worker.composition.references import walk_layers
from ffmpeg_worker.composition.sources import NamedFile, find_named_files
from ffmpeg_worker.errors import EngineFailed
from ffmpeg_worker.job.actions.canvas import CanvasJob
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.composition.resolve_fetched import resolve_fetched
from ffmpeg_worker.planning.composition.variable_rows import combine_rows, describe_video, for_each_row
from ffmpeg_worker.planning.file_references import input_key
from ffmpeg_worker.planning.plan import Lane, Summary
from ffmpeg_worker.planning.step_result import StepFiles, StepResult
from ffmpeg_worker.planning.steps import MeasureStep
from ffmpeg_worker.scene.lint import lint
from ffmpeg_worker.scene.lint_warning import LintWarning
from ffmpeg_worker.scene.resolve import Resolved, frame_range
from ffmpeg_worker.scene.scene_json import decode_text_metrics
from ffmpeg_worker.scene.subtitle_budget import SubtitleBudget

_PLACEHOLDER_LENGTH_S = 10.0
_PLACEHOLDER_SUBTITLES = "1\n00:00:00,000 --> 00:00:10,000\n-\n"
_PLACEHOLDER_VIDEO = StreamInfo("video", width=1920, height=1080)
_PLACEHOLDER_AUDIO = StreamInfo("audio", sample_rate=48000, channels=2)


def plan_lint(job: CanvasJob, files: LocalFiles, machine: Machine) -> Lane:
    """Plan one step for each row of variables, which measures its texts.

    Raises:
        InvalidJob, SourceUnreadable: with the JSON path, and the row where there are several.
    """
    subtitles = SubtitleBudget()
    linted = for_each_row(
        job.data.compositions, lambda _, row: _resolve_for_lint(row, job, files, machine, subtitles)
    )
    descriptions = [describe_video(one.resolved.scene, one.part) for one in linted]
    measures = tuple(MeasureStep(one.resolved.scene, f"metrics-{row}.json") for row, one in enumerate(linted))
    names = tuple(measure.result_file for measure in measures)
    summarize = partial(_summarize, linted, names, descriptions)
    return Lane(measures, summary=Summary(summarize, names, parses=True))


def _summarize(
    linted: Sequence[_LintedComposition],
    names: Sequence[str],
    descriptions: Sequence[dict[str, Any]],
    _results: Sequence[StepResult],
    files: StepFiles,
) -> dict[str, Any]:
    remarks = [
        {**({"row": row} if len(linted) > 1 else {}), **asdict(warning)}
        for row, (composition, name) in enumerate(zip(linted, names, strict=True))
        for warning in composition.find_warnings(files[name])
    ]
    return {"remarks": remarks, **combine_rows(descriptions)}


@dataclass(frozen=True, slots=True)
class _LintedComposition:
    """A resolved composition, whose `unfetched` files have placeholder media.

    `part` is the range of frames to render, `unfetched_fonts` the families of fonts that were not fetched.
    """

    resolved: Resolved
    part: tuple[int, int]
    unfetched: tuple[NamedFile, ...]
    unfetched_fonts: tuple[str, ...]

    def find_warnings(self, metrics_json: bytes) -> Iterator[LintWarning]:
        try:
            metrics = decode_text_metrics(metrics_json)
        except ValueError:
            raise EngineFailed(
                "The renderer's response is invalid.", code="renderer_failed", fault=Fault.WORKER
            ) from None
        for file in self.unfetched:
            yield LintWarning(
                file.where,
                "not_fetched",
                "The file is remote and was not fetched; placeholder media was used instead.",
                "Render the composition or a preview to check it.",
            )
        layers_with_placeholders = {file.where.removesuffix(".src") for file in self.unfetched}
        metrics = replace(metrics, families=(*metrics.families, *self.unfetched_fonts))
        for warning in (*self.resolved.warnings, *lint(self.resolved.scene, metrics)):
            if warning.code != "source_too_short" or warning.where not in layers_with_placeholders:
                yield warning


def _resolve_for_lint(
    composition: Composition, job: CanvasJob, files: LocalFiles, machine: Machine, subtitles: SubtitleBudget
) -> _LintedComposition:
    unfetched: dict[str, list[NamedFile]] = {}
    for named in find_named_files(composition):
        if input_key(named.src, job.inputs) not in files.by_key:
            unfetched.setdefault(named.src, []).append(named)
    fonts = tuple(font for font in composition.fonts if font.src not in unfetched)
    resolved = resolve_fetched(
        composition.model_copy(update={"fonts": fonts}),
        job.inputs,
        files,
        machine,
        render_scale=job.data.render_scale,
        fps=job.data.fps,
        placeholders={src: _make_placeholder(uses, composition) for src, uses in unfetched.items()},
        subtitles=subtitles,
    )
    return _LintedComposition(
        resolved,
        frame_range(resolved.scene, job.data.startTime, job.data.endTime),
        tuple(file for uses in unfetched.values() for file in uses),
        tuple(font.family for font in composition.fonts if font.src in unfetched),
    )


def _make_placeholder(uses: Sequence[NamedFile], composition: Composition) -> MediaInfo | str:
    """Make up the media of a file that lint does not fetch, so that it suits every use of the file."""
    kinds = {use.kind for use in uses}
    if "subtitles" in kinds:
        return _PLACEHOLDER_SUBTITLES
    if "image" in kinds:
        return MediaInfo("png_pipe", (_PLACEHOLDER_VIDEO,))
    streams = (_PLACEHOLDER_VIDEO, _PLACEHOLDER_AUDIO) if "video" in kinds else (_PLACEHOLDER_AUDIO,)
    return MediaInfo("mov", streams, duration_s=_required_length({use.src for use in uses}, composition))


def _required_length(srcs: set[str], composition: Composition) -> float:
    """Return a duration in seconds that is long enough for every trim of the file."""
    trims = [
        layer.trim
        for _, layer in walk_layers(composition.layers)
        if isinstance(layer, VideoLayer | AudioLayer) and layer.src in srcs and layer.trim is not None
    ]
    starts = (trim.start + _PLACEHOLDER_LENGTH_S for trim in trims)
    return max([_PLACEHOLDER_LENGTH_S, *starts, *(trim.end or 0.0 for trim in trims)])
