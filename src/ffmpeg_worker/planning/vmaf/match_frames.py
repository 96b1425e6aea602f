"""Find the frame of the reference that each frame of the distorted video shows.

A frame may be found up to `reach` frames before or after the one that it is compared with. The search is that of
a hidden Markov model whose states are these offsets: each frame prefers the offsets at which the thumbnails are
alike, and each change of the offset costs so much that a single frame cannot cause it. So noise, compression and
repeated content do not change the offset, and a dropped frame does, if the frames after it move.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ffmpeg_worker.planning.vmaf.thumbnails import BLOCK, Floats, Numbers, Thumbnails
from ffmpeg_worker.planning.vmaf.tone import Tone, measure_tone

_CHANGE_COST = 60.0
"""Cost of a change of the offset."""
_START_COST = 30.0
"""Cost of an offset at the start."""
_MAX_COST = 60.0
"""Cost of a frame that is unlike: single damaged frames must not outweigh a change."""
_OUTSIDE_COST = 40.0
"""Cost of a frame whose partner lies outside the reference."""
_WEIGHT = 10.0
"""Cost of a frame whose error is as large as the usual error of matched frames."""
_RIVAL = 3
"""Offset that frames are compared at, to see whether their motion can tell offsets apart."""
_MOTION_WINDOW = 9
"""Frames over which motion is averaged, since slow motion changes 8-bit samples in some frames only."""
_MIN_MOTION = 0.03
"""Mean square change from frame to frame from which something moves."""
_MIN_NOISE = 0.2
"""Mean square error of equal frames, from rounding both to 8 bits."""


@dataclass(frozen=True, slots=True)
class Match:
    """The result of the search, with one entry for each frame of the distorted video.

    Attributes:
        offsets: frames from the one that it is compared with to the one that it shows.
        errors: mean square differences to the frames at every offset from `-reach` to `reach`; NaN outside the
            reference.
        reach: the largest offset.
        noise: usual error of matched frames.
        power: mean square of the samples relative to the mean picture.
        evidence: log-likelihood of these offsets: against those beside them if all are 0, else against 0.
        is_repeat: whether it repeats the frame before although the reference moves.
    """

    offsets: Numbers
    errors: Floats
    reach: int
    noise: float
    power: float
    evidence: float
    is_repeat: npt.NDArray[np.bool_]

    def error_at(self, offsets: Numbers) -> Floats:
        """Mean square difference of each frame to the one at its offset; NaN outside the reference."""
        found: Floats = self.errors[np.arange(len(offsets)), offsets + self.reach]
        return found


def match_frames(
    reference: Thumbnails, distorted: Thumbnails, expected: Numbers, *, reach: int, tolerance: int
) -> Match:
    """Match frames; `expected` is the frame of the reference that each distorted frame is compared with.

    Offsets of up to `tolerance` frames count as equal: after a change of the frame rate they come and go.
    """
    tone = measure_tone(reference, distorted, int(expected.max()) + 1)
    search = _Search(reference, distorted, expected, tone, reach, tolerance)
    for start in range(0, len(distorted), BLOCK):
        search.add_block(start, min(start + BLOCK, len(distorted)))
    return search.finish()


class _Search:
    """Viterbi's algorithm over blocks of frames."""

    def __init__(
        self,
        reference: Thumbnails,
        distorted: Thumbnails,
        expected: Numbers,
        tone: Tone,
        reach: int,
        tolerance: int,
    ) -> None:
        self._reference, self._distorted, self._expected, self._tone = reference, distorted, expected, tone
        self._reach, self._tolerance = reach, tolerance
        width = 2 * reach + 1
        self._steps = np.arange(-reach, reach + 1)
        self._score = np.where(self._steps == 0, 0.0, _START_COST + np.abs(self._steps) / width).astype(np.float32)
        self._totals = np.zeros(width)
        self._near = min(tolerance + _RIVAL, reach)
        self._contrast = np.zeros(2)
        self._best_before: list[int] = []
        self._stays: list[npt.NDArray[np.bool_]] = []
        self._errors = np.empty((len(distorted), width), np.float32)
        self._repeats: list[npt.NDArray[np.bool_]] = []

    def add_block(self, start: int, end: int) -> None:
        rows = self._distorted.rows(start, end) - self._tone.distorted_mean
        errors = self._block_errors(rows, start, end)
        is_repeat = self._find_repeats(rows, start, end)
        costs = self._costs(errors, is_repeat)
        self._totals += costs.sum(0)
        self._contrast += _contrast(costs, errors, self._reach, self._near)
        for cost in costs:
            best = int(self._score.argmin())
            limit = self._score[best] + _CHANGE_COST
            self._best_before.append(best)
            self._stays.append(self._score <= limit)
            self._score = np.minimum(self._score, limit) + cost
        self._errors[start:end] = errors
        self._repeats.append(is_repeat)

    def _block_errors(self, rows: Floats, start: int, end: int) -> Floats:
        """Mean square differences by frame and offset; NaN outside the reference."""
        expected = self._expected[start:end]
        first, last = int(expected[0]) - self._reach, int(expected[-1]) + self._reach + 1
        inside = max(first, 0)
        partners = (self._reference.rows(inside, last) - self._tone.reference_mean) * self._tone.gain
        if not len(partners):
            return np.full((end - start, len(self._steps)), np.nan, np.float32)
        products = rows @ partners.T
        index = expected[:, None] + self._steps - inside
        is_inside = (index >= 0) & (index < len(partners))
        safe = np.where(is_inside, index, 0)
        powers = np.einsum("ij,ij->i", partners, partners)[safe]
        own = np.einsum("ij,ij->i", rows, rows)[:, None]
        errors = (own + powers - 2 * np.take_along_axis(products, safe, 1)) / rows.shape[1]
        return np.where(is_inside, np.maximum(errors, 0), np.nan).astype(np.float32)

    def _find_repeats(self, rows: Floats, start: int, end: int) -> npt.NDArray[np.bool_]:
        """Frames that repeat the one before although the reference moves there."""
        before = self._distorted.rows(start - 1, start) - self._tone.distorted_mean
        own = _changes(rows, before if start else rows[:1])
        expected = self._expected[start:end]
        first = max(int(expected[0]) - 1, 0)
        partners = self._reference.rows(first, int(expected[-1]) + 1) * self._tone.gain
        if len(partners) < 2:
            return np.zeros(end - start, np.bool_)
        moves = _changes(partners, partners[:1])
        moved = _smooth(moves)[(expected - first).clip(0, len(moves) - 1)]
        is_repeat: npt.NDArray[np.bool_] = (own <= np.maximum(0.01, 0.15 * moved)) & (moved > _MIN_MOTION)
        if start == 0:
            is_repeat[0] = False
        return is_repeat

    def _costs(self, errors: Floats, is_repeat: npt.NDArray[np.bool_]) -> Floats:
        known = np.where(np.isnan(errors), np.inf, errors)
        if self._tolerance:
            known = _least_of_neighbors(known, self._tolerance)
        least = known.min(1)
        usual = least[np.isfinite(least)]
        noise = max(float(np.median(usual)), _MIN_NOISE) if len(usual) else _MIN_NOISE
        costs = np.minimum(known * (_WEIGHT / noise), _MAX_COST)
        costs = np.where(np.isinf(known), _OUTSIDE_COST, costs)
        costs[is_repeat] = 0
        return costs.astype(np.float32)

    def finish(self) -> Match:
        count = len(self._distorted)
        states = np.empty(count, np.int64)
        state = int(self._score.argmin())
        total = float(self._score[state])
        for frame in range(count - 1, -1, -1):
            states[frame] = state
            if not self._stays[frame][state]:
                state = self._best_before[frame]
        offsets = self._steps[states]
        at_match = self._errors[np.arange(count), states]
        inside = at_match[~np.isnan(at_match)]
        noise = max(float(np.median(inside)), _MIN_NOISE) if len(inside) else _MIN_NOISE
        evidence = self._evidence(offsets, total)
        return Match(
            offsets, self._errors, self._reach, noise, self._tone.power, evidence, np.concatenate(self._repeats)
        )

    def _evidence(self, offsets: Numbers, total: float) -> float:
        """Evidence against the nearest rivals where all frames are as expected, else against no change."""
        middle = self._reach
        if offsets.any():
            return float(self._totals[middle]) - total
        return float(self._contrast.min())


