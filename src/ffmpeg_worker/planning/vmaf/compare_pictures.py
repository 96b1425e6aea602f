"""Decide whether the pictures of two videos are the same, or turned, cropped, or within bars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ffmpeg_worker.planning.vmaf.find_geometry import (
    EVERYWHERE,
    Fit,
    Mask,
    Placement,
    correlate,
    evaluate,
    find_flat_edges,
    find_turn,
    refine,
    search,
)
from ffmpeg_worker.planning.vmaf.findings import Area, Geometry, Turn
from ffmpeg_worker.planning.vmaf.thumbnail_format import SIDE
from ffmpeg_worker.planning.vmaf.thumbnails import Floats, Numbers, Thumbnails

_FRAMES = 24
_MIN_FRAMES = 4
_MIN_CONTRAST = 4.0
"""Variance of a picture in which there is something to see."""
_DOUBTFUL_ERROR = 0.03
"""Error (1 - correlation) of pictures from which other placements are tried."""
_FOREIGN_ERROR = 0.05
"""Error from which the edges of a picture may be filled with something else."""
_FILLED_ERROR = 0.015
"""Largest error of a placement with such edges."""
_SIMPLER = 1.5
"""Error of a simple placement, relative to that of the best one, at which it is preferred."""
_OVERLAY = 0.15
"""Share of a picture that may be covered by something else, such as a logo."""
_MAX_ERROR = 0.08
"""Largest error of a placement that explains the pictures."""
_CROP_ERROR = 0.01
"""Error of a placement that explains the pictures as well as any offset."""
_MUCH_BETTER = 0.35
"""Error of a placement, relative to that of the frames as they are, from which it counts."""
_MIN_DISTANCE = 0.012
"""Least movement of a corner that counts, as a part of the frame."""
_CONSISTENT = 1.7
"""Error of a placement in one half of the frames, relative to that of the best one for this half."""
_SNAP = 0.02
"""Distance from the edge of a frame, as a part of the frame, that counts as none."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Frames of both videos that show the same moments."""

    reference: Floats
    distorted: Floats

    @property
    def error(self) -> float:
        """How unlike they are: 1 minus their correlation."""
        return 1 - correlate(self.reference, self.distorted)

    @property
    def error_without_overlay(self) -> float:
        """The same without the cells that differ most, which something else may cover."""
        first, second = (one - one.mean((1, 2), keepdims=True) for one in (self.reference, self.distorted))
        gain = float((first * second).sum()) / max(float(np.square(first).sum()), 1.0)
        differences = np.square(second - gain * first).mean(0)
        kept = differences <= np.quantile(differences, 1 - _OVERLAY)
        parts = (one[:, kept, None] for one in (self.reference, self.distorted))
        return min(1 - correlate(*parts), self.error)


@dataclass(frozen=True, slots=True)
class Explanation:
    """How the pictures correspond; `error` is that of the placement, or of the frames as they are.

    `error` is `None` if there is nothing to see. `kept` are the cells of the picture within bars; `None`: all.
    """

    error: float | None
    placement: Placement | None = None
    geometry: Geometry | None = None
    kept: Mask | None = None


def choose_pictures(reference: Thumbnails, distorted: Thumbnails, partners: Numbers) -> Pictures | None:
    """Choose frames in which there is something to see, all over the clip.

    `partners` are frames of the reference.
    """
    frames = np.flatnonzero((partners >= 0) & (partners < len(reference)))
    if len(frames) > 8 * _FRAMES:
        frames = frames[np.linspace(0, len(frames) - 1, 8 * _FRAMES).astype(int)]
    frames = frames[distorted.at(frames).var((1, 2)) > _MIN_CONTRAST]
    if not len(frames):
        return None
    chosen = frames[np.linspace(0, len(frames) - 1, min(_FRAMES, len(frames))).astype(int)]
    return Pictures(reference.at(partners[chosen]), distorted.at(chosen))


def _shows_something(video: Thumbnails) -> bool:
    frames = np.linspace(0, len(video) - 1, min(8 * _FRAMES, len(video))).astype(int)
    return bool((video.at(frames).var((1, 2)) > _MIN_CONTRAST).any())


def explain_pictures(
    reference: Thumbnails, distorted: Thumbnails, expected: Numbers, offsets: Numbers
) -> Explanation:
    """Explain the pictures by the simplest of: the same, another placement.

    `expected` are the frames of the reference that the distorted ones are compared with, `offsets` those that were
    found: a crop of a picture that grows looks like a later frame of it, and the other way round.
    """
    matched = choose_pictures(reference, distorted, expected + offsets)
    as_paired = choose_pictures(reference, distorted, expected) if offsets.any() else matched
    if matched is None or as_paired is None:
        return Explanation(1.0 if _shows_something(reference) else None)
    is_shifted = bool(offsets.any())
    own = matched.error
    is_overlaid = matched.error_without_overlay < _CROP_ERROR
    edges = _extra_edges(as_paired)
    near = refine(matched.reference, matched.distorted, Placement())
    is_moved = near.placement.distance > _MIN_DISTANCE and 1 - near.correlation < _MUCH_BETTER * own
    is_doubtful = own > _DOUBTFUL_ERROR and not is_overlaid
    if not (is_moved or is_shifted or any(edges) or is_doubtful):
        return Explanation(matched.error_without_overlay)
    for pictures in (as_paired, matched) if is_shifted else (matched,):
        limit = _MUCH_BETTER * own
        if is_shifted and pictures is as_paired:
            # Videos of one length are seldom shifted against each other.
            limit = max(own, _CROP_ERROR) if len(reference) == len(distorted) else own
        found = _place_pictures(pictures, edges, own)
        if found is not None and found.error is not None and found.error <= limit:
            return found
    return Explanation(matched.error_without_overlay)


