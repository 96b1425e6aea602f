"""Read the output of libvmaf and xpsnr, and pool scores over all frames."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import OutputRejected

XPSNR_FILE = "xpsnr.txt"
"""Name of the file with what xpsnr prints."""
MAX_WORST = 5
MIN_WORST_DISTANCE_S = 0.5


class Feature(NamedTuple):
    """A metric of libvmaf: its name in the filter, and names in the result by names in the log."""

    name: str
    metrics: Mapping[str, str]


LIBVMAF_FEATURES = {
    "psnr": Feature("psnr", {"psnr_y": "psnr_y", "psnr_cb": "psnr_cb", "psnr_cr": "psnr_cr"}),
    "ssim": Feature("float_ssim", {"float_ssim": "ssim"}),
    "ms_ssim": Feature("float_ms_ssim", {"float_ms_ssim": "ms_ssim"}),
    "cambi": Feature("cambi", {"cambi": "cambi"}),
    "ciede": Feature("ciede", {"ciede2000": "ciede"}),
}

_XPSNR = re.compile(rb"n: *\d+ +XPSNR y: *(\S+) +XPSNR u: *(\S+) +XPSNR v: *(\S+)")

Pooled = dict[str, float]


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores in a log of libvmaf.

    Attributes:
        pooled: VMAF over all frames; see `pool`.
        frames: number of scored frames.
        worst: `{"frame", "time", "score"}`, lowest score first. Frames count from the first one compared, times
            are seconds of the reference.
        features: other metrics, pooled; `None` for one without finite values.
        version: of libvmaf.
    """

    pooled: Pooled
    frames: int
    worst: list[dict[str, float]]
    features: dict[str, Pooled | None]
    version: str | None


def read_scores(log: bytes, *, rate: Fraction, start_s: float = 0.0, features: Sequence[str] = ()) -> Scores:
    """Read libvmaf's JSON log, the whole file.

    `rate` are frames per second of the comparison, `start_s` is the time of its first frame in the reference in
    seconds. `features` are names as in the job; those that are not libvmaf's are ignored.

    Raises:
        OutputRejected: the log is empty, truncated or without scores.
    """
    document = _read_log(log)
    scored: list[tuple[int, float]] = []
    columns: dict[str, list[float]] = {
        metric: [] for name in features if name in LIBVMAF_FEATURES for metric in LIBVMAF_FEATURES[name].metrics
    }
    for frame in document["frames"]:
        metrics = frame["metrics"]
        score = metrics.get("vmaf")
        if _is_finite(score):
            scored.append((int(frame["frameNum"]), float(score)))
        for metric, values in columns.items():
            if _is_finite(metrics.get(metric)):
                values.append(float(metrics[metric]))
    pooled = pool(score for _, score in scored)
    if pooled is None:
        raise _no_scores("libvmaf compared no frames.")
    names = {metric: name for feature in LIBVMAF_FEATURES.values() for metric, name in feature.metrics.items()}
    return Scores(
        pooled=pooled,
        frames=len(scored),
        worst=_worst(scored, rate, start_s),
        features={names[metric]: pool(values) for metric, values in columns.items()},
        version=document.get("version"),
    )


def is_whole_log(log: bytes) -> bool:
    """Whether libvmaf has written its log to the end; it does not notice when the disk is full."""
    return log.rstrip().endswith(b"}")


def read_xpsnr(stats: bytes) -> dict[str, Pooled | None]:
    """Read what the xpsnr filter prints for each frame; infinite values of identical planes are left out.

    Raises:
        OutputRejected: there are no values.
    """
    frames = _XPSNR.findall(stats)
    if not frames:
        raise _no_scores("The xpsnr filter printed no values.")
    planes = zip(*frames, strict=True)
    named = zip(("xpsnr_y", "xpsnr_u", "xpsnr_v"), planes, strict=True)
    return {name: pool(float(value) for value in plane) for name, plane in named}


def pool(values: Iterable[float]) -> Pooled | None:
    """Mean, harmonic mean, minimum, maximum and percentiles of the finite values; `None` if there are none.

    The harmonic mean is that of libvmaf: shifted by one, so that a score of 0 does not make it 0. Percentiles are
    interpolated linearly.
    """
    ordered = sorted(value for value in values if math.isfinite(value))
    if not ordered:
        return None
    count = len(ordered)
    pooled = {
        "mean": math.fsum(ordered) / count,
        "harmonic_mean": _harmonic(ordered),
        "min": ordered[0],
        "max": ordered[-1],
        "p1": _percentile(ordered, 0.01),
        "p5": _percentile(ordered, 0.05),
        "p50": _percentile(ordered, 0.50),
    }
    return {name: round(value, 6) for name, value in pooled.items()}


def _read_log(log: bytes) -> dict[str, Any]:
    if not log.strip():
        raise _no_scores("libvmaf compared no frames: one of the videos has no pictures that can be decoded.")
    try:
        document = json.loads(log)
    except (ValueError, RecursionError):
        raise _no_scores("The log of libvmaf is truncated or not JSON.") from None
    if not isinstance(document, dict) or not isinstance(document.get("frames"), list):
        raise _no_scores("The log of libvmaf has no frames.")
    try:
        for frame in document["frames"]:
            _ = int(frame["frameNum"]), frame["metrics"].get("vmaf")
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _no_scores("A frame in the log of libvmaf has no number or no metrics.") from None
    return document


def _no_scores(message: str) -> OutputRejected:
    return OutputRejected(
        message,
        code="no_scores",
        fault=Fault.SOURCE,
        hint="Check that both videos can be played and overlap in time; `probe` shows what they contain.",
    )


def _worst(scored: Sequence[tuple[int, float]], rate: Fraction, start_s: float) -> list[dict[str, float]]:
    """The lowest frames that are `MIN_WORST_DISTANCE_S` apart, because neighbors of a bad frame are bad too."""
    found: list[dict[str, float]] = []
    for frame, score in sorted(scored, key=lambda pair: pair[1]):
        time = float(frame / rate) + start_s
        if all(abs(time - other["time"]) >= MIN_WORST_DISTANCE_S for other in found):
            found.append({"frame": frame, "time": round(time, 3), "score": round(score, 6)})
        if len(found) == MAX_WORST:
            break
    return found


def _harmonic(values: Sequence[float]) -> float:
    if any(value <= -1 for value in values):
        return values[0]
    return len(values) / math.fsum(1 / (value + 1) for value in values) - 1


def _percentile(ordered: Sequence[float], share: float) -> float:
    position = share * (len(ordered) - 1)
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
