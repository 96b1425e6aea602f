"""Plans the lint of compositions: nothing is rendered, only their texts are measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.media_layers import AudioLayer, VideoLayer
from ffmpeg_worker.composition.references import walk_layers
from ffmpeg_worker.composition.sources import NamedFile, find_named_files
from ffmpeg_worker.errors import EngineFailed
from ffmpeg_worker.job.actions.canvas import CanvasData
from ffmpeg_worker.job.local_files import STAGING_FOLDER, LocalFiles
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.composition.variable_rows import combine_rows, describe_video, for_each_row
from ffmpeg_worker.planning.file_references import input_key
from ffmpeg_worker.planning.plan import Lane, MeasureStep, StepFiles, StepResult, Summary
from ffmpeg_worker.scene.lint import LintWarning, lint
from ffmpeg_worker.scene.resolve import Resolved, frame_range, resolve
from ffmpeg_worker.scene.scene_json import decode_text_metrics

_PLACEHOLDER_LENGTH_S = 10.0
_PLACEHOLDER_SUBTITLES = "1\n00:00:00,000 --> 00:00:10,000\n-\n"
_PLACEHOLDER_VIDEO = StreamInfo("video", width=1920, height=1080)
_PLACEHOLDER_AUDIO = StreamInfo("audio", sample_rate=48000, channels=2)


def plan_lint(
    data: CanvasData, inputs: Mapping[str, object], files: LocalFiles, *, draws_ass: bool = True
) -> Lane:
    """Plan one step for each row of variables, which measures its texts.

    `draws_ass`: whether FFmpeg can draw ASS subtitles with libass.

    Raises:
        InvalidJob, SourceUnreadable: with the JSON path, and the row where there are several.
    """
    is_many = len(data.compositions) > 1
    linted = for_each_row(
        data.compositions,
        lambda _, composition: _resolve_for_lint(data, composition, inputs, files, draws_ass),
        is_many=is_many,
    )

    measures = tuple(MeasureStep(one.resolved.scene, f"metrics-{row}.json") for row, one in enumerate(linted))
    names = tuple(measure.result_file for measure in measures)

    def summarize(_results: Sequence[StepResult], files: StepFiles) -> dict[str, Any]:
        remarks = [
            {**({"row": row} if is_many else {}), **asdict(warning)}
            for row, (composition, name) in enumerate(zip(linted, names, strict=True))
            for warning in composition.find_warnings(files[name])
        ]
        return {"remarks": remarks, **combine_rows([composition.describe() for composition in linted])}

    return Lane(measures, summary=Summary(summarize, names))


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

    def describe(self) -> dict[str, Any]:
        return describe_video(self.resolved.scene, self.part)


def _resolve_for_lint(
    data: CanvasData, composition: Composition, inputs: Mapping[str, object], files: LocalFiles, draws_ass: bool
) -> _LintedComposition:
    sources: dict[str, MediaInfo | str] = {}
    unfetched: dict[str, list[NamedFile]] = {}
    for named in find_named_files(composition):
        file = files.by_key.get(input_key(named.src, inputs))
        if file is None:
            unfetched.setdefault(named.src, []).append(named)
        elif (source := file.media if file.text is None else file.text) is not None:
            sources[named.src] = source
    sources |= {src: _make_placeholder(uses, composition) for src, uses in unfetched.items()}
    unfetched_fonts = tuple(font.family for font in composition.fonts if font.src in unfetched)
    fonts = tuple(font for font in composition.fonts if font.src not in unfetched)

    def file_of(src: str) -> str:
        file = files.by_key.get(input_key(src, inputs))
        return "" if file is None else f"{STAGING_FOLDER}/{file.staged}"

    resolved = resolve(
        composition.model_copy(update={"fonts": fonts}),
        sources,
        file_of=file_of,
        render_scale=data.render_scale,
        fps=data.fps,
        draws_ass=draws_ass,
    )
    part = frame_range(resolved.scene, data.startTime, data.endTime)
    all_unfetched = tuple(file for uses in unfetched.values() for file in uses)
    return _LintedComposition(resolved, part, all_unfetched, unfetched_fonts)


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
