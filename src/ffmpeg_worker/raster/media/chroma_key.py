"""How see-through pixels become that have nearly the colour of a key."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from ffmpeg_worker.raster.surfaces.bitmap import Pixels
from ffmpeg_worker.scene.curve import Color
from ffmpeg_worker.scene.scene import ChromaKey

_FARTHEST = 255.0 * 2**0.5


def opacity_of(u: Pixels, v: Pixels, key: ChromaKey) -> Pixels:
    """The opacity of pixels by their chroma (BT.709, limited range), as libavfilter's `chromakey` measures it.

    Nothing is left of what is nearer to the key than its similarity; what is farther by its blend stays whole.
    """
    _, key_u, key_v = bt709_of(key.colour)
    steps = np.arange(256, dtype=np.float32)
    # One plane's share of the squared distance, by value.
    squared = cv2.LUT(u, (steps - key_u) ** 2) + cv2.LUT(v, (steps - key_v) ** 2)
    distance = cv2.blur(cv2.sqrt(squared), (3, 3), borderType=cv2.BORDER_REPLICATE)
    scale = 255.0 / max(key.blend, 0.004)
    opacity = cv2.addWeighted(distance, scale / _FARTHEST, distance, 0.0, -key.similarity * scale)
    return cast(Pixels, np.clip(opacity + 0.5, 0, 255).astype(np.uint8))


def keyed(rgba: Pixels, key: ChromaKey) -> Pixels:
    """RGBA (not multiplied with its opacity) without what has the colour of the key."""
    from_rgb = np.array([[-0.2126, -0.7152, 0.9278], [0.7874, -0.7152, -0.0722]], np.float32)
    from_rgb *= np.array([[224 / 255 / 1.8556], [224 / 255 / 1.5748]], np.float32)
    chroma = cv2.transform(rgba[..., :3].astype(np.float32), from_rgb) + 128.0
    u, v = cv2.split(np.round(chroma).astype(np.uint8))
    alpha = opacity_of(cast(Pixels, u), cast(Pixels, v), key)
    return np.dstack((rgba[..., :3], np.minimum(alpha, rgba[..., 3])))


def bt709_of(colour: Color) -> tuple[int, int, int]:
    """Y, U, V of a colour in limited range."""
    red, green, blue = colour[:3]
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return (
        round(16 + 219 * luma),
        round(128 + 224 * (blue - luma) / 1.8556),
        round(128 + 224 * (red - luma) / 1.5748),
    )
