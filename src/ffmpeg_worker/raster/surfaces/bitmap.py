"""Bitmaps that are drawn onto surfaces, each with a cache of what was computed from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_T = TypeVar("_T")
_MAX_CACHED = 3


@dataclass(eq=False, slots=True)
class RgbaBitmap:
    """Premultiplied RGBA: `rgba` is (height, width, 4).

    Never changed after creation, so the same object drawn again is known to be unchanged. Equal only to itself.
    `offset` is the
    position of its top left relative to the top left of its source's box, in pixels: a bitmap may extend beyond
    the box (shadows of text) or cover only a part of it.
    """

    rgba: Pixels
    offset: tuple[int, int] = (0, 0)
    cache: dict[str, dict[Any, Any]] = field(default_factory=dict, init=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.rgba.shape[1], self.rgba.shape[0]


@dataclass(eq=False, slots=True)
class YuvBitmap:
    """Limited-range BT.709 YUV 4:2:0, as video is decoded: `y` is (height, width), `u` and `v` half of each.

    Width and height are even. `alpha` (height, width) is the opacity, `None` for opaque; the planes are not
    premultiplied. Never changed after creation.
    """

    y: Pixels
    u: Pixels
    v: Pixels
    alpha: Pixels | None = None
    cache: dict[str, dict[Any, Any]] = field(default_factory=dict, init=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.y.shape[1], self.y.shape[0]


Bitmap = RgbaBitmap | YuvBitmap


def split_i420(frame: Pixels, width: int, height: int) -> tuple[Pixels, Pixels, Pixels]:
    """Return the planes of a frame in one contiguous piece."""
    flat, luma, chroma = frame.reshape(-1), width * height, width * height // 4
    return (
        flat[:luma].reshape(height, width),
        flat[luma : luma + chroma].reshape(height // 2, width // 2),
        flat[luma + chroma :].reshape(height // 2, width // 2),
    )


def derive(bitmap: Bitmap, kind: str, key: Any, compute: Callable[[], _T]) -> _T:
    """Return what `compute` makes of a bitmap for a key; the last few results of each kind are kept with it."""
    cached: dict[Any, _T] = bitmap.cache.setdefault(kind, {})
    if key not in cached:
        if len(cached) >= _MAX_CACHED:
            del cached[next(iter(cached))]
        cached[key] = compute()
    return cached[key]


def apply_mask(bitmap: Bitmap, mask: Pixels) -> Bitmap:
    """Multiply the opacity of each pixel by a mask (0 to 255)."""
    if isinstance(bitmap, RgbaBitmap):
        return RgbaBitmap(cv2.multiply(bitmap.rgba, cv2.merge([mask] * 4), scale=1 / 255))  # type: ignore[arg-type]
    if bitmap.alpha is not None:
        mask = cv2.multiply(bitmap.alpha, mask, scale=1 / 255)  # type: ignore[assignment]
    return YuvBitmap(bitmap.y, bitmap.u, bitmap.v, mask)
