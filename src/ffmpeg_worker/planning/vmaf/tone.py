"""Brightness and contrast of two videos, measured so that their samples can be compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ffmpeg_worker.planning.vmaf.thumbnails import Floats, Thumbnails


@dataclass(frozen=True, slots=True)
class Tone:
    """Brightness and contrast of two videos: samples are taken relative to the mean picture, times a gain.

    Attributes:
        reference_mean, distorted_mean: the mean picture of each video.
        gain: contrast of the distorted video relative to the reference.
        power: mean square of the samples of the distorted video relative to its mean picture.
    """

    reference_mean: Floats
    distorted_mean: Floats
    gain: float
    power: float


def measure_tone(reference: Thumbnails, distorted: Thumbnails, last: int) -> Tone:
    """Measure the tone of both videos; only frames of the reference before `last` count."""
    reference_mean, reference_power = _moments(reference, last)
    distorted_mean, distorted_power = _moments(distorted, len(distorted))
    gain = float(np.sqrt(distorted_power / reference_power)) if min(reference_power, distorted_power) > 1 else 1.0
    return Tone(reference_mean, distorted_mean, float(np.clip(gain, 0.25, 4)), distorted_power)


def _moments(video: Thumbnails, last: int) -> tuple[Floats, float]:
    count = max(min(len(video), last), 1)
    total = np.zeros(video.pixels.shape[1])
    squares = 0.0
    for rows in video.blocks(0, last):
        total += rows.sum(0, dtype=np.float64)
        squares += float(np.square(rows, dtype=np.float64).sum())
    mean = total / count
    return mean.astype(np.float32), squares / (count * len(mean)) - float(np.square(mean).mean())
