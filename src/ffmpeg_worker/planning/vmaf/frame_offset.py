"""By how many frames two videos are shifted against each other, from a thumbnail of 8 x 8 grey cells per frame."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import mul, sub

CELLS = 64
FRAME_BYTES = 2 * CELLS
"""One signature: 8 x 8 cells of 16-bit grey, little-endian. In 8 bits, slow motion is lost in the rounding."""

MIN_OVERLAP = 8
MIN_ENERGY = CELLS * 16**2
"""Per frame: changes of a sixteenth of an 8-bit step are no motion."""

_EXACT = 1e-6

_DIGIT = 64
"""Bits of one sum: 16-bit samples times 16-bit samples over any window stay far below."""


@dataclass(frozen=True, slots=True)
class FrameOffset:
    """What was measured.

    `frames` is positive when the distorted video starts later in the programme: its frame n shows what the
    reference shows at frame n + `frames`. `confidence` is the probability-like strength (0 to 1) with which
    this shift is better than every other; `correlation` (-1 to 1) is how alike both move under it.
    """

    frames: int
    confidence: float
    correlation: float


@dataclass(frozen=True, slots=True)
class _Motion:
    """Change of every cell from frame to frame, and the energy of each change."""

    cells: tuple[tuple[int, ...], ...]
    energy: tuple[int, ...]
    upto: tuple[int, ...]

    def between(self, start: int, stop: int) -> int:
        return self.upto[stop] - self.upto[start]


def split_signatures(frames: bytes) -> tuple[bytes, bytes]:
    """Take apart frames in which one signature lies above the other; a broken last frame is dropped."""
    both = 2 * FRAME_BYTES
    starts = range(0, len(frames) // both * both, both)
    upper = b"".join(frames[start : start + FRAME_BYTES] for start in starts)
    lower = b"".join(frames[start + FRAME_BYTES : start + both] for start in starts)
    return upper, lower


def find_offset(reference: bytes, distorted: bytes, *, max_shift: int) -> FrameOffset | None:
    """Find the shift under which both videos move alike; brightness, contrast and size do not matter.

    Args:
        reference: signatures of the reference, `FRAME_BYTES` per frame, at a constant rate.
        distorted: the same of the distorted video, at the same rate.
        max_shift: greatest shift that is considered, in frames, to either side.

    Returns:
        The shift, or `None` where hardly anything moves or the clips are shorter than `MIN_OVERLAP` frames.
    """
    ours, theirs = _read_motion(reference), _read_motion(distorted)
    likeness = _correlations(ours, theirs, max_shift)
    if not likeness:
        return None
    best = max(likeness, key=lambda shift: (likeness[shift], -abs(shift)))
    rival = max((value for shift, value in likeness.items() if shift != best), default=0.0)
    evidence = _independent_frames(ours, theirs, best)
    return FrameOffset(best, _confidence(likeness[best], rival, evidence), likeness[best])


def _read_motion(signatures: bytes) -> _Motion:
    count = len(signatures) // FRAME_BYTES * CELLS
    samples = struct.unpack(f"<{count}H", signatures[: 2 * count])
    columns = [samples[cell::CELLS] for cell in range(CELLS)]
    cells = tuple(tuple(map(sub, column[1:], column)) for column in columns)
    energy = tuple(sum(map(mul, change, change)) for change in zip(*cells, strict=True))
    return _Motion(cells, energy, (0, *accumulate(energy)))


def _correlations(ours: _Motion, theirs: _Motion, max_shift: int) -> dict[int, float]:
    """Normalised correlation for each shift under which enough frames and enough motion overlap."""
    n_ours, n_theirs = len(ours.energy), len(theirs.energy)
    if min(n_ours, n_theirs) < MIN_OVERLAP:
        return {}
    least = max(MIN_OVERLAP, min(n_ours, n_theirs) // 2)
    products = _all_shifts(ours, theirs)
    found = {}
    for shift in range(-max_shift, max_shift + 1):
        start, stop = max(0, -shift), min(n_theirs, n_ours - shift)
        if stop - start < least:
            continue
        mine = ours.between(start + shift, stop + shift)
        other = theirs.between(start, stop)
        if min(mine, other) > MIN_ENERGY * (stop - start):
            # Rounded, so that the repeats of a loop are equal and the smallest shift is taken.
            found[shift] = round(products[shift + n_theirs - 1] / math.sqrt(mine * other), 9)
    return found


def _all_shifts(ours: _Motion, theirs: _Motion) -> Sequence[int]:
    """Sums of products over all cells for all shifts; index 0 is the shift -(len(theirs) - 1).

    A convolution is the product of two polynomials, and polynomials with wide enough digits are integers:
    Python's multiplication of long integers does in milliseconds what a loop does in seconds.
    """
    pairs = zip(ours.cells, theirs.cells, strict=True)
    total = sum(_as_integer(mine) * _as_integer(other[::-1]) for mine, other in pairs)
    count = len(ours.energy) + len(theirs.energy) - 1
    half = 1 << (_DIGIT - 1)
    # Half a digit is added to each digit so that none is negative and borrows from its neighbour.
    lifted = total + int.from_bytes(struct.pack("<Q", half) * count, "little")
    raw = lifted.to_bytes((count + 1) * _DIGIT // 8, "little")
    return [digit - half for digit in struct.unpack_from(f"<{count}Q", raw)]


def _as_integer(values: Sequence[int]) -> int:
    def pack(parts: Iterable[int]) -> int:
        return int.from_bytes(struct.pack(f"<{len(values)}Q", *parts), "little")

    return pack(max(value, 0) for value in values) - pack(max(-value, 0) for value in values)


def _independent_frames(ours: _Motion, theirs: _Motion, shift: int) -> float:
    """How many frames carry the evidence: a single scene cut counts as one, even motion as all of them."""
    start = max(0, -shift)
    pairs = zip(ours.energy[start + shift :], theirs.energy[start:], strict=False)
    weights = [math.sqrt(mine * other) for mine, other in pairs]
    squares = sum(weight * weight for weight in weights)
    return sum(weights) ** 2 / squares if squares else 0.0


def _confidence(best: float, rival: float, evidence: float) -> float:
    """One minus the likelihood ratio of the second best shift, were the unexplained motion Gaussian noise."""
    if best <= 0:
        return 0.0
    unexplained = max(1 - best * best, _EXACT)
    by_rival = max(1 - max(rival, 0.0) ** 2, _EXACT)
    return 1 - math.pow(min(unexplained / by_rival, 1.0), evidence / 2)
