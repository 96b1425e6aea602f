"""What is done to a picture before it is placed: a window with round corners, and blur."""

from __future__ import annotations

import functools
import math

import cv2
import numpy as np

from ffmpeg_worker.raster.patch import tile_of
from ffmpeg_worker.raster.picture import Bytes, Picture, Planes, Tile
from ffmpeg_worker.raster.place import IDENTITY, Matrix, at, scaled, then
from ffmpeg_worker.raster.warp import recall

Window = tuple[float, float, float, float]
"""Left, top, right and bottom of what is shown, in pixels of the picture."""

_SHARP = 4.0
"""A standard deviation above which a picture at half the size blurs to the same."""


def windowed(picture: Picture, window: Window, radii: tuple[float, float]) -> Picture:
    """The picture with nothing outside of the window, whose corners are elliptic arcs of these radii."""
    width, height = picture.size
    if max(radii) <= 0 and window[0] <= 0 and window[1] <= 0 and window[2] >= width and window[3] >= height:
        return picture
    key = tuple(round(part, 2) for part in (*window, *radii))
    if isinstance(picture, Tile):
        rgba = picture.rgba
        return recall(picture.forms, "window", key, lambda: _masked_tile(rgba, key))
    mask = _mask((width, height), key)
    if picture.alpha is not None:
        mask = cv2.multiply(picture.alpha, mask, scale=1 / 255)  # type: ignore[assignment]
    shown = mask
    return recall(picture.forms, "window", key, lambda: Planes(picture.y, picture.u, picture.v, shown))


def _masked_tile(rgba: Bytes, key: tuple[float, ...]) -> Tile:
    mask = _mask((rgba.shape[1], rgba.shape[0]), key)
    return Tile(cv2.multiply(rgba, cv2.merge([mask] * 4), scale=1 / 255))  # type: ignore[arg-type]


@functools.lru_cache(maxsize=16)
def _mask(size: tuple[int, int], key: tuple[float, ...]) -> Bytes:
    """How much of each pixel is inside of a rounded rectangle (left, top, right, bottom, radii)."""
    left, top, right, bottom, radius_x, radius_y = key
    x = np.arange(size[0], dtype=np.float32) + np.float32(0.5)
    y = (np.arange(size[1], dtype=np.float32) + np.float32(0.5))[:, None]
    half_x, half_y = (right - left) / 2, (bottom - top) / 2
    radius_x, radius_y = max(min(radius_x, half_x), 1e-3), max(min(radius_y, half_y), 1e-3)
    # Distances from the straight part's end, beyond which the corners' arcs begin.
    out_x = np.abs(x - (left + right) / 2) - (half_x - radius_x)
    out_y = np.abs(y - (top + bottom) / 2) - (half_y - radius_y)
    sides = np.clip(radius_x + 0.5 - out_x, 0, 1) * np.clip(radius_y + 0.5 - out_y, 0, 1)
    share_x, share_y = np.maximum(out_x, 0) / radius_x, np.maximum(out_y, 0) / radius_y
    far = np.sqrt(share_x**2 + share_y**2)
    slope = np.sqrt((share_x / radius_x) ** 2 + (share_y / radius_y) ** 2) / np.maximum(far, 1e-6)
    corner = np.clip((1 - far) / np.maximum(slope, 1e-6) + 0.5, 0, 1)
    inside = np.where((out_x > 0) & (out_y > 0), np.minimum(corner, sides), sides)
    mask: Bytes = np.rint(inside * 255).astype(np.uint8)
    return mask


def blurred(picture: Picture, sigma: tuple[float, float]) -> tuple[Picture, Matrix]:
    """A picture with soft edges, and from its pixels to the given picture's; `sigma` is in those, x and y."""
    if max(sigma) < 0.05:
        return picture, IDENTITY
    tile = picture if isinstance(picture, Tile) else tile_of(picture)
    key = tuple(round(part, 2) for part in sigma)
    return recall(tile.forms, "blur", key, lambda: _blur(tile.rgba, sigma))


def _blur(rgba: Bytes, sigma: tuple[float, float]) -> tuple[Tile, Matrix]:
    sigma_x, sigma_y = max(sigma[0], 0.05), max(sigma[1], 0.05)
    less = 1 << max(0, math.floor(math.log2(min(sigma_x, sigma_y) / _SHARP)) + 1 if min(sigma) > _SHARP else 0)
    # Whole pixels of the smaller picture on each side.
    rim_x, rim_y = (math.ceil((3 * part + 2) / less) * less for part in (sigma_x, sigma_y))
    height, width = rgba.shape[:2]
    more_x, more_y = -width % less, -height % less
    grown = cv2.copyMakeBorder(rgba, rim_y, rim_y + more_y, rim_x, rim_x + more_x, cv2.BORDER_CONSTANT)
    if less > 1:
        size = (grown.shape[1] // less, grown.shape[0] // less)
        grown = cv2.resize(grown, size, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(grown, (0, 0), sigma_x / less, sigmaY=sigma_y / less)
    return Tile(soft), then(scaled(less, less), at(-rim_x, -rim_y))  # type: ignore[arg-type]
