"""Find how the distorted picture lies in that of the reference: mirrored, turned, cropped or with bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ffmpeg_worker.planning.vmaf.findings import Area, Turn
from ffmpeg_worker.planning.vmaf.thumbnail_format import SIDE
from ffmpeg_worker.planning.vmaf.thumbnails import Floats

Sample = TypeVar("Sample", np.float32, np.uint8)
Mask = npt.NDArray[np.bool_]
EVERYWHERE: Mask = np.ones((SIDE, SIDE), np.bool_)

_EDGES = np.linspace(-0.5, 0.5, SIDE + 1)
"""Places of the edges of the cells of a line."""
_SCALES = (1.0, 0.92, 0.8, 0.67, 0.5, 1.12, 1.33, 1.6, 2.0)
"""Sizes of the visible part of the reference from which the search starts, relative to the frame."""
_CANDIDATES = 6
_MIN_VISIBLE = 0.15
"""Least share of the distorted frame that the picture fills."""
_ROUNDS = 12
_FLAT = 6.0
"""Largest deviation of a bar from its color, in 8-bit steps."""
_DAMPING = 1e-3
_STEP = 0.01


@dataclass(frozen=True, slots=True)
class Placement:
    """Maps a place in the distorted frame to one in the reference: `scale * place + shift`, after a turn.

    Places are from -0.5 (left, top) to 0.5; a `scale` below 1 shows a part of the reference, enlarged.
    """

    scale_x: float = 1.0
    scale_y: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    turn: Turn = Turn.NONE

    @property
    def distance(self) -> float:
        """The farthest that a corner is moved, as a part of the frame."""
        across = abs(self.scale_x - 1) / 2 + abs(self.shift_x)
        return max(across, abs(self.scale_y - 1) / 2 + abs(self.shift_y))

    def visible(self) -> Area:
        """The part of the distorted frame that the reference fills."""
        left, right = _ends(self.scale_x, self.shift_x)
        top, bottom = _ends(self.scale_y, self.shift_y)
        return Area(left, top, right, bottom)

    def shown(self, within: Area) -> Area:
        """The part of the reference that is shown in a part of the distorted frame."""
        left, right = (_clip((at - 0.5) * self.scale_x + self.shift_x) for at in (within.left, within.right))
        top, bottom = (_clip((at - 0.5) * self.scale_y + self.shift_y) for at in (within.top, within.bottom))
        return Area(left, top, right, bottom)


@dataclass(frozen=True, slots=True)
class Fit:
    """A placement, and the correlation of both videos where both show something."""

    placement: Placement
    correlation: float


def turned(frames: npt.NDArray[Sample], turn: Turn) -> npt.NDArray[Sample]:
    """The frames (frame, line, column) after a turn."""
    match turn:
        case Turn.NONE:
            return frames
        case Turn.MIRRORED:
            return frames[:, :, ::-1]
        case Turn.UPSIDE_DOWN:
            return frames[:, ::-1]
        case Turn.HALF:
            return frames[:, ::-1, ::-1]
        case Turn.RIGHT:
            return np.rot90(frames, -1, (1, 2))
        case Turn.LEFT:
            return np.rot90(frames, 1, (1, 2))


def correlate(reference: Floats, distorted: Floats) -> float:
    """The correlation of the contents of frames, from -1 to 1; each frame is taken relative to its mean."""
    first = reference - reference.mean((1, 2), keepdims=True)
    second = distorted - distorted.mean((1, 2), keepdims=True)
    power = float(np.square(first).sum()) * float(np.square(second).sum())
    return float((first * second).sum()) / np.sqrt(power) if power > 0 else 0.0


def find_turn(reference: Floats, distorted: Floats, turns: Sequence[Turn] = tuple(Turn)) -> tuple[Turn, float]:
    """The turn of the reference after which both are most alike, and their correlation then."""
    scored = [(correlate(turned(reference, turn), distorted), -number, turn) for number, turn in enumerate(turns)]
    correlation, _, turn = max(scored)
    return turn, correlation


def refine(reference: Floats, distorted: Floats, start: Placement, kept: Mask | None = None) -> Fit:
    """Improve a placement by Gauss and Newton's method; the frames show the same moments.

    Only cells of the distorted frame that are `kept` count.
    """
    first, second = blur(turned(reference, start.turn)), blur(distorted)
    kept = EVERYWHERE if kept is None else kept
    best = _evaluate(first, second, start, kept)
    damping = _DAMPING
    for _ in range(_ROUNDS):
        step = _improve(first, second, best.placement, damping, kept)
        moved = _evaluate(first, second, _moved(best.placement, step), kept)
        if moved.correlation > best.correlation + 1e-7:
            best, damping = moved, damping / 3
            if np.abs(step).max() < 1e-4:
                break
        else:
            damping *= 10
            if damping > 10:
                break
    return best


def evaluate(reference: Floats, distorted: Floats, placement: Placement, kept: Mask) -> Fit:
    """Measure how well a placement fits the cells that are `kept`."""
    return _evaluate(blur(turned(reference, placement.turn)), blur(distorted), placement, kept)


def search(
    reference: Floats, distorted: Floats, turn: Turn, starts: Sequence[Placement] = (), kept: Mask | None = None
) -> Fit:
    """Find a placement from afar, and from some `starts` that are likely."""
    first, second = blur(turned(reference, turn)), blur(distorted)
    tried = [Placement(across, down, turn=turn) for across, down in product(_SCALES, _SCALES)]
    fits = [_evaluate(first, second, placement, EVERYWHERE if kept is None else kept) for placement in tried]
    ranked = sorted(fits, key=lambda fit: -fit.correlation)[:_CANDIDATES]
    chosen = [replace(start, turn=turn) for start in starts] + [fit.placement for fit in ranked]
    return max((refine(reference, distorted, start, kept) for start in chosen), key=lambda fit: fit.correlation)


def find_flat_edges(frames: Floats) -> tuple[int, int, int, int]:
    """Cells at the left, top, right and bottom that have the color of the edge in all frames."""
    columns, lines = frames.transpose(2, 0, 1), frames.transpose(1, 0, 2)
    return _flat(columns), _flat(lines), _flat(columns[::-1]), _flat(lines[::-1])


def _flat(slices: Floats) -> int:
    color = np.median(slices[0])
    return _leading(np.abs(slices - color).max((1, 2)) < _FLAT)


def _leading(flags: Mask) -> int:
    return len(flags) if flags.all() else int(np.argmin(flags))


def _ends(scale: float, shift: float) -> tuple[float, float]:
    return _clip((-0.5 - shift) / scale), _clip((0.5 - shift) / scale)


def _clip(place: float) -> float:
    return min(max(place, -0.5), 0.5) + 0.5


def blur(frames: Floats) -> Floats:
    """The frames without the finest details, of which resampling leaves a different part in each."""
    for axis in (1, 2):
        padded = np.pad(frames, [(1, 1) if at == axis else (0, 0) for at in range(3)], mode="edge")
        before, here, after = (np.take(padded, np.arange(SIDE) + at, axis) for at in range(3))
        frames = ((before + 2 * here + after) / 4).astype(np.float32)
    return frames


@lru_cache(maxsize=64)  # most steps of a search change one direction, so the other one's are needed again
def _weights(scale: float, shift: float) -> tuple[Floats, Mask]:
    """Return the weights of the cells of the reference for each cell of a line, and which cells lie within it."""
    bounds = _EDGES * scale + shift
    low, high = bounds[:-1], bounds[1:]
    spread = max(abs(scale), 1.0) / SIDE  # at least a cell, so that places between cells are interpolated
    middle = (low + high) / 2
    low, high = middle - spread / 2, middle + spread / 2
    overlap = np.minimum(high[:, None], _EDGES[1:]) - np.maximum(low[:, None], _EDGES[:-1])
    weights = np.maximum(overlap, 0)
    total = weights.sum(1, keepdims=True)
    is_inside = (low >= -0.5 - 0.3 / SIDE) & (high <= 0.5 + 0.3 / SIDE)
    normalized: Floats = (weights / np.maximum(total, 1e-9)).astype(np.float32)
    for shared in (normalized, is_inside):
        shared.setflags(write=False)
    return normalized, is_inside


def _place(frames: Floats, placement: Placement) -> tuple[Floats, Mask]:
    """The frames as the placement shows them, and the cells that they fill."""
    across, inside_x = _weights(placement.scale_x, placement.shift_x)
    down, inside_y = _weights(placement.scale_y, placement.shift_y)
    placed: Floats = (down @ frames @ across.T).astype(np.float32)
    return placed, inside_y[:, None] & inside_x


def place(frames: Floats, placement: Placement) -> tuple[Floats, Mask]:
    """Frames of the reference as the distorted video shows them, without details, and the cells that they fill."""
    return _place(blur(turned(frames, placement.turn)), placement)


def _evaluate(reference: Floats, distorted: Floats, placement: Placement, kept: Mask) -> Fit:
    shown, is_inside = _place(reference, placement)
    mask = is_inside & kept
    if mask.mean() < _MIN_VISIBLE:
        return Fit(placement, -1.0)
    return Fit(placement, correlate(shown[:, mask, None], distorted[:, mask, None]))


def _moved(placement: Placement, step: npt.NDArray[np.float64]) -> Placement:
    across, down, right, below = step.tolist()
    return Placement(
        float(np.clip(placement.scale_x + across, 0.2, 5)),
        float(np.clip(placement.scale_y + down, 0.2, 5)),
        placement.shift_x + right,
        placement.shift_y + below,
        placement.turn,
    )


def _improve(
    reference: Floats, distorted: Floats, placement: Placement, damping: float, kept: Mask
) -> npt.NDArray[np.float64]:
    shown, is_inside = _place(reference, placement)
    mask = np.tile((is_inside & kept).ravel(), len(reference))
    basis = [shown.ravel()[mask]]
    for number in range(4):
        step = np.zeros(4)
        step[number] = _STEP
        ahead, _ = _place(reference, _moved(placement, step))
        behind, _ = _place(reference, _moved(placement, -step))
        basis.append(((ahead - behind) / (2 * _STEP)).ravel()[mask])
    columns = np.stack([*basis, np.ones(len(basis[0]), np.float32)], 1).astype(np.float64)
    normal = columns.T @ columns
    normal += np.diag(np.diag(normal)) * damping
    solution = np.linalg.lstsq(normal, columns.T @ distorted.ravel()[mask], rcond=None)[0]
    gain = solution[0] if abs(solution[0]) > 0.1 else 0.1
    return np.clip(solution[1:5] / gain, -0.15, 0.15)
