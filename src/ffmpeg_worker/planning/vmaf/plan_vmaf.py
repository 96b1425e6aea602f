"""Plan the `vmaf` action: measure the shift between two videos, then score one against the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.job.actions.vmaf import VmafData
from ffmpeg_worker.job.local_files import STAGING_FOLDER, LocalFile
from ffmpeg_worker.planning.artifact import Artifact
from ffmpeg_worker.planning.option_policy.command_limits import CommandLimits
from ffmpeg_worker.planning.plan import DependentStep, FfmpegStep, Lane, Step, StepFiles, StepResult, Summary
from ffmpeg_worker.planning.vmaf.alignment import WINDOW_S, Alignment, judge_alignment
from ffmpeg_worker.planning.vmaf.graph import LOG_NAME, score_graph, signature_graph
from ffmpeg_worker.planning.vmaf.models import choose_model, wants_ten_bits
from ffmpeg_worker.planning.vmaf.pairing import Pairing, Video, pair_videos
from ffmpeg_worker.planning.vmaf.scores import Scores, read_scores, read_xpsnr

_SIGNATURES = "signatures.raw"
_XPSNR = "xpsnr.txt"
"""Files that receive the standard output of the two steps."""


def plan_vmaf(
    data: VmafData, reference: LocalFile, distorted: LocalFile, *, cores: int, limits: CommandLimits | None = None
) -> Lane:
    """Plan one comparison.

    Args:
        data: the request.
        reference: `input1`.
        distorted: `input2`.
        cores: threads that libvmaf may use if `data` does not say.
        limits: limits for the inputs; `None` without option policy.

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
    comparison = _Comparison(data, pairing, model, data.threads or cores, limits.media_options() if limits else ())
    return comparison.lane()


@dataclass(frozen=True, slots=True)
class _Comparison:
    data: VmafData
    pairing: Pairing
    model: str
    threads: int
    input_options: tuple[str, ...]

    def lane(self) -> Lane:
        output = self.data.output
        return Lane(
            steps=self._steps(),
            artifacts=(Artifact(name=output, work_name=LOG_NAME, is_media=False),) if output else (),
            intermediates=frozenset({_SIGNATURES, _XPSNR}) | (frozenset() if output else frozenset({LOG_NAME})),
            summary=Summary(self._summarize, self._read_by_summary()),
            warnings=self.pairing.warnings(),
        )

    def _steps(self) -> tuple[Step, ...]:
        if self.data.align == "off":
            return (self._score_step((), {}),)
        return self._signature_step(), DependentStep(self._score_step, (_SIGNATURES,))

    def _read_by_summary(self) -> tuple[str, ...]:
        signatures = () if self.data.align == "off" else (_SIGNATURES,)
        return (LOG_NAME, *signatures, *((_XPSNR,) if "xpsnr" in self.data.features else ()))

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

    def _missing_frames(self, scores: Scores, alignment: Alignment) -> tuple[str, ...]:
        """Warn if fewer frames were compared than both videos should have."""
        if alignment.overlap_s is None:
            return ()
        overlapping = round(alignment.overlap_s * float(self.pairing.rate))
        expected = ceil(overlapping / self.data.subsample)
        if scores.frames >= expected - max(2, expected // 200):
            return ()
        return (
            f"Only {scores.frames} of about {expected} frames were compared: one video has gaps or ends early.",
        )

    def _input(self, video: Video) -> tuple[str, ...]:
        return (*self.input_options, "-i", f"file:{STAGING_FOLDER}/{video.staged}")
