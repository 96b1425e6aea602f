"""Effects on a bitmap before it is placed: clipping to a rounded rectangle, masking and blur."""

from __future__ import annotations

import functools
import math
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Pixels, RgbaBitmap, YuvBitmap, apply_mask, derive
from ffmpeg_worker.raster.surfaces.bt709 import to_rgba
from ffmpeg_worker.raster.surfaces.dither import STEPS, round_dithered, round_plainly
from ffmpeg_worker.raster.transform import IDENTITY, Transform, compose, scale_by, translate

Window = tuple[float, float, float, float]
"""Left, top, right and bottom of the visible part of a bitmap, in its pixels."""

_Blurred = Pixels | npt.NDArray[np.uint16]

_MAX_ENLARGED_PIXELS = 4096 * 2304
"""A blurred bitmap with more pixels stays small until it is drawn, and then shows the steps of 8 bits."""

_MIN_REDUCED_SIGMA = 4.0
"""Pixels. A blur of this standard deviation or more still looks the same on a bitmap of half the size."""


def clip_rounded(bitmap: Bitmap, window: Window, radii: tuple[float, float]) -> Bitmap:
    """Clear everything outside of a window; `radii` are the horizontal and vertical radius of its corners."""
    width, height = bitmap.size
    if max(radii) <= 0 and window[0] <= 0 and window[1] <= 0 and window[2] >= width and window[3] >= height:
        return bitmap
    key = tuple(round(part, 2) for part in (*window, *radii))
    return derive(bitmap, "window", key, lambda: apply_mask(bitmap, _rounded_mask((width, height), key)))


@functools.lru_cache(maxsize=16)
def _rounded_mask(size: tuple[int, int], key: tuple[float, ...]) -> Pixels:
    """Return the coverage of a rounded rectangle: left, top, right, bottom and two radii."""
    left, top, right, bottom, radius_x, radius_y = key
    x = np.arange(size[0], dtype=np.float32) + np.float32(0.5)
    y = (np.arange(size[1], dtype=np.float32) + np.float32(0.5))[:, None]
    half_x, half_y = (right - left) / 2, (bottom - top) / 2
    far_x, far_y = np.abs(x - (left + right) / 2), np.abs(y - (top + bottom) / 2)
    sides = np.clip(half_x + 0.5 - far_x, 0, 1) * np.clip(half_y + 0.5 - far_y, 0, 1)
    radius_x, radius_y = max(min(radius_x, half_x), 1e-3), max(min(radius_y, half_y), 1e-3)
    # Distances from the end of the straight edges, where the arcs of the corners begin.
    out_x, out_y = far_x - (half_x - radius_x), far_y - (half_y - radius_y)
    share_x, share_y = np.maximum(out_x, 0) / radius_x, np.maximum(out_y, 0) / radius_y
    far = np.sqrt(share_x**2 + share_y**2)
    slope = np.sqrt((share_x / radius_x) ** 2 + (share_y / radius_y) ** 2) / np.maximum(far, 1e-6)
    corner = np.clip((1 - far) / np.maximum(slope, 1e-6) + 0.5, 0, 1)
    inside = np.where((out_x > 0) & (out_y > 0), np.minimum(corner, sides), sides)
    mask: Pixels = np.rint(inside * 255).astype(np.uint8)
    return mask


def blur(bitmap: Bitmap, sigma: tuple[float, float]) -> tuple[Bitmap, Transform]:
    """Apply a Gaussian blur; `sigma` is its horizontal and vertical standard deviation in pixels of the bitmap.

    Returns a larger bitmap, and the transform from its pixels to those of the given one.
    """
    if max(sigma) < 0.05:
        return bitmap, IDENTITY
    spread = (max(sigma[0], 0.05), max(sigma[1], 0.05))
    key = tuple(round(part, 2) for part in spread)
    if isinstance(bitmap, YuvBitmap) and bitmap.alpha is None:
        return derive(bitmap, "blur", key, lambda: _blur_opaque_yuv(bitmap, spread))
    rgba = bitmap if isinstance(bitmap, RgbaBitmap) else to_rgba(bitmap)
    return derive(rgba, "blur", key, lambda: _blur_rgba(rgba.rgba, spread))


