"""Draws the boxes behind the lines of a text as one area, whose outer and inner corners are rounded."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np

from ffmpeg_worker.raster.surfaces.bitmap import Floats, Pixels
from ffmpeg_worker.raster.text.pixel_operations import draw_rounded_box

_Edges = tuple[float, float, float, float]
_Corner = tuple[float, float, int, int, bool]
"""Its x and y, the directions in which its arc lies, and whether it is an outer corner."""


def draw_line_boxes(width: int, height: int, boxes: Sequence[_Edges], radius: float) -> Pixels:
    """Return the coverage of boxes (left, top, right, bottom), from top to bottom, of which some touch the next.

    Sides of neighbors that differ by less than two radii are aligned, as there is no room for two arcs between.
    """
    plane = np.zeros((height, width), np.uint8)
    for stack in _split_into_stacks(boxes):
        aligned = _align_sides(stack, 2 * radius)
        for edges in aligned:
            plane = np.maximum(plane, draw_rounded_box(width, height, edges, 0))
        for corner in _find_corners(aligned):
            _round_corner(plane, corner, min(radius, *_room(aligned)))
    return plane


def _split_into_stacks(boxes: Sequence[_Edges]) -> Iterator[list[_Edges]]:
    """Yield runs of boxes that touch, with edges between whole pixels, so that no seams are visible."""
    stack: list[_Edges] = []
    for left, top, right, bottom in boxes:
        edges = (float(math.floor(left)), float(round(top)), float(math.ceil(right)), float(round(bottom)))
        if stack and edges[1] > stack[-1][3]:
            yield stack
            stack = []
        stack.append(edges)
    if stack:
        yield stack


def _align_sides(boxes: Sequence[_Edges], least: float) -> list[_Edges]:
    """Widen boxes whose sides differ by less than `least` from those of a neighbor."""
    lefts, rights = [box[0] for box in boxes], [-box[2] for box in boxes]
    for side in (lefts, rights):
        is_aligned = False
        while not is_aligned:
            is_aligned = True
            for index in range(len(side) - 1):
                if side[index] != side[index + 1] and abs(side[index] - side[index + 1]) < least:
                    side[index] = side[index + 1] = min(side[index : index + 2])
                    is_aligned = False
    return [(left, box[1], -right, box[3]) for left, right, box in zip(lefts, rights, boxes, strict=True)]


def _room(boxes: Sequence[_Edges]) -> Iterator[float]:
    """Yield the largest radius for each box: half of its sides, without what its neighbors cover."""
    for before, box, after in zip([None, *boxes], boxes, [*boxes[1:], None], strict=False):
        top = max(box[1], before[3]) if before else box[1]
        bottom = min(box[3], after[1]) if after else box[3]
        yield (box[2] - box[0]) / 2
        yield max(bottom - top, 0.0) / 2


def _find_corners(boxes: Sequence[_Edges]) -> Iterator[_Corner]:
    first, last = boxes[0], boxes[-1]
    for side, inward in ((0, 1), (2, -1)):
        yield first[side], first[1], inward, 1, True
        yield last[side], last[3], inward, -1, True
        for upper, lower in itertools.pairwise(boxes):
            step = (lower[side] - upper[side]) * inward
            if step > 0:  # the lower box is narrower
                yield upper[side], upper[3], inward, -1, True
                yield lower[side], upper[3], -inward, 1, False
            elif step < 0:
                yield lower[side], lower[1], inward, 1, True
                yield upper[side], lower[1], -inward, -1, False


def _round_corner(plane: Pixels, corner: _Corner, radius: float) -> None:
    x, y, right, down, is_outer = corner
    if radius <= 0:
        return
    columns = _span(x, right, radius, plane.shape[1])
    rows = _span(y, down, radius, plane.shape[0])
    across = _distances(columns, x + right * radius)
    along = _distances(rows, y + down * radius)
    distance = np.hypot(across[None], along[:, None])
    part = plane[rows, columns]
    if is_outer:
        covered = np.clip(radius + 0.5 - distance, 0, 1) * 255
        plane[rows, columns] = np.minimum(part, (covered + 0.5).astype(np.uint8))
    else:
        covered = np.clip(distance - radius + 0.5, 0, 1) * 255
        plane[rows, columns] = np.maximum(part, (covered + 0.5).astype(np.uint8))


def _span(edge: float, direction: int, radius: float, count: int) -> slice:
    """Return the pixels whose centers lie between an edge and the center of an arc."""
    low, high = sorted((edge, edge + direction * radius))
    return slice(max(int(np.floor(low)), 0), min(max(round(high), 0), count))


def _distances(pixels: slice, center: float) -> Floats:
    return np.arange(pixels.start, pixels.stop, dtype=np.float32) + np.float32(0.5 - center)
