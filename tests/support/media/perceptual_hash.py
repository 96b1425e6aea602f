"""A perceptual hash of images: 64 bits that stay the same with another encoder or font version."""

from __future__ import annotations

import itertools

import numpy as np

from support.reference.yuv import Floats

_MARGIN = 3.0
"""Neighbors that differ by less count as equal, so that noise does not change the hash of flat areas."""


def picture_hash(rgb: Floats) -> int:
    """Hash an image (height, width, 3; 0 to 255): a bit for each of 8x8 cells, set if the next is brighter."""
    luma = rgb @ np.array([0.2126, 0.7152, 0.0722])
    rows = _cells(luma, 8)
    cells = _cells(rows.T, 9).T
    bits = (cells[:, 1:] - cells[:, :-1] > _MARGIN).ravel()
    return sum(1 << place for place, bit in enumerate(bits) if bit)


def distance(one: int, other: int) -> int:
    """The number of bits that differ."""
    return (one ^ other).bit_count()


def _cells(values: Floats, count: int) -> Floats:
    """Reduce the rows to `count`, each the mean of the rows that it replaces."""
    edges = [len(values) * number // count for number in range(count + 1)]
    parts = [values[begin:end].mean(0) for begin, end in itertools.pairwise(edges)]
    cells: Floats = np.stack(parts)
    return cells