def _blur_rgba(rgba: Pixels, sigma: tuple[float, float]) -> tuple[Bitmap, Transform]:
    factor = _reduction(sigma)
    margin = (math.ceil((3 * sigma[0] + 2) / factor), math.ceil((3 * sigma[1] + 2) / factor))
    blurred = _blur_reduced(rgba, sigma, factor, margin, cv2.BORDER_CONSTANT)
    left = _remaining_reduction(blurred, factor)
    return RgbaBitmap(_enlarge(blurred, factor // left)), _from_blurred(margin, factor, left)


def _blur_opaque_yuv(bitmap: YuvBitmap, sigma: tuple[float, float]) -> tuple[Bitmap, Transform]:
    """Blur the planes with repeated edge pixels, and let the opacity fade out beyond the edges."""
    factor = _reduction(sigma)
    margin = (2 * math.ceil((1.5 * sigma[0] + 1) / factor), 2 * math.ceil((1.5 * sigma[1] + 1) / factor))
    halved, half_sigma = (margin[0] // 2, margin[1] // 2), (sigma[0] / 2, sigma[1] / 2)
    width, height = bitmap.size
    # Chroma planes need padding by whole pixels, too.
    size = (width + -width % (2 * factor), height + -height % (2 * factor))
    opaque = _pad(np.full_like(bitmap.y, 255), size, cv2.BORDER_CONSTANT)
    y = _blur_reduced(_pad(bitmap.y, size, cv2.BORDER_REPLICATE), sigma, factor, margin, cv2.BORDER_REPLICATE)
    u, v = (_blur_reduced(part, half_sigma, factor, halved, cv2.BORDER_REPLICATE) for part in (bitmap.u, bitmap.v))
    alpha = _blur_reduced(opaque, sigma, factor, margin, cv2.BORDER_CONSTANT)
    left = _remaining_reduction(y, factor)
    y, alpha = (_enlarge(plane, factor // left) for plane in (y, alpha))
    u, v = (_enlarge(plane, factor // left, is_chroma=True) for plane in (u, v))
    return YuvBitmap(y, u, v, alpha), _from_blurred(margin, factor, left)


def _from_blurred(margin: tuple[int, int], factor: int, left: int) -> Transform:
    """Return the transform from a blurred bitmap, of which each pixel is `left` pixels wide, to the given one."""
    return compose(scale_by(left, left), translate(-margin[0] * factor, -margin[1] * factor))


def _remaining_reduction(blurred: _Blurred, factor: int) -> int:
    """Return 1 if a bitmap reduced by a factor can be enlarged again, else the factor."""
    height, width = blurred.shape[:2]
    return 1 if width * height * factor**2 <= _MAX_ENLARGED_PIXELS else factor


def _enlarge(values: _Blurred, factor: int, *, is_chroma: bool = False) -> Pixels:
    """Enlarge values by a factor, and dither what has more than 8 bits; chroma is only rounded."""
    if values.dtype == np.uint8:
        return cast(Pixels, values)
    if factor > 1:
        size = (values.shape[1] * factor, values.shape[0] * factor)
        values = cv2.resize(values, size, interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
    steps = cast("npt.NDArray[np.uint16]", values)
    return round_plainly(steps) if is_chroma else round_dithered(steps)


def _reduction(sigma: tuple[float, float]) -> int:
    """Return the power of two by which a bitmap may be reduced without a visible difference in its blur."""
    return 1 << max(0, math.ceil(math.log2(min(sigma) / _MIN_REDUCED_SIGMA)))


def _pad(pixels: Pixels, size: tuple[int, int], border: int) -> Pixels:
    height, width = pixels.shape[:2]
    return cv2.copyMakeBorder(pixels, 0, size[1] - height, 0, size[0] - width, border)  # type: ignore[return-value]


def _blur_reduced(
    pixels: Pixels, sigma: tuple[float, float], factor: int, margin: tuple[int, int], border: int
) -> _Blurred:
    """Reduce pixels by a factor, add a margin (in reduced pixels) and blur them.

    Reduced ones become multiples of 1/256.
    """
    if factor > 1:
        height, width = (math.ceil(length / factor) for length in pixels.shape[:2])
        pixels = _pad(pixels, (width * factor, height * factor), border)
        pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    grown = cv2.copyMakeBorder(pixels, margin[1], margin[1], margin[0], margin[0], border)
    if factor > 1:
        grown = grown.astype(np.uint16) * np.uint16(STEPS)
    return cv2.GaussianBlur(grown, (0, 0), sigma[0] / factor, sigmaY=sigma[1] / factor)  # type: ignore[return-value]
