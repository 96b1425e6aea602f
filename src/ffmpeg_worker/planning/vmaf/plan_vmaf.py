"""Plan the `vmaf` action: measure the shift between two videos, then score one against the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.job.actions.vmaf import VmafData
from ffmpeg_worker.job.local_files import STAGING_FOLDER, LocalFile
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.artifact import Artifact
from ffmpeg_worker.planning.option_policy.command_limits import media_input_options
from ffmpeg_worker.planning.plan import DependentStep, FfmpegStep, Lane, Step, StepFiles, StepResult, Summary
from ffmpeg_worker.planning.vmaf.alignment import WINDOW_S, Alignment, judge_alignment
from ffmpeg_worker.planning.vmaf.graph import LOG_NAME, score_graph, signature_graph
from ffmpeg_worker.planning.vmaf.models import choose_model, wants_ten_bits
from ffmpeg_worker.planning.vmaf.pairing import Pairing, Video, pair_videos
from ffmpeg_worker.planning.vmaf.scores import Scores, read_scores, read_xpsnr

_SIGNATURES = "signatures.raw"
_XPSNR = "xpsnr.txt"
"""Files that receive the standard output of the two steps."""


def plan_vmaf(data: VmafData, reference: LocalFile, distorted: LocalFile, machine: Machine) -> Lane:
    """Plan one comparison; `reference` is `input1`, `distorted` is `input2`.

    Returns:
        A lane whose summary gives `score`, `pooled`, `frames`, `worst`, `model`, `libvmaf` (its version),
        `alignment`, and, where they apply, `features`, `subsample`, `output` and `warnings`. With `data.output`,
        the log of libvmaf is an artifact.

    Raises:
        SourceUnreadable: one of the files has no video.
        InvalidJob: the model does not exist, or the frames are too small for it.
    """
    pairing = pair_videos(reference, distorted, data.scale)
    model = choose_model(data.model, pairing.width, pairing.height)
    threads = data.threads or machine.cores
    return _Comparison(data, pairing, model, threads, media_input_options(machine)).lane()


@dataclass(frozen=True, slots=True)
class _Comparison:
    data: VmafData
    pairing: Pairing
    model: str
    threads: int
    input_options: tuple[str, ...]

    def lane(self) -> Lane:
        output = self.data.output
        steps: tuple[Step, ...] = (self._signature_step(), DependentStep(self._score_step, (_SIGNATURES,)))
        read_by_summary = [LOG_NAME, _SIGNATURES]
        if self.data.align == "off":
            steps = (self._score_step((), {}),)
            read_by_summary.remove(_SIGNATURES)
        if "xpsnr" in self.data.features:
            read_by_summary.append(_XPSNR)
        return Lane(
            steps=steps,
            artifacts=(Artifact(name=output, work_name=LOG_NAME, is_media=False),) if output else (),
            intermediates=frozenset({_SIGNATURES, _XPSNR}) | (frozenset() if output else frozenset({LOG_NAME})),
            summary=Summary(self._summarize, tuple(read_by_summary), parses=True),
            warnings=self.pairing.warnings(),
        )

    def _signature_step(self) -> FfmpegStep:
        limit = ("-t", str(WINDOW_S))
        arguments = (
            *(*limit, *self._input(self.pairing.distorted)),
            *(*limit, *self._input(self.pairing.reference)),
            *("-filter_complex", signature_graph(self.pairing)),
            *("-map", "[out]", "-f", "rawvideo", "-"),
        )
        lengths = [self.pairing.length_s(video) or WINDOW_S for video in self.pairing.videos]
        return FfmpegStep(Invocation(arguments), expected_s=min(WINDOW_S, *lengths), stdout_file=_SIGNATURES)

    def _score_step(self, _results: Sequence[StepResult], files: StepFiles) -> FfmpegStep:
        alignment = self._alignment(files)
        graph, labels = score_graph(
            self.pairing,
            alignment.trim,
            model=self.model,
            threads=self.threads,
            subsample=self.data.subsample,
            features=self.data.features,
            ten_bits=wants_ten_bits(self.model),
        )
        arguments = (
            *(*self._input(self.pairing.distorted), *self._input(self.pairing.reference)),
            *("-filter_complex", graph),
            *(part for label in labels for part in ("-map", label)),
            *("-f", "null", "-"),
        )
        return FfmpegStep(
            Invocation(arguments),
            expected_s=alignment.overlap_s,
            stdout_file=_XPSNR if "xpsnr" in self.data.features else None,
        )

    def _summarize(self, _results: Sequence[StepResult], files: StepFiles) -> dict[str, Any]:
        alignment = self._alignment(files)
        scores = read_scores(
            files[LOG_NAME],
            rate=self.pairing.rate,
            start_s=float(alignment.trim.reference / self.pairing.measured_rate),
            features=self.data.features,
        )
        features = dict(scores.features)
        if "xpsnr" in self.data.features:
            features |= read_xpsnr(files[_XPSNR])
        warnings = [*alignment.warnings, *self._missing_frames(scores, alignment)]
        result: dict[str, Any] = {
            "score": scores.pooled["mean"],
            "pooled": scores.pooled,
            "frames": scores.frames,
            "worst": scores.worst,
            "model": self.model,
            "libvmaf": scores.version,
            "features": features or None,
            "subsample": self.data.subsample if self.data.subsample > 1 else None,
            "alignment": alignment.as_result(),
            "output": self.data.output,
            "warnings": warnings or None,
        }
        return {key: value for key, value in result.items() if value is not None}

    def _alignment(self, files: StepFiles) -> Alignment:
        return judge_alignment(self.pairing, files.get(_SIGNATURES), mode=self.data.align)

    def _missing_frames(self, scores: Scores, alignment: Alignment) -> Iterator[str]:
        """Warn if fewer frames were compared than both videos should have."""
        overlapping = round((alignment.overlap_s or 0.0) * float(self.pairing.rate))
        expected = ceil(overlapping / self.data.subsample)
        if scores.frames < expected - max(2, expected // 200):
            compared = f"Only {scores.frames} of about {expected} frames were compared"
            yield f"{compared}: one video has gaps or ends early."

    def _input(self, video: Video) -> tuple[str, ...]:
        return (*self.input_options, "-i", f"file:{STAGING_FOLDER}/{video.staged}")
