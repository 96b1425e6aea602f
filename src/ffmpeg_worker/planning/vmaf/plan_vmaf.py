"""Plan the `vmaf` action: score two videos, examine them, and score again what was paired wrongly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from math import ceil
from typing import Any

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.errors import DiskFull, OutputRejected
from ffmpeg_worker.job.actions.vmaf import VmafData
from ffmpeg_worker.job.local_files import STAGING_FOLDER, LocalFile
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.artifact import Artifact
from ffmpeg_worker.planning.option_policy.command_limits import media_input_options
from ffmpeg_worker.planning.plan import (
    ComputeStep,
    FfmpegStep,
    Lane,
    OptionalStep,
    Step,
    StepFiles,
    StepResult,
    Summary,
)
from ffmpeg_worker.planning.vmaf.alignment import SEARCH_S, Alignment, judge_alignment
from ffmpeg_worker.planning.vmaf.bars import BARS_FILE, bars_arguments, place_parts
from ffmpeg_worker.planning.vmaf.findings import read_findings
from ffmpeg_worker.planning.vmaf.graph import (
    LOG_NAME,
    Repair,
    Scoring,
    compared_size,
    score_graph,
    thumbnail_labels,
)
from ffmpeg_worker.planning.vmaf.models import MODELS, choose_model, wants_ten_bits
from ffmpeg_worker.planning.vmaf.pairing import Pairing, Video, pair_videos
from ffmpeg_worker.planning.vmaf.scores import Scores, is_whole_log, read_scores, read_xpsnr
from ffmpeg_worker.planning.vmaf.thumbnail_format import (
    DISTORTED,
    MAX_THUMBNAILS,
    REFERENCE,
    pixel_file,
    time_file,
)

_FINDINGS = "findings.json"
_MATCHED_LOG = "matched.json"
_XPSNR = "xpsnr.txt"
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
    data: VmafData
    pairing: Pairing
    scoring: Scoring
    input_options: tuple[str, ...]

    def lane(self) -> Lane:
        output = self.data.output
        read = [LOG_NAME]
        steps: tuple[Step, ...] = (self._score_step(),)
        if self.data.align != "off":
            steps += (
                ComputeStep(self._examine, (*_THUMBNAILS, LOG_NAME), _FINDINGS),
                OptionalStep(self._bars_step, (_FINDINGS,)),
                OptionalStep(self._repair_step, (_FINDINGS, BARS_FILE)),
            )
            read += [_FINDINGS, _MATCHED_LOG]
        if "xpsnr" in self.data.features:
            read.append(_XPSNR)
        own = {*_THUMBNAILS, _FINDINGS, _MATCHED_LOG, BARS_FILE, _XPSNR} | (set() if output else {LOG_NAME})
        return Lane(
            steps=steps,
            artifacts=(Artifact(name=output, work_name=LOG_NAME, is_media=False),) if output else (),
            intermediates=frozenset(own),
            summary=Summary(self._summarize, tuple(read), parses=True),
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
            stdout_file=_XPSNR if "xpsnr" in self.data.features else None,
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
        alignment = self._alignment(files)
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
        alignment = self._alignment(files)
        repair = self._whole_repair(alignment, files)
        if repair is None:
            return None
        log = LOG_NAME if alignment.status == "corrected" else _MATCHED_LOG
        graph, labels = score_graph(self.pairing, replace(self.scoring, log=log), repair)
        return self._step((*self._inputs(), *self._scores(graph, labels)), is_auxiliary=True)

    def _whole_repair(self, alignment: Alignment, files: StepFiles) -> Repair | None:
        repair, found = alignment.repair, alignment.findings
        if repair is None or found is None:
            return None
        if found.geometry is not None and found.geometry.has_bars:
            repair = place_parts(repair, self.pairing, found.geometry, files.get(BARS_FILE, b""))
        return repair if min(compared_size(self.pairing, repair)) >= MODELS[self.scoring.model] else None

    def _summarize(self, results: Sequence[StepResult], files: StepFiles) -> dict[str, Any]:
        if any(result.frames for result in results) and not is_whole_log(files[LOG_NAME]):
            raise DiskFull(
                "The scores could not be written: the worker's disk was full.", hint="Send the job again."
            )
        alignment = self._alignment(files)
        scores = read_scores(
            files[LOG_NAME],
            rate=self.pairing.rate,
            start_s=float(alignment.trim.reference / self.pairing.rate),
            features=self.data.features,
        )
        features = dict(scores.features)
        if "xpsnr" in self.data.features:
            features |= read_xpsnr(files[_XPSNR])
        both = self._both_scores(alignment, scores, files)
        warnings = [
            *alignment.warnings,
            *_compare_scores(alignment, both),
            *self._missing_frames(scores, alignment),
        ]
        result: dict[str, Any] = {
            "score": scores.pooled["mean"],
            "scores": both,
            "pooled": scores.pooled,
            "frames": scores.frames,
            "worst": scores.worst,
            "model": self.scoring.model,
            "libvmaf": scores.version,
            "features": features or None,
            "subsample": self.data.subsample if self.data.subsample > 1 else None,
            "alignment": alignment.as_result(),
            "output": self.data.output,
            "warnings": warnings or None,
        }
        return {key: value for key, value in result.items() if value is not None}

    def _both_scores(self, alignment: Alignment, scores: Scores, files: StepFiles) -> dict[str, float] | None:
        """The scores as sent and by matched frames, if there was a second scoring."""
        if alignment.repair is None or alignment.findings is None:
            return None
        if alignment.status == "corrected":
            as_sent = alignment.findings.as_sent
            return None if as_sent is None else {"as_sent": as_sent, "matched": scores.pooled["mean"]}
        if not files.get(_MATCHED_LOG):
            return None
        matched = read_scores(files[_MATCHED_LOG], rate=self.pairing.rate)
        return {"as_sent": scores.pooled["mean"], "matched": matched.pooled["mean"]}

    def _alignment(self, files: StepFiles) -> Alignment:
        content = files.get(_FINDINGS)
        return judge_alignment(self.pairing, read_findings(content) if content else None, mode=self.data.align)

    def _missing_frames(self, scores: Scores, alignment: Alignment) -> Iterator[str]:
        """Warn if fewer frames were compared than both videos should have."""
        if alignment.status == "corrected" and alignment.repair is not None and alignment.repair.runs:
            return
        overlapping = round((alignment.expected_s or 0.0) * float(self.pairing.rate))
        expected = ceil(overlapping / self.data.subsample)
        if scores.frames < expected - max(2, expected // 200):
            compared = f"Only {scores.frames} of about {expected} frames were compared"
            yield f"{compared}: one video has gaps or ends early."

    def _inputs(self) -> tuple[str, ...]:
        return (*self._input(self.pairing.distorted), *self._input(self.pairing.reference))

    def _input(self, video: Video) -> tuple[str, ...]:
        return (*self.input_options, "-i", f"file:{STAGING_FOLDER}/{video.staged}")


def _compare_scores(alignment: Alignment, both: dict[str, float] | None) -> Iterator[str]:
    if both is None:
        if alignment.status == "suspect" and alignment.offset == 0:
            yield "The score compares the videos as they are, and may mean little."
        return
    as_sent, matched = both["as_sent"], both["matched"]
    if alignment.status != "corrected":
        yield f"The score compares the videos as they are; where both show the same, it is {matched:.2f}."
    elif alignment.offset == 0:
        yield f"The score is by frames that show the same; as the videos are, frame by frame, it is {as_sent:.2f}."
