"""Chooses which frames of a part are copied, so that as few as possible are encoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ffmpeg_worker.bitstreams.nal_units import KEY_KINDS, PictureKind
from ffmpeg_worker.planning.stream_copy.coded_frames import CodedFrames
from ffmpeg_worker.planning.stream_copy.copy_request import NotCopied


@dataclass(frozen=True, slots=True)
class CopiedPart:
    """The frames of a part: encoded ones at its begin and end as they are shown, copied ones as they are decoded.

    Each is given by its time in units of the video's time base.
    """

    head: tuple[int, ...]
    copied: tuple[int, ...]
    tail: tuple[int, ...]

    @property
    def first(self) -> int:
        """The time of the first frame."""
        return self.head[0] if self.head else min(self.copied)

    @property
    def shown(self) -> list[int]:
        """The times of all frames as they are shown."""
        return [*self.head, *sorted(self.copied), *self.tail]


def choose_copied(frames: CodedFrames, first: int, end: int | None) -> CopiedPart:
    """Choose among the frames from `first` to `end` (exclusive; `None` is the last one).

    Copying begins at a picture at which decoders can begin, without the pictures that are shown before it. It
    ends where all pictures decoded so far are also shown before all others, so that none is lost.

    Raises:
        NotCopied: there is nothing to copy.
    """
    if frames.problem:
        raise NotCopied(frames.problem)
    if not frames.has_whole_start:
        raise NotCopied("no key frame was found before the part begins")
    wanted = sorted(pts for pts, kind in _shown(frames) if pts >= first and (end is None or pts < end))
    if not wanted:
        raise NotCopied("no frame is within the part")
    if any(before == after for before, after in pairwise(wanted)):
        raise NotCopied("frames of the source have the same timestamp")
    begin = _find_begin(frames, wanted[0], wanted[-1])
    copied = _take_copied(frames, begin, wanted[-1])
    last = max(copied)
    return CopiedPart(
        tuple(pts for pts in wanted if pts < frames.pts[begin]),
        tuple(copied),
        tuple(pts for pts in wanted if pts > last),
    )


def _shown(frames: CodedFrames) -> list[tuple[int, PictureKind]]:
    return [pair for pair in zip(frames.pts, frames.kinds, strict=True) if pair[1] is not PictureKind.HIDDEN]


def _find_begin(frames: CodedFrames, first: int, last: int) -> int:
    """The number of the first picture that can be copied."""
    latest = None
    for number, (pts, kind) in enumerate(zip(frames.pts, frames.kinds, strict=True)):
        is_clean = latest is None or latest < pts
        if kind in KEY_KINDS and is_clean and first <= pts <= last:
            if PictureKind.HIDDEN in frames.kinds[number:]:
                raise NotCopied("the edit list of the source leaves out frames of the part")
            return number
        latest = pts if latest is None else max(latest, pts)
    raise NotCopied("no key frame at which decoding can begin (IDR picture) is within the part")


def _take_copied(frames: CodedFrames, begin: int, last: int) -> Sequence[int]:
    """The times of the pictures that are copied, from number `begin` on, in the order of decoding."""
    origin = frames.pts[begin]
    order = [pts for pts in frames.pts[begin:] if pts >= origin]
    earliest_after: list[int] = [last + 1] * (len(order) + 1)
    for number in range(len(order) - 1, -1, -1):
        earliest_after[number] = min(order[number], earliest_after[number + 1])
    count, latest = 0, origin
    for number, pts in enumerate(order):
        if pts > last:
            break
        latest = max(latest, pts)
        if latest < earliest_after[number + 1]:
            count = number + 1
    return order[:count]
