"""Effects on a bitmap before it is placed: clipping to a rounded rectangle, masking and blur."""

from __future__ import annotations

import functools
import math

import cv2
import numpy as np

from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Pixels, RgbaBitmap, YuvBitmap, derive
from ffmpeg_worker.raster.surfaces.bt709 import to_rgba
from ffmpeg_worker.raster.transform import IDENTITY, Transform, compose, scale_by, translate

Window = tuple[float, float, float, float]
"""Left, top, right and bottom of the visible part of a bitmap, in its pixels."""

_MIN_REDUCED_SIGMA = 4.0
"""Pixels. A blur of this standard deviation or more still looks the same on a bitmap of half the size."""


def clip_rounded(bitmap: Bitmap, window: Window, radii: tuple[float, float]) -> Bitmap:
    """Clear everything outside of a window; `radii` are the horizontal and vertical radius of its corners."""
    width, height = bitmap.size
    if max(radii) <= 0 and window[0] <= 0 and window[1] <= 0 and window[2] >= width and window[3] >= height:
        return bitmap
    key = tuple(round(part, 2) for part in (*window, *radii))
    return derive(bitmap, "window", key, lambda: apply_mask(bitmap, _rounded_mask((width, height), key)))


def apply_mask(bitmap: Bitmap, mask: Pixels) -> Bitmap:
    """Multiply the opacity of each pixel by a mask (0 to 255)."""
    if isinstance(bitmap, RgbaBitmap):
        return RgbaBitmap(cv2.multiply(bitmap.rgba, cv2.merge([mask] * 4), scale=1 / 255))  # type: ignore[arg-type]
    if bitmap.alpha is not None:
        mask = cv2.multiply(bitmap.alpha, mask, scale=1 / 255)  # type: ignore[assignment]
    return YuvBitmap(bitmap.y, bitmap.u, bitmap.v, mask)


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
    margin_x, margin_y = (math.ceil((3 * part + 2) / factor) for part in sigma)
    blurred = RgbaBitmap(_blur_reduced(rgba, sigma, factor, (margin_x, margin_y), cv2.BORDER_CONSTANT))
    return blurred, compose(translate(-margin_x, -margin_y), scale_by(factor, factor))


def _blur_opaque_yuv(bitmap: YuvBitmap, sigma: tuple[float, float]) -> tuple[Bitmap, Transform]:
    """Blur the planes with repeated edge pixels, and let the opacity fade out beyond the edges."""
    factor = _reduction(sigma)
    margin_x, margin_y = (2 * math.ceil((1.5 * part + 1) / factor) for part in sigma)
    width, height = bitmap.size
    # Chroma planes need padding by whole pixels, too.
    size = (width + -width % (2 * factor), height + -height % (2 * factor))
    u, v = (
        _blur_reduced(
            part, (sigma[0] / 2, sigma[1] / 2), factor, (margin_x // 2, margin_y // 2), cv2.BORDER_REPLICATE
        )
        for part in (bitmap.u, bitmap.v)
    )
    margin = (margin_x, margin_y)
    y = _blur_reduced(_pad(bitmap.y, size, cv2.BORDER_REPLICATE), sigma, factor, margin, cv2.BORDER_REPLICATE)
    opaque = _pad(np.full_like(bitmap.y, 255), size, cv2.BORDER_CONSTANT)
    alpha = _blur_reduced(opaque, sigma, factor, margin, cv2.BORDER_CONSTANT)
    return YuvBitmap(y, u, v, alpha), compose(translate(-margin_x, -margin_y), scale_by(factor, factor))


def _reduction(sigma: tuple[float, float]) -> int:
    """Return the power of two by which a bitmap may be reduced without a visible difference in its blur."""
    return 1 << max(0, math.ceil(math.log2(min(sigma) / _MIN_REDUCED_SIGMA)))


def _pad(pixels: Pixels, size: tuple[int, int], border: int) -> Pixels:
    height, width = pixels.shape[:2]
    return cv2.copyMakeBorder(pixels, 0, size[1] - height, 0, size[0] - width, border)  # type: ignore[return-value]


def _blur_reduced(
    pixels: Pixels, sigma: tuple[float, float], factor: int, margin: tuple[int, int], border: int
) -> Pixels:
    """Reduce pixels by a factor, add a margin (in reduced pixels) and blur them."""
    if factor > 1:
        height, width = (math.ceil(length / factor) for length in pixels.shape[:2])
        pixels = _pad(pixels, (width * factor, height * factor), border)
        pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    grown = cv2.copyMakeBorder(pixels, margin[1], margin[1], margin[0], margin[0], border)
    return cv2.GaussianBlur(grown, (0, 0), sigma[0] / factor, sigmaY=sigma[1] / factor)  # type: ignore[return-value]
