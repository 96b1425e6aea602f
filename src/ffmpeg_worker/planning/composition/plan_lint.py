"""A composition that is looked through instead of rendered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.sources import NamedFile, find_named_files
from ffmpeg_worker.errors import EngineFailed
from ffmpeg_worker.job.actions.canvas import CanvasData
from ffmpeg_worker.job.local_files import STAGING_FOLDER, LocalFiles
from ffmpeg_worker.job.media import MediaInfo
from ffmpeg_worker.planning.composition.placeholder_media import guess
from ffmpeg_worker.planning.composition.variable_rows import as_result, for_each_row, known_before
from ffmpeg_worker.planning.input_key import input_key
from ffmpeg_worker.planning.plan import Lane, MeasureStep, StepResult
from ffmpeg_worker.scene.lint import lint
from ffmpeg_worker.scene.remark import LintWarning
from ffmpeg_worker.scene.resolve import Resolved, frame_range, resolve
from ffmpeg_worker.scene.scene_json import decode_text_metrics


def plan_lint(
    data: CanvasData, inputs: Mapping[str, object], files: LocalFiles, *, draws_ass: bool = True
) -> Lane:
    """One step for each row of variables: its texts are measured.

    `draws_ass`: ffmpeg can draw subtitles with their own looks.

    Raises:
        InvalidJob, SourceUnreadable: with the JSON path, and the row where there are several.
    """
    is_many = len(data.compositions) > 1
    looks = for_each_row(
        data.compositions,
        lambda _, composition: _look(data, composition, inputs, files, draws_ass),
        is_many=is_many,
    )

    def summarize(results: Sequence[StepResult]) -> dict[str, Any]:
        remarks = [
            {**({"row": row} if is_many else {}), **asdict(remark)}
            for row, (look, result) in enumerate(zip(looks, results, strict=True))
            for remark in look.remarks(result)
        ]
        facts = [look.facts() for look in looks]
        return {"remarks": remarks, **as_result(facts)}

    return Lane(tuple(MeasureStep(look.resolved.scene) for look in looks), summarize=summarize)


@dataclass(frozen=True, slots=True)
class _Look:
    """One composition; `unseen` are the files that were not fetched."""

    resolved: Resolved
    part: tuple[int, int]
    unseen: tuple[NamedFile, ...]
    families: tuple[str, ...]

    def remarks(self, result: StepResult) -> Iterator[LintWarning]:
        try:
            measured = decode_text_metrics(result.stdout)
        except ValueError:
            raise EngineFailed(
                "The renderer's answer cannot be read.", code="renderer_failed", fault=Fault.WORKER
            ) from None
        for file in self.unseen:
            yield LintWarning(
                file.where,
                "not_fetched",
                "The file lies elsewhere and was not fetched: what it holds is guessed.",
                "Rendering or a preview will tell.",
            )
        guessed = {file.where.removesuffix(".src") for file in self.unseen}
        families = (*measured.families, *self.families)
        for remark in lint(self.resolved, replace(measured, families=families)):
            if remark.code != "source_too_short" or remark.where not in guessed:
                yield remark

    def facts(self) -> dict[str, Any]:
        return known_before(self.resolved.scene, self.part)


def _look(
    data: CanvasData, composition: Composition, inputs: Mapping[str, object], files: LocalFiles, draws_ass: bool
) -> _Look:
    facts: dict[str, MediaInfo | str] = {}
    unseen: dict[str, list[NamedFile]] = {}
    for named in find_named_files(composition):
        file = files.by_key.get(input_key(named.src, inputs))
        if file is None:
            unseen.setdefault(named.src, []).append(named)
        elif (fact := file.media if file.text is None else file.text) is not None:
            facts[named.src] = fact
    facts |= {src: guess(places, composition) for src, places in unseen.items()}
    absent = tuple(font.family for font in composition.fonts if font.src in unseen)
    fonts = tuple(font for font in composition.fonts if font.src not in unseen)

    def file_of(src: str) -> str:
        file = files.by_key.get(input_key(src, inputs))
        return "" if file is None else f"{STAGING_FOLDER}/{file.staged}"

    resolved = resolve(
        composition.model_copy(update={"fonts": fonts}),
        facts,
        file_of=file_of,
        render_scale=data.render_scale,
        fps=data.fps,
        draws_ass=draws_ass,
    )
    part = frame_range(resolved.scene, data.startTime, data.endTime)
    return _Look(resolved, part, tuple(file for places in unseen.values() for file in places), absent)
