"""Examine the thumbnails of two videos: which frames and which parts of the picture correspond."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ffmpeg_worker.planning.vmaf.compare_pictures import Explanation, choose_pictures, explain_pictures
from ffmpeg_worker.planning.vmaf.find_edits import (
    find_edits,
    find_foreign,
    find_segments,
    matched_runs,
    offsets_of,
)
from ffmpeg_worker.planning.vmaf.find_geometry import EVERYWHERE, Mask, Placement, blur, place, turned
from ffmpeg_worker.planning.vmaf.findings import MAX_EDITS, EditKind, Findings, Geometry, Segment, Turn
from ffmpeg_worker.planning.vmaf.match_frames import Match, match_frames
from ffmpeg_worker.planning.vmaf.thumbnail_format import CELLS, MAX_THUMBNAILS, SIDE
from ffmpeg_worker.planning.vmaf.thumbnails import Numbers, Thumbnails, are_unlike, pair_by_time

_SCALE = 60.0
"""Evidence at which offsets are two thirds certain."""
_UNLIKE = 0.1
"""Error of pictures (1 - correlation) that do not show the same."""
_TURNED = 0.03
"""Largest error of a turn that explains them."""
_TRIED = 1000
"""Frames with which turns are tried."""
_EXACT = 0.005
"""Distance up to which a placement leaves the thumbnails comparable to the last detail."""
_STILL = 20.0
"""Evidence below which frames cannot be told apart."""


@dataclass(frozen=True, slots=True)
class _Timing:
    match: Match
    segments: tuple[Segment, ...]
    offsets: Numbers
    is_unlike: npt.NDArray[np.bool_]

    @property
    def is_changed(self) -> bool:
        return bool(self.offsets.any())


def examine(reference: Thumbnails, distorted: Thumbnails, *, reach: int, tolerance: int) -> Findings:
    """Examine two videos.

    Args:
        reference, distorted: thumbnails of both, with times in the same unit.
        reach: largest offset that is looked for, in frames.
        tolerance: offset that a change of the frame rate explains.
    """
    ends = [int(video.times[-1]) if len(video) else 0 for video in (reference, distorted)]
    found = Findings(
        len(reference),
        len(distorted),
        reference_end=ends[0],
        distorted_end=ends[1],
        is_whole=max(len(reference), len(distorted)) < MAX_THUMBNAILS,
    )
    if not len(reference) or not len(distorted):
        return found
    expected = pair_by_time(reference, distorted)
    found = replace(found, compared=int((expected < len(reference)).sum()))
    timing = _time(reference, distorted, expected, reach, tolerance)
    pictures = explain_pictures(reference, distorted, expected, timing.offsets)
    if pictures.geometry is None and (pictures.error or 0) > _UNLIKE:
        pictures = _turn_in_motion(reference, distorted, expected, reach, tolerance) or pictures
    if pictures.placement is not None:
        timing = _time_placed(reference, distorted, expected, pictures.placement, pictures.kept, reach, tolerance)
    similarity = None if pictures.error is None else 1 - pictures.error
    found = replace(found, similarity=similarity, geometry=pictures.geometry)
    return _describe(found, distorted, expected, timing, tolerance)


def _turn_in_motion(
    reference: Thumbnails, distorted: Thumbnails, expected: Numbers, reach: int, tolerance: int
) -> Explanation | None:
    """Find a turn together with offsets, from the first frames: if much moves, only matched frames are alike."""
    first = Thumbnails(distorted.pixels[:_TRIED], distorted.times[:_TRIED])
    last = int(expected[:_TRIED][-1]) + reach + 1
    for turn in (turn for turn in Turn if turn is not Turn.NONE):
        pixels = turned(reference.pixels[:last].reshape(-1, SIDE, SIDE), turn).reshape(-1, CELLS)
        candidate = Thumbnails(pixels, reference.times[:last])
        offsets = match_frames(candidate, first, expected[:_TRIED], reach=reach, tolerance=tolerance).offsets
        pictures = choose_pictures(candidate, first, expected[:_TRIED] + offsets)
        if pictures is not None and pictures.error <= _TURNED:
            return Explanation(pictures.error, Placement(turn=turn), Geometry(turn))
    return None


def _time(
    reference: Thumbnails,
    distorted: Thumbnails,
    expected: Numbers,
    reach: int,
    tolerance: int,
    *,
    is_exact: bool = True,
) -> _Timing:
    match = match_frames(reference, distorted, expected, reach=reach, tolerance=tolerance)
    segments = find_segments(match, tolerance=tolerance, is_exact=is_exact)
    offsets = offsets_of(segments, len(distorted))
    return _Timing(match, segments, offsets, are_unlike(reference, distorted, expected + offsets))


def _time_placed(
    reference: Thumbnails,
    distorted: Thumbnails,
    expected: Numbers,
    placement: Placement,
    kept: Mask | None,
    reach: int,
    tolerance: int,
) -> _Timing:
    """Match the frames where both videos show the same part of the picture."""
    parts: list[list[npt.NDArray[np.uint8]]] = [[], []]
    for rows in reference.blocks():
        shown, is_inside = place(rows.reshape(-1, SIDE, SIDE), placement)
        is_inside &= EVERYWHERE if kept is None else kept
        parts[0].append(np.rint(shown[:, is_inside]).astype(np.uint8))
    for rows in distorted.blocks():
        parts[1].append(np.rint(blur(rows.reshape(-1, SIDE, SIDE))[:, is_inside]).astype(np.uint8))
    placed, visible = (
        Thumbnails(np.concatenate(part), video.times)
        for part, video in zip(parts, (reference, distorted), strict=True)
    )
    is_exact = placement.distance < _EXACT
    return _time(placed, visible, expected, reach, tolerance, is_exact=is_exact)


def _describe(
    found: Findings, distorted: Thumbnails, expected: Numbers, timing: _Timing, tolerance: int
) -> Findings:
    match = timing.match
    is_foreign = find_foreign(match, timing.segments, timing.is_unlike)
    edits = find_edits(match, timing.segments, is_foreign, tolerance=tolerance)
    is_left_out = is_foreign.copy()
    for edit in edits:
        if edit.kind is not EditKind.DROPPED:
            is_left_out[edit.frame : edit.frame + edit.frames] = True
    runs = matched_runs(expected, timing.offsets, is_left_out, found.reference_frames)
    tick = distorted.times
    return replace(
        found,
        confidence=float(1 - np.exp(-max(match.evidence, 0) / _SCALE)),
        is_still=match.evidence < _STILL and not timing.is_changed,
        segments=tuple(replace(part, tick=int(tick[part.first])) for part in timing.segments[: MAX_EDITS + 1]),
        edits=tuple(replace(edit, tick=int(tick[edit.frame])) for edit in edits[:MAX_EDITS]),
        edit_count=len(edits),
        runs=runs if len(edits) <= MAX_EDITS and len(runs) <= 2 * MAX_EDITS else (),
    )
