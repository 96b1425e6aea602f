"""Find the shift in frames between two videos, from signatures of 8 x 8 gray samples per frame."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import mul, sub

CELLS = 64
FRAME_BYTES = 2 * CELLS
"""Bytes of one signature: 8 x 8 cells of 16-bit gray, little-endian. 8 bits would round slow motion away."""

MIN_OVERLAP = 8
MIN_ENERGY = CELLS * 16**2
"""Motion energy per frame below which nothing moves: changes of a sixteenth of an 8-bit step."""

_EXACT = 1e-6

_DIGIT = 64
"""Bits of one sum; products of 16-bit samples over a window stay far below."""


@dataclass(frozen=True, slots=True)
class FrameOffset:
    """A measured shift.

    Attributes:
        frames: positive if the distorted video starts later: its frame n is frame n + `frames` of the reference.
        confidence: how much better this shift fits than every other, from 0 to 1.
        correlation: of the motion of both videos at this shift, from -1 to 1.
    """

    frames: int
    confidence: float
    correlation: float


@dataclass(frozen=True, slots=True)
class _Motion:
    """Changes of each cell from frame to frame, the energy of each change, and running sums of the energy."""

    cells: tuple[tuple[int, ...], ...]
    energy: tuple[int, ...]
    upto: tuple[int, ...]

    def between(self, start: int, stop: int) -> int:
        return self.upto[stop] - self.upto[start]


def split_signatures(frames: bytes) -> tuple[bytes, bytes]:
    """Split frames with one signature above the other into both; an incomplete last frame is dropped."""
    both = 2 * FRAME_BYTES
    starts = range(0, len(frames) // both * both, both)
    upper = b"".join(frames[start : start + FRAME_BYTES] for start in starts)
    lower = b"".join(frames[start + FRAME_BYTES : start + both] for start in starts)
    return upper, lower


def find_offset(reference: bytes, distorted: bytes, *, max_shift: int) -> FrameOffset | None:
    """Find the shift at which both videos move alike; brightness, contrast and size do not matter.

    Both videos are given as signatures, `FRAME_BYTES` per frame, at the same constant rate. `max_shift` is the
    largest shift to consider, in frames, either way.

    Returns:
        The shift; `None` if hardly anything moves or a clip is shorter than `MIN_OVERLAP` frames.
    """
    motion = _read_motion(reference), _read_motion(distorted)
    correlations = _correlations(*motion, max_shift)
    if not correlations:
        return None
    best = max(correlations, key=lambda shift: (correlations[shift], -abs(shift)))
    rival = max((value for shift, value in correlations.items() if shift != best), default=0.0)
    evidence = _independent_frames(*motion, best)
    return FrameOffset(best, _confidence(correlations[best], rival, evidence), correlations[best])


def _read_motion(signatures: bytes) -> _Motion:
    count = len(signatures) // FRAME_BYTES * CELLS
    samples = struct.unpack(f"<{count}H", signatures[: 2 * count])
    columns = [samples[cell::CELLS] for cell in range(CELLS)]
    cells = tuple(tuple(map(sub, column[1:], column)) for column in columns)
    energy = tuple(sum(map(mul, change, change)) for change in zip(*cells, strict=True))
    return _Motion(cells, energy, (0, *accumulate(energy)))


def _correlations(reference: _Motion, distorted: _Motion, max_shift: int) -> dict[int, float]:
    """Normalized correlation for each shift at which enough frames and enough motion overlap."""
    n_reference, n_distorted = len(reference.energy), len(distorted.energy)
    if min(n_reference, n_distorted) < MIN_OVERLAP:
        return {}
    min_overlap = max(MIN_OVERLAP, min(n_reference, n_distorted) // 2)
    products = _all_shifts(reference, distorted)
    found = {}
    for shift in range(-max_shift, max_shift + 1):
        start, stop = max(0, -shift), min(n_distorted, n_reference - shift)
        if stop - start < min_overlap:
            continue
        mine = reference.between(start + shift, stop + shift)
        other = distorted.between(start, stop)
        if min(mine, other) > MIN_ENERGY * (stop - start):
            # Rounded, so that repetitions in a loop are equal and the smallest shift wins.
            found[shift] = round(products[shift + n_distorted - 1] / math.sqrt(mine * other), 9)
    return found


def _all_shifts(reference: _Motion, distorted: _Motion) -> Sequence[int]:
    """Sums of products over all cells for all shifts; index 0 is the shift -(len(distorted) - 1).

    A convolution is a product of polynomials, and a polynomial is an integer whose digits are the coefficients.
    Python multiplies long integers in milliseconds where a loop takes seconds.
    """
    pairs = zip(reference.cells, distorted.cells, strict=True)
    total = sum(_as_integer(mine) * _as_integer(other[::-1]) for mine, other in pairs)
    count = len(reference.energy) + len(distorted.energy) - 1
    half = 1 << (_DIGIT - 1)
    # Half a digit is added to each digit, so that no digit is negative and borrows from the next.
    lifted = total + int.from_bytes(struct.pack("<Q", half) * count, "little")
    raw = lifted.to_bytes((count + 1) * _DIGIT // 8, "little")
    return [digit - half for digit in struct.unpack_from(f"<{count}Q", raw)]


def _as_integer(values: Sequence[int]) -> int:
    def pack(parts: Iterable[int]) -> int:
        return int.from_bytes(struct.pack(f"<{len(values)}Q", *parts), "little")

    return pack(max(value, 0) for value in values) - pack(max(-value, 0) for value in values)


def _independent_frames(reference: _Motion, distorted: _Motion, shift: int) -> float:
    """The effective number of frames with motion: a single scene cut counts as one, steady motion as all."""
    start = max(0, -shift)
    pairs = zip(reference.energy[start + shift :], distorted.energy[start:], strict=False)
    weights = [math.sqrt(mine * other) for mine, other in pairs]
    squares = sum(weight * weight for weight in weights)
    return sum(weights) ** 2 / squares if squares else 0.0


def _confidence(best: float, rival: float, evidence: float) -> float:
    """One minus the likelihood ratio of the second best shift, with unexplained motion as Gaussian noise."""
    if best <= 0:
        return 0.0
    unexplained = max(1 - best * best, _EXACT)
    by_rival = max(1 - max(rival, 0.0) ** 2, _EXACT)
    return 1 - math.pow(min(unexplained / by_rival, 1.0), evidence / 2)
