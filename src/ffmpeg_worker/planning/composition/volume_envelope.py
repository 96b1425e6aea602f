"""A volume that changes with time, as straight lines and as an expression of ffmpeg's."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ffmpeg_worker.composition.easings import parse_easing
from ffmpeg_worker.scene.curve import Curve, Key

SAMPLE_RATE = 48_000
"""Of everything that is mixed."""

_RELATIVE_ERROR = 0.045  # 0.4 dB
_ABSOLUTE_ERROR = 2e-4  # -74 dB
_SHORTEST_SAMPLES = 24
_LOOKS = 16


def _not_below_zero(value: float) -> float:
    """An easing may swing below zero, which would turn the wave over."""
    return max(value, 0.0)


@dataclass(frozen=True, slots=True)
class Line:
    """From sample `begin` on the gain is `value`, and changes by `slope` with each sample."""

    begin: int
    value: float
    slope: float = 0.0


def gain_lines(curve: Curve, gain: Callable[[float], float] = _not_below_zero) -> tuple[Line, ...]:
    """The curve as lines, each until the next begins: within 0.4 dB, straight ones exactly.

    `gain` makes a factor of a value of the curve.
    """
    keys = curve.keys
    lines = [Line(0, gain(keys[0].value[0]))]
    for before, after in pairwise(keys):
        lines += _between(before, after, gain)
    lines.append(Line(_sample(keys[-1].time), gain(keys[-1].value[0])))
    return _joined(lines)


def gain_expression(lines: Sequence[Line]) -> str:
    """The gain of sample `n`; found by halving, so its cost hardly grows with the number of lines."""
    if len(lines) == 1:
        line = lines[0]
        return f"{line.value:.6g}{line.slope:+.6g}*(n-{line.begin})" if line.slope else f"{line.value:.6g}"
    middle = len(lines) // 2
    earlier, later = gain_expression(lines[:middle]), gain_expression(lines[middle:])
    return f"if(lt(n,{lines[middle].begin}),{earlier},{later})"


def samples(seconds: float) -> int:
    """The nearest number of samples."""
    return math.floor(seconds * SAMPLE_RATE + 0.5)


def _sample(time: float) -> int:
    """The first sample at a time or after it; a key that lies before the sound counts from its start."""
    return max(math.ceil(time * SAMPLE_RATE - 1e-6), 0)


def _between(before: Key, after: Key, gain: Callable[[float], float]) -> Iterator[Line]:
    """The lines that lead from one key to the next."""
    low, high = before.value[0], after.value[0]
    easing = parse_easing(after.easing)
    length = after.time - before.time
    if length <= 0:
        return

    def at(time: float) -> float:
        return gain(low + (high - low) * easing.function((time - before.time) / length))

    if easing.name == "hold":
        yield Line(_sample(before.time), gain(low))
    elif easing.step_count is not None:
        yield from _steps(before.time, after.time, easing.step_count, at)
    else:
        yield from _bent(before.time, after.time, at)


def _steps(begin: float, end: float, count: int, at: Callable[[float], float]) -> Iterator[Line]:
    width = (end - begin) / count
    for number in range(count):
        yield Line(_sample(begin + number * width), at(begin + (number + 0.5) * width))


def _bent(begin: float, end: float, at: Callable[[float], float]) -> Iterator[Line]:
    """Halved until a line is near enough."""
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
    for look in range(1, _LOOKS):
        share = look / _LOOKS
        true = at(begin + (end - begin) * share)
        if abs(low + (high - low) * share - true) > max(true * _RELATIVE_ERROR, _ABSOLUTE_ERROR):
            return False
    return True


def _line(begin: float, end: float, at: Callable[[float], float]) -> Line:
    first = _sample(begin)
    slope = (at(end) - at(begin)) / ((end - begin) * SAMPLE_RATE)
    return Line(first, at(begin) + slope * (first - begin * SAMPLE_RATE), slope)


def _joined(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Without lines of no length, and without those that go on as the one before."""
    kept: list[Line] = []
    for line in lines:
        while kept and kept[-1].begin >= line.begin:
            kept.pop()
        if not kept or (kept[-1].value, kept[-1].slope, line.slope) != (line.value, 0.0, 0.0):
            kept.append(line)
    return tuple(kept)
