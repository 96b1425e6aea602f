"""The result of the `vmaf` action, from the logs and findings of its steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from ffmpeg_worker.errors import DiskFull
from ffmpeg_worker.job.actions.vmaf import VmafData
from ffmpeg_worker.planning.step_result import StepFiles, StepResult
from ffmpeg_worker.planning.vmaf.alignment import Alignment, Mode, judge_alignment
from ffmpeg_worker.planning.vmaf.findings import FINDINGS_FILE, read_findings
from ffmpeg_worker.planning.vmaf.graph import LOG_NAME, MATCHED_LOG
from ffmpeg_worker.planning.vmaf.pairing import Pairing
from ffmpeg_worker.planning.vmaf.scores import XPSNR_FILE, Scores, is_whole_log, read_scores, read_xpsnr


def read_alignment(files: StepFiles, pairing: Pairing, mode: Mode) -> Alignment:
    """Judge the alignment of two videos by the findings, if they were examined."""
    content = files.get(FINDINGS_FILE)
    return judge_alignment(pairing, read_findings(content) if content else None, mode=mode)


@dataclass(frozen=True, slots=True)
class ComparisonSummary:
    """Builds the result of a comparison with `model`; `plan_vmaf` describes its fields."""

    data: VmafData
    pairing: Pairing
    model: str

    def build(self, results: Sequence[StepResult], files: StepFiles) -> dict[str, Any]:
        """Return the fields that the action adds to its result.

        Raises:
            DiskFull: the log of libvmaf is cut off.
        """
        if any(result.frames for result in results) and not is_whole_log(files[LOG_NAME]):
            raise DiskFull(
                "The scores could not be written: the worker's disk was full.", hint="Send the job again."
            )
        alignment = read_alignment(files, self.pairing, self.data.align)
        scores = read_scores(
            files[LOG_NAME],
            rate=self.pairing.rate,
            start_s=float(alignment.trim.reference / self.pairing.rate),
            features=self.data.features,
        )
        xpsnr = read_xpsnr(files[XPSNR_FILE]) if "xpsnr" in self.data.features else {}
        features = {**scores.features, **xpsnr}
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
            "model": self.model,
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
        if not files.get(MATCHED_LOG):
            return None
        matched = read_scores(files[MATCHED_LOG], rate=self.pairing.rate)
        return {"as_sent": scores.pooled["mean"], "matched": matched.pooled["mean"]}

    def _missing_frames(self, scores: Scores, alignment: Alignment) -> Iterator[str]:
        """Warn if fewer frames were compared than both videos should have."""
        if alignment.status == "corrected" and alignment.repair is not None and alignment.repair.runs:
            return
        overlapping = round((alignment.expected_s or 0.0) * float(self.pairing.rate))
        expected = ceil(overlapping / self.data.subsample)
        if scores.frames < expected - max(2, expected // 200):
            compared = f"Only {scores.frames} of about {expected} frames were compared"
            yield f"{compared}: one video has gaps or ends early."


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
