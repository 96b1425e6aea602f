"""An animated volume as straight lines and as an FFmpeg expression."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ffmpeg_worker.composition.easings import parse_easing
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.scene.curve import Curve, Key

SAMPLE_RATE = 48_000
"""Samples per second of the mix."""

_RELATIVE_ERROR = 0.045  # 0.4 dB
_ABSOLUTE_ERROR = 2e-4  # -74 dB
_SHORTEST_SAMPLES = 24
_MAX_LINES = 20_000
_CHECKS = 16


def _not_below_zero(value: float) -> float:
    """Clamp to 0: easings may undershoot, and a negative gain would invert the wave."""
    return max(value, 0.0)


@dataclass(frozen=True, slots=True)
class GainLine:
    """From sample `begin` on the gain is `value` and changes by `slope` per sample."""

    begin: int
    value: float
    slope: float = 0.0


@dataclass(slots=True)
class LineBudget:
    """Number of lines that the volume curves of a mix may still use; most end in the filter graph."""

    left: int = _MAX_LINES

    def count(self, lines: Iterable[GainLine]) -> Iterator[GainLine]:
        """Yield lines as long as there may be more.

        Raises:
            InvalidJob: `too_many_sounds`.
        """
        for line in lines:
            self.left -= 1
            if self.left < 0:
                raise too_many_sounds()
            yield line


def too_many_sounds() -> InvalidJob:
    """The error of a mix that no command line can hold."""
    return InvalidJob(
        "The mix has too many sounds, or too many keyframes of volume or pan.",
        code="too_many_sounds",
        hint="Use fewer keyframes, or mix some of the sounds beforehand.",
    )


def linearize(
    curve: Curve, gain: Callable[[float], float] = _not_below_zero, budget: LineBudget | None = None
) -> tuple[GainLine, ...]:
    """Approximate a curve by lines, each until the next begins: within 0.4 dB, and exactly where it is straight.

    `gain` converts a value of the curve to a factor, `budget` counts the lines of all curves of a mix.

    Raises:
        InvalidJob: `too_many_sounds`.
    """
    keys = curve.keys
    budget = budget or LineBudget()
    lines = [GainLine(0, gain(keys[0].value[0]))]
    for before, after in pairwise(keys):
        lines += budget.count(_between(before, after, gain))
    lines.append(GainLine(_sample(keys[-1].time), gain(keys[-1].value[0])))
    return _merge_lines(lines)


def gain_expression(lines: Sequence[GainLine]) -> str:
    """Return the gain of sample `n` as nested conditions: a binary search, so that it scales to many lines."""
    if len(lines) == 1:
        line = lines[0]
        return f"{line.value:.6g}{line.slope:+.6g}*(n-{line.begin})" if line.slope else f"{line.value:.6g}"
    middle = len(lines) // 2
    earlier, later = gain_expression(lines[:middle]), gain_expression(lines[middle:])
    return f"if(lt(n,{lines[middle].begin}),{earlier},{later})"


def to_samples(seconds: float) -> int:
    """Return the nearest number of samples."""
    return math.floor(seconds * SAMPLE_RATE + 0.5)


def _sample(time: float) -> int:
    """Return the first sample at or after a time, at least 0."""
    return max(math.ceil(time * SAMPLE_RATE - 1e-6), 0)


def _between(before: Key, after: Key, gain: Callable[[float], float]) -> Iterator[GainLine]:
    """Yield the lines from one key to the next."""
    low, high = before.value[0], after.value[0]
    easing = parse_easing(after.easing)
    length = after.time - before.time
    if length <= 0:
        return

    def at(time: float) -> float:
        return gain(low + (high - low) * easing.function((time - before.time) / length))

    if easing.name == "hold":
        yield GainLine(_sample(before.time), gain(low))
    elif easing.step_count is not None:
        width = length / easing.step_count
        for number in range(easing.step_count):
            yield GainLine(_sample(before.time + number * width), at(before.time + (number + 0.5) * width))
    else:
        yield from _subdivide(before.time, after.time, at)


def _subdivide(begin: float, end: float, at: Callable[[float], float]) -> Iterator[GainLine]:
    """Yield lines, halving spans until each line is close enough."""
    pending = [(begin, end)]
    while pending:
        left, right = pending.pop()
        if (right - left) * SAMPLE_RATE <= 2 * _SHORTEST_SAMPLES or _is_straight(left, right, at):
            yield _line(left, right, at)
        else:
            middle = (left + right) / 2
            pending += [(middle, right), (left, middle)]


def _is_straight(begin: float, end: float, at: Callable[[float], float]) -> bool:
    low, high = at(begin), at(end)
    for check in range(1, _CHECKS):
        share = check / _CHECKS
        true = at(begin + (end - begin) * share)
        if abs(low + (high - low) * share - true) > max(true * _RELATIVE_ERROR, _ABSOLUTE_ERROR):
            return False
    return True


def _line(begin: float, end: float, at: Callable[[float], float]) -> GainLine:
    first = _sample(begin)
    slope = (at(end) - at(begin)) / ((end - begin) * SAMPLE_RATE)
    return GainLine(first, at(begin) + slope * (first - begin * SAMPLE_RATE), slope)


def _merge_lines(lines: Sequence[GainLine]) -> tuple[GainLine, ...]:
    """Drop lines of no length and lines that continue the previous one."""
    kept: list[GainLine] = []
    for line in lines:
        while kept and kept[-1].begin >= line.begin:
            kept.pop()
        if not kept or (kept[-1].value, kept[-1].slope, line.slope) != (line.value, 0.0, 0.0):
            kept.append(line)
    return tuple(kept)
