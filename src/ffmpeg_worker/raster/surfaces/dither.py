"""Dithering: a fixed pattern of noise that hides the steps between the values of 8 bits.

The pattern is the same in every frame, so encoders store it once.
"""

from __future__ import annotations

import functools
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ffmpeg_worker.raster.surfaces.bitmap import Pixels

_Number = TypeVar("_Number", np.int16, np.uint16)

STEPS = 256
"""Values to be dithered are multiples of 1/256 of a step of 8 bits."""

_SIDE = 200
"""Pixels after which the pattern repeats; it nearly does so by itself, so that no seams appear."""


def round_dithered(values: npt.NDArray[np.uint16]) -> Pixels:
    """Return multiples of 1/256, up to 255 * 256, as 8 bits; whole steps stay as they are.

    `values` is (height, width), or has channels, whose order of size is kept.
    """
    # The largest value plus the largest threshold is below 2^16. The shift cuts off the fraction without rounding.
    moved = values + _thresholds(values.shape)
    np.right_shift(moved, 8, out=moved)
    return moved.astype(np.uint8)


def round_plainly(values: npt.NDArray[np.uint16]) -> Pixels:
    """Return multiples of 1/256 as 8 bits without noise, as for chroma, where noise costs encoders much."""
    steps: Pixels = ((values + np.uint16(STEPS // 2)) >> 8).astype(np.uint8)
    return steps


@functools.lru_cache(maxsize=4)
def triangular_noise(width: int, height: int) -> npt.NDArray[np.int16]:
    """Return noise between -256 and 256 with a triangular distribution, in multiples of 1/256.

    Added before rounding, it makes the mean of the results exact and their noise the same at all values (Lipshitz,
    Wannamaker and Vanderkooy: Quantization and Dither, 1992).
    """
    even = _even_noise()
    triangular = np.where(even < 0.5, np.sqrt(2 * even) - 1, 1 - np.sqrt(2 * (1 - even)))
    return _repeat(np.rint(triangular * STEPS).astype(np.int16), width, height)


@functools.lru_cache(maxsize=4)
def _thresholds(shape: tuple[int, ...]) -> npt.NDArray[np.uint16]:
    """Return what is added before the fraction is cut off: 0 to 255, the same in all channels."""
    height, width = shape[:2]
    thresholds = _repeat(np.floor(_even_noise() * STEPS).astype(np.uint16), width, height)
    return thresholds if len(shape) == 2 else np.repeat(thresholds[..., None], shape[2], axis=2)


def _even_noise() -> npt.NDArray[np.float64]:
    """Return numbers of 0 to 1, evenly distributed in every small neighborhood.

    The additive recurrence R2 has short runs of equal results in rows and in columns (Roberts, The Unreasonable
    Effectiveness of Quasirandom Sequences, 2018).
    """
    y, x = np.mgrid[:_SIDE, :_SIDE].astype(np.float64)
    noise: npt.NDArray[np.float64] = (x * 0.7548776662466927 + y * 0.5698402909980532) % 1
    return noise


def _repeat(tile: npt.NDArray[_Number], width: int, height: int) -> npt.NDArray[_Number]:
    tiled: npt.NDArray[_Number] = np.tile(tile, (-(-height // _SIDE), -(-width // _SIDE)))[:height, :width]
    return np.ascontiguousarray(tiled)
