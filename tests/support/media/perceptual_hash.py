"""What a picture looks like, in 64 bits that survive another encoder or another edge of a letter."""

from __future__ import annotations

import itertools

import numpy as np

from support.reference.yuv import Floats

_MARGIN = 3.0
"""Neighbours that differ by less are alike: areas of one color must not turn on noise."""


def picture_hash(rgb: Floats) -> int:
    """A bit for each of 8 x 8 cells of (height, width, 3) from 0 to 255: whether the next cell is brighter."""
    luma = rgb @ np.array([0.2126, 0.7152, 0.0722])
    rows = _cells(luma, 8)
    cells = _cells(rows.T, 9).T
    bits = (cells[:, 1:] - cells[:, :-1] > _MARGIN).ravel()
    return sum(1 << place for place, bit in enumerate(bits) if bit)


def distance(one: int, other: int) -> int:
    """How many bits differ."""
    return (one ^ other).bit_count()


def _cells(values: Floats, count: int) -> Floats:
    """Rows become so many, each the mean of those that it stands for."""
    edges = [len(values) * number // count for number in range(count + 1)]
    parts = [values[begin:end].mean(0) for begin, end in itertools.pairwise(edges)]
    cells: Floats = np.stack(parts)
    return cells
