"""Find where frames were dropped, repeated or frozen, from the offsets of all frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ffmpeg_worker.planning.vmaf.findings import Edit, EditKind, Run, Segment
from ffmpeg_worker.planning.vmaf.match_frames import Match
from ffmpeg_worker.planning.vmaf.thumbnails import Numbers

Flags = npt.NDArray[np.bool_]

_WINDOWS = 5
"""Parts of a segment in which the best offset is measured, to parts of a frame."""
_MIN_WINDOW = 25
"""Frames of such a part, unless the segment is shorter."""
_MAX_DEVIATION = 0.45
"""Largest distance of the best offset from a whole number of frames."""
_MAX_DRIFT = 0.8
"""Largest difference of the best offset between parts of a segment."""
_MAX_NOISE = 15.0
"""Largest error of matched frames, relative to the error that one frame more or less makes."""
_SMALL_ERROR = 2.0
"""Error of frames of good quality."""
_MAX_RATIO = 3.0
"""Largest error of frames of poor quality, relative to what another offset adds to it."""
_FOREIGN = 25.0
"""Error of frames that show something else, relative to the usual one."""
_FOREIGN_SHARE = 0.3
"""The same relative to the variance of the pictures."""
_MIN_FOREIGN = 3
"""Frames in a row that must show something else."""
_CONTRADICTION = 0.8
"""Error of the first frame as it is, relative to that of the first matched one, below which there is no shift."""
_FREEZE_GAP = 3
"""Frames of a freeze that may change a little: the encoder refines the picture that stands."""
_VISIBLE = 4.0
"""Error of a frozen frame, relative to the usual one, from which the freeze counts."""


def find_segments(match: Match, *, tolerance: int = 0, is_exact: bool = True) -> tuple[Segment, ...]:
    """The parts of the distorted video with one offset, without those that are not certain.

    Strong compression lets moving content lag behind by part of a frame, and by more the longer the last key frame
    is ago. A real offset is a whole number of frames, and constant. Offsets of up to `tolerance` frames do not
    count. `is_exact` tells whether the errors come from compression alone.
    """
    segments: list[Segment] = []
    for segment in _join_start(list(_split(match.offsets))):
        before = segments[-1].offset if segments else 0
        offset = segment.offset
        is_near = abs(offset - before) <= tolerance
        if is_near or not _is_real(match, segment, before, tolerance, is_exact=is_exact):
            offset = before
        if segments and segments[-1].offset == offset:
            segments[-1] = replace(segments[-1], last=segment.last)
        else:
            segments.append(replace(segment, offset=offset))
    return tuple(segments)


def _split(offsets: Numbers) -> Iterator[Segment]:
    starts = [0, *(np.flatnonzero(np.diff(offsets)) + 1).tolist(), len(offsets)]
    for first, last in pairwise(starts):
        yield Segment(first, last, int(offsets[first]))


def _join_start(segments: list[Segment]) -> list[Segment]:
    """Count the few frames before the first that has a partner to the offset after them."""
    if len(segments) > 1 and segments[1].offset < 0 and segments[0].last <= -segments[1].offset:
        return [replace(segments[1], first=0), *segments[2:]]
    return segments


def _is_real(match: Match, segment: Segment, before: int, tolerance: int, *, is_exact: bool) -> bool:
    """Whether the frames fit clearly worse at the offset `before`, and compression does not explain that."""
    rows = match.errors[segment.first : segment.last]
    own, other = rows[:, segment.offset + match.reach], rows[:, before + match.reach]
    is_usable = ~np.isnan(own) & ~np.isnan(other)
    if not is_usable.any():
        return False
    error = float(own[is_usable].mean())
    gained = float(other[is_usable].mean()) - error
    if error > max(_SMALL_ERROR if is_exact else 0.0, (_MAX_RATIO if is_exact else 1.0) * gained):
        return False
    # Compression makes content lag behind; it never makes it come early.
    is_early = segment.offset > before and error < gained and error < _SMALL_ERROR * _MAX_RATIO
    return is_early or _is_whole_offset(match, segment, tolerance)


def _is_whole_offset(match: Match, segment: Segment, tolerance: int) -> bool:
    """Whether the best offset, to parts of a frame, is the segment's in all its parts."""
    column = segment.offset + match.reach
    if not 0 < column < 2 * match.reach or _contradicts_start(match, segment):
        return False
    count = min(max((segment.last - segment.first) // _MIN_WINDOW, 1), _WINDOWS)
    bounds = np.linspace(segment.first, segment.last, count + 1).astype(int)
    rows = match.errors[:, column - 1 : column + 2]
    is_usable = ~np.isnan(rows).any(1) & ~match.is_repeat
    means = [
        rows[first:last][is_usable[first:last]].mean(0).tolist()
        for first, last in pairwise(bounds.tolist())
        if is_usable[first:last].any()
    ]
    peaks = [
        float(np.clip((earlier - later) / (2 * (earlier - 2 * here + later)), -2, 2))
        for earlier, here, later in means
        if earlier - 2 * here + later > 2 * here / _MAX_NOISE
    ]
    if not peaks:
        return False
    low, middle, high = np.quantile(peaks, (0.1, 0.5, 0.9))
    return bool(abs(middle) <= _MAX_DEVIATION + tolerance / 2 and high - low <= _MAX_DRIFT + tolerance)


def _contradicts_start(match: Match, segment: Segment) -> bool:
    """Whether the first frame shows what it should show without an offset, so that none come before it."""
    lead = -segment.offset
    if segment.first > 0 or lead <= 0 or lead >= len(match.errors):
        return False
    return bool(match.errors[0, match.reach] < _CONTRADICTION * match.errors[lead, match.reach - lead])


def offsets_of(segments: Sequence[Segment], count: int) -> Numbers:
    """The offset of each frame."""
    offsets = np.zeros(count, np.int64)
    for segment in segments:
        offsets[segment.first : segment.last] = segment.offset
    return offsets


def find_foreign(match: Match, segments: Sequence[Segment], is_unlike: Flags) -> Flags:
    """Frames that show something else than the reference: nearly as unlike as two different pictures.

    `is_unlike` tells of each frame whether its picture is quite another one.
    """
    errors = match.error_at(offsets_of(segments, len(match.offsets)))
    limit = max(_FOREIGN * match.noise, _FOREIGN_SHARE * match.power)
    is_foreign = (np.nan_to_num(errors) > limit) | is_unlike
    for first, last in _runs(is_foreign):
        if last - first < _MIN_FOREIGN or match.is_repeat[first]:
            is_foreign[first:last] = False
    return is_foreign


def find_edits(
    match: Match, segments: Sequence[Segment], is_foreign: Flags, *, tolerance: int = 0
) -> tuple[Edit, ...]:
    """Name each change: frames that are missing, added, frozen, or of something else.

    A change of the frame rate repeats up to `tolerance` frames.
    """
    foreign = [(first, last) for first, last in _runs(is_foreign)]
    edits: list[Edit] = []
    for before, after in pairwise(segments):
        change = after.offset - before.offset
        if change > 0:
            edits.append(Edit(EditKind.DROPPED, after.first, change))
            continue
        near = [one for one in foreign if one[0] <= after.first + 2 and one[1] >= after.first - 2]
        if near:
            foreign.remove(near[0])
            edits.append(Edit(EditKind.INSERTED, near[0][0], near[0][1] - near[0][0]))
        else:
            edits.append(Edit(EditKind.DUPLICATED, _first_repeat(match, after.first, -change), -change))
    edits += [Edit(EditKind.UNMATCHED, first, last - first) for first, last in foreign]
    offsets = offsets_of(segments, len(match.offsets))
    added = [edit for edit in edits if edit.kind in {EditKind.DUPLICATED, EditKind.INSERTED}]
    for first, last in _runs(match.is_repeat):
        is_named = any(first - _FREEZE_GAP <= edit.frame <= last + _FREEZE_GAP for edit in added)
        is_long = last - first > tolerance
        if is_long and not is_named and not is_foreign[first:last].any():
            edits.extend(_freeze(match, offsets, first, last))
    return tuple(sorted(edits, key=lambda edit: edit.frame))


def _first_repeat(match: Match, frame: int, count: int) -> int:
    """The first added frame: the offset may change anywhere among frames that are alike."""
    while frame > 0 and count > 0 and match.is_repeat[frame - 1]:
        frame, count = frame - 1, count - 1
    return frame


def _freeze(match: Match, offsets: Numbers, first: int, last: int) -> Iterator[Edit]:
    errors = match.error_at(offsets)[first:last]
    known = errors[~np.isnan(errors)]
    if len(known) and known.max() > _VISIBLE * match.noise:
        yield Edit(EditKind.FROZEN, first, last - first)


def _runs(flags: Flags) -> Iterator[tuple[int, int]]:
    """Ranges of set flags; gaps of a few frames are bridged in ranges of more than one."""
    set_at = np.flatnonzero(flags)
    if not len(set_at):
        return
    starts = np.flatnonzero(np.diff(set_at, prepend=-10) > 1)
    ranges = [
        (int(set_at[at]), int(set_at[end - 1]) + 1)
        for at, end in zip(starts, [*starts[1:], len(set_at)], strict=True)
    ]
    first, last = ranges[0]
    for start, end in ranges[1:]:
        if start - last <= _FREEZE_GAP and max(last - first, end - start) > 2:
            last = end
        else:
            yield first, last
            first, last = start, end
    yield first, last


def matched_runs(expected: Numbers, offsets: Numbers, is_left_out: Flags, count: int) -> tuple[Run, ...]:
    """Runs of frames that show the same picture, each frame once; `count` is the number of reference frames."""
    partners = expected + offsets
    is_kept = ~is_left_out & (partners >= 0) & (partners < count)
    frames = np.flatnonzero(is_kept)
    chosen = partners[frames]
    is_new = np.diff(np.maximum.accumulate(chosen), prepend=-1) > 0
    frames, chosen = frames[is_new], chosen[is_new]
    if not len(frames):
        return ()
    breaks = np.flatnonzero((np.diff(frames) != 1) | (np.diff(chosen) != 1)) + 1
    starts, ends = [0, *breaks.tolist()], [*breaks.tolist(), len(frames)]
    return tuple(Run(int(chosen[a]), int(frames[a]), b - a) for a, b in zip(starts, ends, strict=True))