def _contrast(costs: Floats, errors: Floats, reach: int, near: int) -> npt.NDArray[np.float64]:
    """Return the extra cost of the frames at the offsets `-near` and `near`, where they have partners there."""
    columns = [reach - near, reach + near]
    extra = costs[:, columns] - costs[:, [reach]]
    extra[np.isnan(errors[:, columns]) | np.isnan(errors[:, [reach]])] = 0
    total: npt.NDArray[np.float64] = extra.sum(0, dtype=np.float64)
    return total


def _changes(rows: Floats, before: Floats) -> Floats:
    """Mean square change of each row from the one before."""
    change: Floats = np.square(rows - np.concatenate((before, rows[:-1]))).mean(1)
    return change


def _smooth(values: Floats) -> Floats:
    """Means over some neighbors."""
    width = min(_MOTION_WINDOW, len(values))
    padded = np.pad(values, (width // 2, width - 1 - width // 2), mode="edge")
    smoothed: Floats = np.convolve(padded, np.full(width, 1 / width, np.float32), mode="valid")
    return smoothed


def _least_of_neighbors(errors: Floats, tolerance: int) -> Floats:
    padded = np.pad(errors, ((0, 0), (tolerance, tolerance)), constant_values=np.inf)
    width = errors.shape[1]
    least: Floats = np.minimum.reduce([padded[:, shift : shift + width] for shift in range(2 * tolerance + 1)])
    return least
