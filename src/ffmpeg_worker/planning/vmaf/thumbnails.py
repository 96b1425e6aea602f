"""Thumbnails of every frame of a video, with their times, as the scoring command writes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ffmpeg_worker.planning.vmaf.thumbnail_format import CELLS, SIDE

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]

_MIN_CONTRAST = 9.0
"""Variance of a picture that can be told from another."""
_UNLIKE = 0.5
"""Correlation below which two pictures are different ones."""
BLOCK = 512
"""Frames that are worked on at once, so that memory does not grow with the length of a video."""


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Gray thumbnails of a video.

    Attributes:
        pixels: one row of `CELLS` 8-bit samples for each frame, line by line.
        times: of the frames, in a unit that both videos share; increasing.
    """

    pixels: npt.NDArray[np.uint8]
    times: Numbers

    def __len__(self) -> int:
        """The number of frames."""
        return len(self.times)

    def rows(self, first: int, last: int) -> Floats:
        """Samples of the frames from `first` to `last` (exclusive), as far as there are any."""
        return self.pixels[max(first, 0) : max(last, 0)].astype(np.float32)

    def at(self, frames: Numbers) -> Floats:
        """Samples of some frames, as squares: frame, line, column."""
        return self.pixels[frames].astype(np.float32).reshape(-1, SIDE, SIDE)

    def blocks(self, first: int = 0, last: int | None = None) -> Iterator[Floats]:
        """Samples of a range of frames, a block at a time."""
        end = len(self) if last is None else min(last, len(self))
        for start in range(first, end, BLOCK):
            yield self.rows(start, min(start + BLOCK, end))


def read_thumbnails(pixels: bytes, stamps: bytes) -> Thumbnails:
    """Read raw thumbnails and the lines of FFmpeg's `framecrc` for them; what is incomplete is left out."""
    lines = (line for line in stamps.splitlines() if line and not line.startswith(b"#"))
    times = np.array([int(line.split(b",", 3)[2]) for line in lines if line.count(b",") >= 3], np.int64)
    count = min(len(pixels) // CELLS, len(times))
    samples = np.frombuffer(pixels, np.uint8, count * CELLS).reshape(count, CELLS)
    return Thumbnails(samples, times[:count])


def are_unlike(reference: Thumbnails, distorted: Thumbnails, partners: Numbers) -> npt.NDArray[np.bool_]:
    """Whether each frame is quite another picture than its partner in the reference; false if it has none."""
    unlike = np.zeros(len(distorted), np.bool_)
    for start in range(0, len(distorted), BLOCK):
        end = min(start + BLOCK, len(distorted))
        chosen = partners[start:end]
        is_inside = (chosen >= 0) & (chosen < len(reference))
        first = reference.pixels[np.where(is_inside, chosen, 0)].astype(np.float32)
        second = distorted.rows(start, end)
        first -= first.mean(1, keepdims=True)
        second -= second.mean(1, keepdims=True)
        powers = np.stack([np.square(one).mean(1) for one in (first, second)])
        correlation = (first * second).mean(1) / np.sqrt(np.maximum(powers.prod(0), 1e-6))
        unlike[start:end] = is_inside & (powers.max(0) > _MIN_CONTRAST) & (correlation < _UNLIKE)
    return unlike


def pair_by_time(reference: Thumbnails, distorted: Thumbnails) -> Numbers:
    """The frame of the reference that each frame of the distorted video is compared with: the nearest in time.

    Frames after the end of the reference, which are not compared, count on in steps of one.
    """
    after = np.searchsorted(reference.times, distorted.times).clip(1, max(len(reference) - 1, 1))
    before = after - 1
    if len(reference) < 2:
        return np.arange(len(distorted))
    is_nearer = reference.times[after] - distorted.times < distorted.times - reference.times[before]
    nearest = np.where(is_nearer, after, before)
    step = max(float(np.median(np.diff(reference.times))), 1.0)
    beyond = np.rint((distorted.times - reference.times[-1]) / step).clip(0).astype(np.int64)
    return np.where(beyond > 0, len(reference) - 1 + beyond, nearest)
