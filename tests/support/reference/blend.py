"""Compositing by plain formulas on floats: slow, and without code of the renderer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_TO_YUV = np.array(
    [
        [0.2126 * 219, 0.7152 * 219, 0.0722 * 219],
        [-0.2126 / 1.8556 * 224, -0.7152 / 1.8556 * 224, 0.5 * 224],
        [0.5 * 224, -0.7152 / 1.5748 * 224, -0.0722 / 1.5748 * 224],
    ]
)
_ZERO = np.array([16.0, 128.0, 128.0])


def yuv_of(rgb: Floats) -> Floats:
    """Y, U, V (16 to 240) of red, green, blue (0 to 1), in the last axis."""
    out: Floats = rgb @ _TO_YUV.T + _ZERO
    return out


def rgb_of(yuv: Floats) -> Floats:
    """Convert YUV back to RGB, clipped to 0 to 1."""
    out: Floats = np.clip((yuv - _ZERO) @ np.linalg.inv(_TO_YUV).T, 0, 1)
    return out


def full(y: npt.NDArray[np.uint8], u: npt.NDArray[np.uint8], v: npt.NDArray[np.uint8]) -> Floats:
    """Join planes to (height, width, 3); each chroma sample is repeated for its four pixels."""
    return np.dstack([y, *(np.kron(part, np.ones((2, 2))) for part in (u, v))]).astype(np.float64)


def planes_of(yuv: Floats) -> tuple[Floats, Floats, Floats]:
    """Split into Y, and U and V as means of four pixels; not rounded."""
    height, width = yuv.shape[:2]
    u, v = (yuv[:, :, i].reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)) for i in (1, 2))
    return yuv[:, :, 0], u, v


def laid(rgba: npt.NDArray[np.uint8], size: tuple[int, int], back: Floats, fine: int = 8) -> Floats:
    """A premultiplied picture on an empty surface of width and height, 0 to 1.

    `back` (2, 3) leads from the surface to the picture; each pixel is the mean of `fine` times `fine` points.
    """
    width, height = size
    steps = (np.arange(width * fine) + 0.5) / fine, (np.arange(height * fine) + 0.5) / fine
    x, y = np.meshgrid(*steps)
    column = np.floor(back[0, 0] * x + back[0, 1] * y + back[0, 2]).astype(int)
    row = np.floor(back[1, 0] * x + back[1, 1] * y + back[1, 2]).astype(int)
    inside = (column >= 0) & (row >= 0) & (column < rgba.shape[1]) & (row < rgba.shape[0])
    picked = np.zeros((height * fine, width * fine, 4))
    picked[inside] = rgba[row[inside], column[inside]] / 255
    means: Floats = picked.reshape(height, fine, width, fine, 4).mean(axis=(1, 3))
    return means


def shift(x: float, y: float) -> Floats:
    """The matrix from the surface to an image whose top left corner is at (x, y)."""
    return np.array([[1, 0, -x], [0, 1, -y]], dtype=np.float64)


def over(below: Floats, above: Floats, opacity: float = 1.0) -> Floats:
    """Draw a premultiplied RGBA image (0 to 1) over opaque YUV."""
    alpha = above[:, :, 3:] * opacity
    color = np.divide(
        above[:, :, :3], above[:, :, 3:], out=np.zeros_like(above[:, :, :3]), where=above[:, :, 3:] > 0
    )
    return yuv_of(color) * alpha + below * (1 - alpha)


def blend(mode: str, b: float, s: float) -> float:  # noqa: PLR0911, C901, PLR0912
    """One channel of W3C's blend functions: `b` below, `s` above."""
    match mode:
        case "multiply":
            return b * s
        case "screen":
            return 1 - (1 - b) * (1 - s)
        case "overlay":
            return blend("hard-light", s, b)
        case "darken":
            return min(b, s)
        case "lighten":
            return max(b, s)
        case "color-dodge":
            return 0.0 if b == 0 else 1.0 if s == 1 else min(1.0, b / (1 - s))
        case "color-burn":
            return 1.0 if b == 1 else 0.0 if s == 0 else 1 - min(1.0, (1 - b) / s)
        case "hard-light":
            return b * 2 * s if s <= 0.5 else blend("screen", b, 2 * s - 1)
        case "soft-light":
            if s <= 0.5:
                return b - (1 - 2 * s) * b * (1 - b)
            d = ((16 * b - 12) * b + 4) * b if b <= 0.25 else b**0.5
            return b + (2 * s - 1) * (d - b)
        case "difference":
            return abs(b - s)
        case "exclusion":
            return b + s - 2 * b * s
        case "add":
            return min(1.0, b + s)
    return s
