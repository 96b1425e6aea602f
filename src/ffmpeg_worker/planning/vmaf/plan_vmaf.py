"""Plan the `vmaf` action: score two videos, examine them, and score again what was paired wrongly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.errors import OutputRejected
from ffmpeg_worker.job.actions.vmaf import VmafData
from ffmpeg_worker.job.local_files import STAGING_FOLDER, LocalFile
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.artifact import Artifact
from ffmpeg_worker.planning.option_policy.command_limits import media_input_options
from ffmpeg_worker.planning.plan import Lane, Summary
from ffmpeg_worker.planning.step_result import StepFiles, StepResult
from ffmpeg_worker.planning.steps import ComputeStep, FfmpegStep, OptionalStep, Step
from ffmpeg_worker.planning.vmaf.alignment import SEARCH_S, Alignment, judge_alignment
from ffmpeg_worker.planning.vmaf.bars import BARS_FILE, bars_arguments, place_parts
from ffmpeg_worker.planning.vmaf.comparison_summary import ComparisonSummary, read_alignment
from ffmpeg_worker.planning.vmaf.findings import FINDINGS_FILE
from ffmpeg_worker.planning.vmaf.graph import (
    LOG_NAME,
    MATCHED_LOG,
    Repair,
    Scoring,
    compared_size,
    score_graph,
    thumbnail_labels,
)
from ffmpeg_worker.planning.vmaf.models import MODELS, choose_model, wants_ten_bits
from ffmpeg_worker.planning.vmaf.pairing import Pairing, Video, pair_videos
from ffmpeg_worker.planning.vmaf.scores import XPSNR_FILE, read_scores
from ffmpeg_worker.planning.vmaf.thumbnail_format import (
    DISTORTED,
    MAX_THUMBNAILS,
    REFERENCE,
    pixel_file,
    time_file,
)

_THUMBNAILS = tuple(name(video) for video in (REFERENCE, DISTORTED) for name in (pixel_file, time_file))


def plan_vmaf(data: VmafData, reference: LocalFile, distorted: LocalFile, machine: Machine) -> Lane:
    """Plan one comparison; `reference` is `input1`, `distorted` is `input2`.

    Returns:
        A lane whose summary gives `score`, `pooled`, `frames`, `worst`, `model`, `libvmaf` (its version),
        `alignment`, and, where they apply, `scores`, `features`, `subsample`, `output` and `warnings`. With
        `data.output`, the log of libvmaf is an artifact.

    Raises:
        SourceUnreadable: one of the files has no video.
        InvalidJob: the model does not exist, or the frames are too small for it.
    """
    pairing = pair_videos(reference, distorted, data.scale)
    model = choose_model(data.model, pairing.width, pairing.height)
    threads = data.threads or machine.cores
    scoring = Scoring(model, threads, data.subsample, data.features, wants_ten_bits(model))
    return _Comparison(data, pairing, scoring, media_input_options(machine)).lane()


@dataclass(frozen=True, slots=True)
class _Comparison:
    """The steps of one comparison."""

    data: VmafData
    pairing: Pairing
    scoring: Scoring
    input_options: tuple[str, ...]

    def lane(self) -> Lane:
        output = self.data.output
        summary = ComparisonSummary(self.data, self.pairing, self.scoring.model)
        read = [LOG_NAME]
        steps: tuple[Step, ...] = (self._score_step(),)
        if self.data.align != "off":
            steps += (
                ComputeStep(self._examine, (*_THUMBNAILS, LOG_NAME), FINDINGS_FILE),
                OptionalStep(self._bars_step, (FINDINGS_FILE,)),
                OptionalStep(self._repair_step, (FINDINGS_FILE, BARS_FILE)),
            )
            read += [FINDINGS_FILE, MATCHED_LOG]
        if "xpsnr" in self.data.features:
            read.append(XPSNR_FILE)
        own = {*_THUMBNAILS, FINDINGS_FILE, MATCHED_LOG, BARS_FILE, XPSNR_FILE} | (set() if output else {LOG_NAME})
        return Lane(
            steps=steps,
            artifacts=(Artifact(name=output, work_name=LOG_NAME, is_media=False),) if output else (),
            intermediates=frozenset(own),
            summary=Summary(summary.build, tuple(read), parses=True),
            warnings=self.pairing.warnings(),
        )

    def _score_step(self) -> FfmpegStep:
        """Score the videos as they are; thumbnails of both come from the same decoding."""
        if self.data.align == "off":
            graph, labels = score_graph(self.pairing, self.scoring)
            return self._step((*self._inputs(), *self._scores(graph, labels)))
        limit = self.pairing.examined_s(SEARCH_S)
        graph, labels = score_graph(self.pairing, self.scoring, thumbnails_s=limit or float("inf"))
        thumbnails = [
            part
            for video, label in zip((REFERENCE, DISTORTED), thumbnail_labels(), strict=True)
            for part in self._thumbnails(video, label)
        ]
        return self._step((*self._inputs(), *self._scores(graph, labels), *thumbnails))

    def _thumbnails(self, video: str, label: str) -> tuple[str, ...]:
        """One output: raw pictures, and the time of each in a line of text."""
        files = f"[f=rawvideo]{pixel_file(video)}|[f=framecrc]{time_file(video)}"
        return (
            *("-map", label, "-c:v", "rawvideo", "-fps_mode", "passthrough"),
            *("-enc_time_base", str(self.pairing.tick), "-frames:v", str(MAX_THUMBNAILS), "-f", "tee", files),
        )

    def _step(self, arguments: tuple[str, ...], *, is_auxiliary: bool = False) -> FfmpegStep:
        return FfmpegStep(
            Invocation(arguments),
            expected_s=judge_alignment(self.pairing, None, mode="off").overlap_s,
            stdout_file=XPSNR_FILE if "xpsnr" in self.data.features else None,
            is_auxiliary=is_auxiliary,
        )

    def _scores(self, graph: str, labels: Sequence[str]) -> tuple[str, ...]:
        maps = (part for label in labels for part in ("-map", label))
        return ("-filter_complex", graph, *maps, "-f", "null", "-")

    def _examine(self, _results: Sequence[StepResult], files: StepFiles) -> dict[str, Any]:
        from ffmpeg_worker.planning.vmaf.examine import examine  # noqa: PLC0415 - loads numpy, in a child process
        from ffmpeg_worker.planning.vmaf.thumbnails import read_thumbnails  # noqa: PLC0415

        videos = [
            read_thumbnails(files[pixel_file(name)], files[time_file(name)]) for name in (REFERENCE, DISTORTED)
        ]
        reach = max(round(SEARCH_S * self.pairing.rate), 8) + 1
        found = examine(videos[0], videos[1], reach=reach, tolerance=self.pairing.tolerance)
        return asdict(replace(found, as_sent=self._as_sent(files[LOG_NAME])))

    def _as_sent(self, log: bytes) -> float | None:
        try:
            return read_scores(log, rate=self.pairing.rate).pooled["mean"]
        except OutputRejected:  # said when the result is made
            return None

    def _bars_step(self, files: StepFiles) -> FfmpegStep | None:
        alignment = read_alignment(files, self.pairing, self.data.align)
        geometry = alignment.findings.geometry if alignment.findings is not None else None
        if alignment.repair is None or geometry is None or not geometry.has_bars:
            return None
        return FfmpegStep(
            Invocation((*self._input(self.pairing.distorted), *bars_arguments())),
            stdout_file=BARS_FILE,
            is_auxiliary=True,
        )

    def _repair_step(self, files: StepFiles) -> FfmpegStep | None:
        """Score again the frames, or the part of them, that show the same."""
        alignment = read_alignment(files, self.pairing, self.data.align)
        repair = self._whole_repair(alignment, files)
        if repair is None:
            return None
        log = LOG_NAME if alignment.status == "corrected" else MATCHED_LOG
        graph, labels = score_graph(self.pairing, replace(self.scoring, log=log), repair)
        return self._step((*self._inputs(), *self._scores(graph, labels)), is_auxiliary=True)

    def _whole_repair(self, alignment: Alignment, files: StepFiles) -> Repair | None:
        repair, found = alignment.repair, alignment.findings
        if repair is None or found is None:
            return None
        if found.geometry is not None and found.geometry.has_bars:
            repair = place_parts(repair, self.pairing, found.geometry, files.get(BARS_FILE, b""))
        return repair if min(compared_size(self.pairing, repair)) >= MODELS[self.scoring.model] else None

    def _inputs(self) -> tuple[str, ...]:
        return (*self._input(self.pairing.distorted), *self._input(self.pairing.reference))

    def _input(self, video: Video) -> tuple[str, ...]:
        return (*self.input_options, "-i", f"file:{STAGING_FOLDER}/{video.staged}")
