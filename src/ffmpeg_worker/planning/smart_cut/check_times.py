"""Compares the times of the frames of an output with those that were planned."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ffmpeg_worker.bitstreams.nal_units import KEY_KINDS
from ffmpeg_worker.planning.stream_copy.choose_copied import CopiedPart
from ffmpeg_worker.planning.stream_copy.coded_frames import CodedFrames

_FRAMES_AFTER = 2


def find_difference(part: CopiedPart, source: CodedFrames, output: CodedFrames) -> str | None:
    """What differs in an output that has a part of a source, as a clause; `None` if each frame is in its place.

    Containers round times to their own units.
    """
    if output.problem:
        return output.problem
    wanted, found = part.shown, sorted(output.pts)
    if len(found) != len(wanted):
        return f"the output has {len(found)} frames instead of {len(wanted)}"
    return _compare(wanted, found, source, output.time_base)


@dataclass(frozen=True, slots=True)
class CheckedEnds:
    """The frames around the cuts that are decoded: the first ones, and the last ones from a key frame on.

    `last_key` is the time at which that is shown, in units of the output.
    """

    first_frames: int
    last_frames: int
    last_key: int


def checked_ends(part: CopiedPart, output: CodedFrames) -> CheckedEnds:
    """Choose frames such that some copied ones are among them, after the head and before the tail."""
    shown = sorted(output.pts)
    before_tail = shown[len(shown) - len(part.tail) - 1]
    keys = [pts for pts, kind in zip(output.pts, output.kinds, strict=True) if kind in KEY_KINDS]
    last_key = max((key for key in keys if key <= before_tail), default=shown[0])
    return CheckedEnds(
        min(len(part.head) + _FRAMES_AFTER, len(shown)), len(shown) - bisect_left(shown, last_key), last_key
    )


def find_undecoded(
    part: CopiedPart, source: CodedFrames, output: CodedFrames, decoded: Mapping[str, Any]
) -> str | None:
    """What is missing among the frames that were decoded at both ends; see `decode_ends` in ffmpeg/probe/."""
    if decoded.get("problem"):
        return str(decoded["problem"])
    first, last, wanted = decoded["first"], decoded["last"], part.shown
    expected = checked_ends(part, output)
    if (len(first), len(last)) != (expected.first_frames, expected.last_frames):
        return (
            f"{len(first)} of the first {expected.first_frames} frames and {len(last)} of the last "
            f"{expected.last_frames} can be decoded"
        )
    shown = [*wanted[: len(first)], *wanted[len(wanted) - len(last) :]]
    return _compare(shown, [*first, *last], source, Fraction(decoded["time_base"]))


def _compare(wanted: Sequence[int], found: Sequence[int], source: CodedFrames, time_base: Fraction) -> str | None:
    """The first frame that is not in its place, from the first one on."""
    largest = max(time_base, source.time_base)
    for before, after in zip(wanted, found, strict=True):
        there = (before - wanted[0]) * source.time_base
        here = (after - found[0]) * time_base
        if abs(there - here) > largest:
            return f"the frame of {float(there):.3f} s is at {float(here):.3f} s"
    return None
