"""BT.709 conversion, and measures of difference between images."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]

_KR, _KB = 0.2126, 0.0722


def planes_of(rgb: Floats) -> tuple[Floats, Floats, Floats]:
    """Luma and half-size chroma, limited range, of (height, width, 3) from 0 to 1; not rounded."""
    luma = rgb @ np.array([_KR, 1 - _KR - _KB, _KB])
    small = rgb.reshape(rgb.shape[0] // 2, 2, rgb.shape[1] // 2, 2, 3).mean((1, 3))
    small_luma = small @ np.array([_KR, 1 - _KR - _KB, _KB])
    u = (small[..., 2] - small_luma) / (2 * (1 - _KB))
    v = (small[..., 0] - small_luma) / (2 * (1 - _KR))
    return 16 + 219 * luma, 128 + 224 * u, 128 + 224 * v


def rgb_of(y: Floats, u: Floats, v: Floats) -> Floats:
    """Convert planes of one size back to RGB, 0 to 1."""
    luma, blue, red = (y - 16) / 219, (u - 128) / 224, (v - 128) / 224
    r, b = luma + 2 * (1 - _KR) * red, luma + 2 * (1 - _KB) * blue
    return np.clip(np.stack([r, (luma - _KR * r - _KB * b) / (1 - _KR - _KB), b], axis=-1), 0, 1)


def split(frame: bytes | memoryview, width: int, height: int) -> tuple[Floats, Floats, Floats]:
    """The planes of a yuv420p frame."""
    flat = np.frombuffer(frame, np.uint8).astype(np.float64)
    luma, half = width * height, (height // 2, width // 2)
    quarter = half[0] * half[1]
    return (
        flat[:luma].reshape(height, width),
        flat[luma : luma + quarter].reshape(half),
        flat[luma + quarter :].reshape(half),
    )


def psnr(one: Floats, other: Floats) -> float:
    """PSNR in dB of values up to 255; 100 if they are equal."""
    error = float(np.mean((one - other) ** 2))
    return 100.0 if error < 1e-5 else 10 * np.log10(255**2 / error)


def strays(real: Floats, truth: Floats, *, within: float) -> Floats:
    """The excess of each value over the range that the truth has within one pixel, beyond a tolerance."""
    height, width = truth.shape[:2]
    padded = np.pad(truth, [(1, 1), (1, 1), (0, 0)][: truth.ndim], mode="edge")
    near = np.stack([padded[y : y + height, x : x + width] for y in range(3) for x in range(3)])
    beyond = np.maximum(real - near.max(0), near.min(0) - real)
    more: Floats = np.maximum(beyond - within, 0)
    return more
