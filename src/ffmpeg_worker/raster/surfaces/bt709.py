"""Conversions between RGB and limited-range BT.709 YUV."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from ffmpeg_worker.raster.surfaces.bitmap import Pixels, RgbaBitmap, YuvBitmap, derive
from ffmpeg_worker.raster.surfaces.row_blocks import row_blocks
from ffmpeg_worker.scene.curve import Color

_RED, _BLUE = 0.2126, 0.0722
_LUMA = np.array([_RED, 1 - _RED - _BLUE, _BLUE])
_U = (np.array([0, 0, 1]) - _LUMA) / (2 * (1 - _BLUE))
_V = (np.array([1, 0, 0]) - _LUMA) / (2 * (1 - _RED))

# From red, green and blue (0 to 1) to values around the zero of each plane.
_YUV_FROM_RGB = np.array([_LUMA * 219, _U * 224, _V * 224])

# From premultiplied RGBA (0 to 255) to premultiplied YUVA.
_YUVA_FROM_RGBA: npt.NDArray[np.float32] = np.array(
    [
        [*(_LUMA * 219 / 255), 16 / 255],
        [*(_U * 224 / 255), 128 / 255],
        [*(_V * 224 / 255), 128 / 255],
        [0, 0, 0, 1],
    ],
    dtype=np.float32,
)

_Y_SCALE = 255 / 219
_RED_V = 255 / 224 * 2 * (1 - _RED)
_BLUE_U = 255 / 224 * 2 * (1 - _BLUE)
_GREEN_U = -_BLUE_U * _BLUE / (1 - _RED - _BLUE)
_GREEN_V = -_RED_V * _RED / (1 - _RED - _BLUE)


def rgba_to_yuva(rgba: Pixels) -> Pixels:
    """Convert four premultiplied channels to four premultiplied channels."""
    yuva = np.empty(rgba.shape, np.uint8)
    for rows in row_blocks(*rgba.shape[:2]):
        cv2.convertScaleAbs(cv2.transform(rgba[rows].astype(np.float32), _YUVA_FROM_RGBA), dst=yuva[rows])
    return yuva


def colors_to_yuv(colors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return Y, U and V (0 to 255, not rounded) of rows of red, green and blue (0 to 1)."""
    yuv: npt.NDArray[np.float64] = colors @ _YUV_FROM_RGB.T + np.array([16, 128, 128])
    return yuv


def color_to_yuv(color: Color) -> tuple[float, float, float]:
    """Return Y, U and V (0 to 255, not rounded) of a color without its opacity."""
    y, u, v, _ = _YUVA_FROM_RGBA @ np.array([*(part * 255 for part in color[:3]), 255], dtype=np.float32)
    return float(y), float(u), float(v)


def yuv_to_rgb(y: Pixels, u: Pixels, v: Pixels) -> tuple[Pixels, Pixels, Pixels]:
    """Convert a luma plane and half-size chroma planes to full-size red, green and blue planes."""
    size = (y.shape[1], y.shape[0])
    u = cv2.resize(u, size, interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
    v = cv2.resize(v, size, interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
    red = cv2.addWeighted(y, _Y_SCALE, v, _RED_V, -16 * _Y_SCALE - 128 * _RED_V)
    blue = cv2.addWeighted(y, _Y_SCALE, u, _BLUE_U, -16 * _Y_SCALE - 128 * _BLUE_U)
    green = np.empty(y.shape, np.uint8)
    for rows in row_blocks(*y.shape):
        u_part, v_part, offset = u[rows], v[rows], -128 * (_GREEN_U + _GREEN_V)
        chroma = cv2.addWeighted(u_part, _GREEN_U, v_part, _GREEN_V, offset, dtype=cv2.CV_32F)
        luma = cv2.addWeighted(y[rows], _Y_SCALE, y[rows], 0, -16 * _Y_SCALE, dtype=cv2.CV_32F)
        cv2.add(luma, chroma, dst=green[rows], dtype=cv2.CV_8U)
    return red, green, blue  # type: ignore[return-value]


def to_rgba(bitmap: YuvBitmap) -> RgbaBitmap:
    """Convert a bitmap to premultiplied RGBA, once for each bitmap."""
    return derive(bitmap, "rgba", None, lambda: RgbaBitmap(_convert(bitmap)))


def _convert(bitmap: YuvBitmap) -> Pixels:
    colors = yuv_to_rgb(bitmap.y, bitmap.u, bitmap.v)
    if bitmap.alpha is None:
        return cv2.merge([*colors, np.full_like(bitmap.y, 255)])  # type: ignore[return-value]
    alpha = bitmap.alpha
    return cv2.merge([*(cv2.multiply(part, alpha, scale=1 / 255) for part in colors), alpha])  # type: ignore[return-value]
