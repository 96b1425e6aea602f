"""Draws gradients as CSS defines them, dithered from more than 8 bits."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ffmpeg_worker.raster.media.object_fit import Size
from ffmpeg_worker.raster.surfaces.bitmap import Floats, Pixels, YuvBitmap
from ffmpeg_worker.raster.surfaces.bt709 import colors_to_yuv
from ffmpeg_worker.raster.surfaces.dither import STEPS, triangular_noise
from ffmpeg_worker.scene.content import Gradient

_ENTRIES = 1 << 15
"""Positions along a gradient at which its color is computed: more than pixels."""


class _Ramp(NamedTuple):
    """One channel at every position: multiples of 1/256, and the weight of the noise (1 where it changes, else 0).

    Where it does not change, it is rounded to whole steps, which noise would only roughen.
    """

    values: npt.NDArray[np.int32]
    noise: npt.NDArray[np.int32]

    def draw(self, positions: npt.NDArray[np.int32]) -> Pixels:
        """Return the dithered channel at positions (height, width)."""
        height, width = positions.shape
        noise = triangular_noise(width, height) * self.noise[positions]
        steps = (self.values[positions] + noise + STEPS // 2) >> 8
        return steps.clip(0, 255).astype(np.uint8)

    def draw_rounded(self, positions: npt.NDArray[np.int32]) -> Pixels:
        """Return the channel at positions without noise."""
        return ((self.values[positions] + STEPS // 2) >> 8).astype(np.uint8)


def draw_gradient(gradient: Gradient, size: Size) -> Pixels:
    """Return a gradient that fills a box: premultiplied RGBA."""
    positions = _positions(gradient, size, 1)
    rgba = np.stack([_ramp(part * 255).draw(positions) for part in _colors(gradient).T], axis=-1)
    # Gradients between colors of the same opacity have noise in the colors only.
    rgba[..., :3] = np.minimum(rgba[..., :3], rgba[..., 3:])
    return rgba


def draw_gradient_yuv(gradient: Gradient, size: Size) -> YuvBitmap:
    """Return a gradient that fills a box of even width and height.

    Chroma is not dithered: the noise of luma hides its steps, and that of chroma would make files of x264 four
    times as large.
    """
    colors = _colors(gradient)
    y, u, v = (_ramp(part) for part in colors_to_yuv(_to_straight(colors)).T)
    opacity = _ramp(colors[:, 3] * 255)
    positions, halved = _positions(gradient, size, 1), _positions(gradient, size, 2)
    alpha = None if (colors[:, 3] == 1).all() else opacity.draw(positions)
    return YuvBitmap(y.draw(positions), u.draw_rounded(halved), v.draw_rounded(halved), alpha)


def _colors(gradient: Gradient) -> npt.NDArray[np.float64]:
    """Return premultiplied colors of 0 to 1 at every position; as in CSS, these are what is interpolated."""
    stops = np.array(gradient.colors, np.float64)
    stops[:, :3] *= stops[:, 3:]
    offsets = gradient.stops or np.linspace(0, 1, len(stops))
    at = np.linspace(0, 1, _ENTRIES)
    return np.stack([np.interp(at, offsets, part) for part in stops.T], axis=-1)


def _to_straight(colors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return colors without their opacity; transparent positions have the color of a visible one near them."""
    opacity = colors[:, 3:]
    visible = opacity[:, 0] > 1e-6
    if not visible.any():
        return np.zeros_like(colors[:, :3])
    numbers = np.where(visible, np.arange(len(colors)), -1)
    nearest = np.maximum.accumulate(numbers)
    nearest[nearest < 0] = numbers[visible][0]
    straight: npt.NDArray[np.float64] = (colors[:, :3] / np.maximum(opacity, 1e-6))[nearest]
    return straight


def _ramp(levels: npt.NDArray[np.float64]) -> _Ramp:
    """Return a channel of levels from 0 to 255."""
    changes = np.abs(np.diff(levels)) > 1e-9
    changes = np.append(changes, False) | np.append(False, changes)
    values = np.where(changes, np.rint(levels * STEPS), np.rint(levels) * STEPS)
    return _Ramp(values.astype(np.int32), changes.astype(np.int32))


def _positions(gradient: Gradient, size: Size, step: int) -> npt.NDArray[np.int32]:
    """Return the position in the gradient (an index of its colors) at the center of every `step` x `step` pixels.

    A linear gradient is laid out as in CSS: perpendiculars at its ends pass through the corners of the box. A
    radial one ends at the corners, with the aspect ratio of the box.
    """
    width, height = size
    x = (np.arange(width // step, dtype=np.float32) + np.float32(0.5)) * np.float32(step / width) - np.float32(0.5)
    y = (np.arange(height // step, dtype=np.float32) + np.float32(0.5)) * np.float32(step / height) - np.float32(
        0.5
    )
    at: Floats
    if gradient.is_radial:
        at = np.sqrt((x**2 + (y**2)[:, None]) * np.float32(2))
    else:
        angle = math.radians(gradient.angle)
        across, up = width * math.sin(angle), height * math.cos(angle)
        length = abs(across) + abs(up)
        at = np.float32(0.5) + x * np.float32(across / length) - (y * np.float32(up / length))[:, None]
    return np.rint(at.clip(0, 1) * np.float32(_ENTRIES - 1)).astype(np.int32)
