"""What is done to a picture before it is placed: a window with round corners, and blur."""

from __future__ import annotations

import functools
import math

import cv2
import numpy as np

from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Pixels, RgbaBitmap, YuvBitmap
from ffmpeg_worker.raster.surfaces.transform_rgba import tile_of
from ffmpeg_worker.raster.surfaces.warp import recall
from ffmpeg_worker.raster.transform import IDENTITY, Matrix, at, scaled, then

Window = tuple[float, float, float, float]
"""Left, top, right and bottom of what is shown, in pixels of the picture."""

_SHARP = 4.0
"""A standard deviation above which a picture at half the size blurs to the same."""


def windowed(picture: Bitmap, window: Window, radii: tuple[float, float]) -> Bitmap:
    """The picture with nothing outside of the window, whose corners are elliptic arcs of these radii."""
    width, height = picture.size
    if max(radii) <= 0 and window[0] <= 0 and window[1] <= 0 and window[2] >= width and window[3] >= height:
        return picture
    key = tuple(round(part, 2) for part in (*window, *radii))
    return recall(picture.forms, "window", key, lambda: masked(picture, _mask((width, height), key)))


def masked(picture: Bitmap, mask: Pixels) -> Bitmap:
    """The picture with each pixel's opacity multiplied with a share (0 to 255)."""
    if isinstance(picture, RgbaBitmap):
        return RgbaBitmap(cv2.multiply(picture.rgba, cv2.merge([mask] * 4), scale=1 / 255))  # type: ignore[arg-type]
    if picture.alpha is not None:
        mask = cv2.multiply(picture.alpha, mask, scale=1 / 255)  # type: ignore[assignment]
    return YuvBitmap(picture.y, picture.u, picture.v, mask)


@functools.lru_cache(maxsize=16)
def _mask(size: tuple[int, int], key: tuple[float, ...]) -> Pixels:
    """How much of each pixel is inside of a rounded rectangle (left, top, right, bottom, radii)."""
    left, top, right, bottom, radius_x, radius_y = key
    x = np.arange(size[0], dtype=np.float32) + np.float32(0.5)
    y = (np.arange(size[1], dtype=np.float32) + np.float32(0.5))[:, None]
    half_x, half_y = (right - left) / 2, (bottom - top) / 2
    far_x, far_y = np.abs(x - (left + right) / 2), np.abs(y - (top + bottom) / 2)
    sides = np.clip(half_x + 0.5 - far_x, 0, 1) * np.clip(half_y + 0.5 - far_y, 0, 1)
    radius_x, radius_y = max(min(radius_x, half_x), 1e-3), max(min(radius_y, half_y), 1e-3)
    # Distances from the straight part's end, beyond which the corners' arcs begin.
    out_x, out_y = far_x - (half_x - radius_x), far_y - (half_y - radius_y)
    share_x, share_y = np.maximum(out_x, 0) / radius_x, np.maximum(out_y, 0) / radius_y
    far = np.sqrt(share_x**2 + share_y**2)
    slope = np.sqrt((share_x / radius_x) ** 2 + (share_y / radius_y) ** 2) / np.maximum(far, 1e-6)
    corner = np.clip((1 - far) / np.maximum(slope, 1e-6) + 0.5, 0, 1)
    inside = np.where((out_x > 0) & (out_y > 0), np.minimum(corner, sides), sides)
    mask: Pixels = np.rint(inside * 255).astype(np.uint8)
    return mask


def blurred(picture: Bitmap, sigma: tuple[float, float]) -> tuple[Bitmap, Matrix]:
    """A picture with soft edges, and from its pixels to the given picture's; `sigma` is in those, x and y."""
    if max(sigma) < 0.05:
        return picture, IDENTITY
    spread = (max(sigma[0], 0.05), max(sigma[1], 0.05))
    key = tuple(round(part, 2) for part in spread)
    if isinstance(picture, YuvBitmap) and picture.alpha is None:
        return recall(picture.forms, "blur", key, lambda: _blur_planes(picture, spread))
    tile = picture if isinstance(picture, RgbaBitmap) else tile_of(picture)
    return recall(tile.forms, "blur", key, lambda: _blur_tile(tile.rgba, spread))


def _blur_tile(rgba: Pixels, sigma: tuple[float, float]) -> tuple[Bitmap, Matrix]:
    less = _less(sigma)
    rim_x, rim_y = (math.ceil((3 * part + 2) / less) for part in sigma)
    soft = RgbaBitmap(_soft(rgba, sigma, less, (rim_x, rim_y), cv2.BORDER_CONSTANT))
    return soft, then(at(-rim_x, -rim_y), scaled(less, less))


def _blur_planes(picture: YuvBitmap, sigma: tuple[float, float]) -> tuple[Bitmap, Matrix]:
    """Beyond its edges the picture goes on with the colour it has there, and fades out."""
    less = _less(sigma)
    rim_x, rim_y = (2 * math.ceil((1.5 * part + 1) / less) for part in sigma)
    width, height = picture.size
    # Chroma is padded by whole pixels, too.
    size = (width + -width % (2 * less), height + -height % (2 * less))
    u, v = (
        _soft(part, (sigma[0] / 2, sigma[1] / 2), less, (rim_x // 2, rim_y // 2), cv2.BORDER_REPLICATE)
        for part in (picture.u, picture.v)
    )
    y, whole = _padded(picture.y, size, cv2.BORDER_REPLICATE), np.full_like(picture.y, 255)
    y = _soft(y, sigma, less, (rim_x, rim_y), cv2.BORDER_REPLICATE)
    alpha = _soft(_padded(whole, size, cv2.BORDER_CONSTANT), sigma, less, (rim_x, rim_y), cv2.BORDER_CONSTANT)
    return YuvBitmap(y, u, v, alpha), then(at(-rim_x, -rim_y), scaled(less, less))


def _less(sigma: tuple[float, float]) -> int:
    """By how much smaller a picture may be without its blur being seen to be coarser."""
    return 1 << max(0, math.ceil(math.log2(min(sigma) / _SHARP)))


def _padded(pixels: Pixels, size: tuple[int, int], border: int) -> Pixels:
    height, width = pixels.shape[:2]
    return cv2.copyMakeBorder(pixels, 0, size[1] - height, 0, size[0] - width, border)  # type: ignore[return-value]


def _soft(pixels: Pixels, sigma: tuple[float, float], less: int, rim: tuple[int, int], border: int) -> Pixels:
    """Blurred at a size `less` times smaller, with a rim of pixels of that size."""
    if less > 1:
        height, width = (math.ceil(length / less) for length in pixels.shape[:2])
        pixels = _padded(pixels, (width * less, height * less), border)
        pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    grown = cv2.copyMakeBorder(pixels, rim[1], rim[1], rim[0], rim[0], border)
    return cv2.GaussianBlur(grown, (0, 0), sigma[0] / less, sigmaY=sigma[1] / less)  # type: ignore[return-value]
