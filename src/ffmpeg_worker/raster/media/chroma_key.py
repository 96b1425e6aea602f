"""Chroma keying: pixels of nearly one color become transparent."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from ffmpeg_worker.raster.surfaces.bitmap import Pixels
from ffmpeg_worker.scene.content import ChromaKey
from ffmpeg_worker.scene.curve import Color

_MAX_DISTANCE = 255.0 * 2**0.5


def key_opacity(u: Pixels, v: Pixels, key: ChromaKey) -> Pixels:
    """Return the opacity of pixels from their limited-range BT.709 chroma, as libavfilter's `chromakey` does.

    Pixels nearer to the key color than `similarity` become transparent; the opacity rises to full over `blend`.
    """
    key_u, key_v = _chroma(key.color)
    steps = np.arange(256, dtype=np.float32)
    # Each plane's part of the squared distance, from a lookup table.
    squared = cv2.LUT(u, (steps - key_u) ** 2) + cv2.LUT(v, (steps - key_v) ** 2)
    distance = cv2.blur(cv2.sqrt(squared), (3, 3), borderType=cv2.BORDER_REPLICATE)
    scale = 255.0 / max(key.blend, 0.004)
    opacity = cv2.addWeighted(distance, scale / _MAX_DISTANCE, distance, 0.0, -key.similarity * scale)
    return cast(Pixels, np.clip(opacity + 0.5, 0, 255).astype(np.uint8))


def apply_chroma_key(rgba: Pixels, key: ChromaKey) -> Pixels:
    """Return straight RGBA in which the key color is transparent."""
    from_rgb = np.array([[-0.2126, -0.7152, 0.9278], [0.7874, -0.7152, -0.0722]], np.float32)
    from_rgb *= np.array([[224 / 255 / 1.8556], [224 / 255 / 1.5748]], np.float32)
    chroma = cv2.transform(rgba[..., :3].astype(np.float32), from_rgb) + 128.0
    u, v = cv2.split(np.round(chroma).astype(np.uint8))
    alpha = key_opacity(cast(Pixels, u), cast(Pixels, v), key)
    return np.dstack((rgba[..., :3], np.minimum(alpha, rgba[..., 3])))


def _chroma(color: Color) -> tuple[int, int]:
    """Return U and V of a color in limited-range BT.709."""
    red, green, blue = color[:3]
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return round(128 + 224 * (blue - luma) / 1.8556), round(128 + 224 * (red - luma) / 1.5748)
