"""Plans `canvas`, a composition rendered to a video or checked by lint, and `canvas_preview`, one frame of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.sources import find_named_files
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.actions.canvas import CanvasJob
from ffmpeg_worker.job.actions.canvas_preview import PreviewJob
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.sources import TextSource
from ffmpeg_worker.planning.composition.plan_composition import plan_canvas, plan_preview
from ffmpeg_worker.planning.composition.plan_lint import plan_lint
from ffmpeg_worker.planning.plan import Plan
from ffmpeg_worker.planning.planner import Planner, ReadJob
from ffmpeg_worker.planning.required_inputs import Inputs, RequiredInput, merge_required_inputs, require_named

_READ_BY_RANGE = frozenset({"video", "audio", "waveform"})


class CanvasPlanner(Planner[CanvasJob]):
    """Plans a render from the media facts of its files; lint leaves out files that would have to be downloaded."""

    def read(self, job: CanvasJob, machine: Machine) -> ReadJob[CanvasJob]:
        used = _require_named_files(job.data.compositions, job.inputs)
        return ReadJob(job, merge_required_inputs(job.inputs, used, skip_remote=job.data.lint), needs_media=True)

    def plan(self, read: ReadJob[CanvasJob], files: LocalFiles, machine: Machine) -> Plan:
        plan = plan_lint if read.job.data.lint else plan_canvas
        return Plan((plan(read.job, files, machine),))


class PreviewPlanner(Planner[PreviewJob]):
    """Plans a still from the media facts of the composition's files."""

    def read(self, job: PreviewJob, machine: Machine) -> ReadJob[PreviewJob]:
        used = _require_named_files(job.data.compositions, job.inputs)
        return ReadJob(job, merge_required_inputs(job.inputs, used), needs_media=True)

    def plan(self, read: ReadJob[PreviewJob], files: LocalFiles, machine: Machine) -> Plan:
        return Plan((plan_preview(read.job, files, machine),))


def _require_named_files(compositions: Sequence[Composition], inputs: Inputs) -> Iterator[RequiredInput]:
    """Every file that the compositions name, as often as they name it.

    Raises:
        InvalidJob: an unknown placeholder, or a name no file can have; with `where.field`.
    """
    found: list[RequiredInput] = []
    read_whole: set[str] = set()
    for file in (file for composition in compositions for file in find_named_files(composition)):
        try:
            required = require_named(file.src, inputs, by_range=True)
        except WorkerError as error:
            raise error.at(field=file.where) from None
        source = required.source
        name = source.name if isinstance(source, TextSource) else source.url.partition("?")[0]
        is_text = file.kind == "subtitles" or (file.kind == "image" and name.lower().endswith(".svg"))
        is_media = not is_text and file.kind != "font"
        found.append(replace(required, is_media=is_media, is_text=is_text, field=file.where))
        if file.kind not in _READ_BY_RANGE:
            read_whole.add(required.key)
    for required in found:
        yield replace(required, by_range=required.by_range and required.key not in read_whole)