def _place_pictures(pictures: Pictures, edges: tuple[int, int, int, int], own: float) -> Explanation | None:
    kept = _kept(edges)
    turn, _ = find_turn(pictures.reference, pictures.distorted)
    if len(pictures.distorted) < _MIN_FRAMES:  # too few for more than a turn
        simple = evaluate(pictures.reference, pictures.distorted, Placement(turn=turn), EVERYWHERE)
        is_turned = turn is not Turn.NONE and 1 - simple.correlation <= _MAX_ERROR
        return Explanation(1 - simple.correlation, simple.placement, Geometry(turn)) if is_turned else None
    turns = dict.fromkeys((Turn.NONE, turn))
    fits = [search(pictures.reference, pictures.distorted, one, list(_starts(edges)), kept) for one in turns]
    fit = _prefer_simple(pictures, max(fits, key=lambda one: one.correlation), edges, kept)
    if 1 - fit.correlation > _MAX_ERROR or not _is_consistent(pictures, fit, kept):
        return None
    geometry = _describe(fit.placement, edges)
    is_filled = geometry.visible != Area() and not geometry.has_bars
    if geometry == Geometry() or (is_filled and (own < _FOREIGN_ERROR or 1 - fit.correlation > _FILLED_ERROR)):
        return None
    return Explanation(1 - fit.correlation, fit.placement, geometry, kept)


def _prefer_simple(pictures: Pictures, fit: Fit, edges: tuple[int, int, int, int], kept: Mask) -> Fit:
    """The frames as they are after the turn, or the whole reference within the bars, if that fits as well."""
    limit = _SIMPLER * (1 - fit.correlation) + 0.001
    for placement in _starts(edges):
        simple = evaluate(
            pictures.reference, pictures.distorted, replace(placement, turn=fit.placement.turn), kept
        )
        if 1 - simple.correlation <= limit:
            return simple
    return fit


def _extra_edges(pictures: Pictures) -> tuple[int, int, int, int]:
    """Bars of the distorted video, in cells, that the reference lacks: left, top, right, bottom."""
    bars, own = find_flat_edges(pictures.distorted), find_flat_edges(pictures.reference)
    left, top, right, bottom = (
        bar if bar > other and bar < SIDE // 2 else 0 for bar, other in zip(bars, own, strict=True)
    )
    return left, top, right, bottom


def _kept(edges: tuple[int, int, int, int]) -> Mask:
    """The cells that belong to the picture: bars and the cells beside them, which are mixed, do not."""
    left, top, right, bottom = (edge + 1 if edge else 0 for edge in edges)
    kept = np.zeros_like(EVERYWHERE)
    kept[top : SIDE - bottom, left : SIDE - right] = True
    return kept


def _starts(edges: tuple[int, int, int, int]) -> Iterator[Placement]:
    """Likely placements: as it is, and the whole reference within the bars."""
    yield Placement()
    if any(edges):
        left, top, right, bottom = (edge / SIDE for edge in edges)
        across, down = 1 / (1 - left - right), 1 / (1 - top - bottom)
        yield Placement(across, down, -across * (left - right) / 2, -down * (top - bottom) / 2)


def _is_consistent(pictures: Pictures, fit: Fit, kept: Mask) -> bool:
    """Whether the placement fits both halves of the frames: a real one does not change."""
    half = len(pictures.distorted) // 2
    if half < 2:
        return True
    for part in (slice(None, half), slice(half, None)):
        reference, distorted = pictures.reference[part], pictures.distorted[part]
        own = refine(reference, distorted, fit.placement, kept)
        common = evaluate(reference, distorted, fit.placement, kept)
        if 1 - common.correlation > _CONSISTENT * (1 - own.correlation) + 0.002:
            return False
    return True


def _describe(placement: Placement, edges: tuple[int, int, int, int]) -> Geometry:
    left, top, right, bottom = (edge / SIDE for edge in edges)
    inner = Area(left, top, 1 - right, 1 - bottom)
    if placement.distance <= _SNAP:
        return Geometry(placement.turn, inner, inner, any(edges))
    visible = _snap(placement.visible())
    if any(edges):
        visible = Area(
            max(visible.left, left) if left else visible.left,
            max(visible.top, top) if top else visible.top,
            min(visible.right, 1 - right) if right else visible.right,
            min(visible.bottom, 1 - bottom) if bottom else visible.bottom,
        )
    return Geometry(placement.turn, visible, _snap(placement.shown(visible)), any(edges))


def _snap(area: Area) -> Area:
    low = [0.0 if side < _SNAP else side for side in (area.left, area.top)]
    high = [1.0 if side > 1 - _SNAP else side for side in (area.right, area.bottom)]
    return Area(*low, *high)
