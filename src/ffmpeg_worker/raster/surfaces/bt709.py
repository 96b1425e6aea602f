"""Red, green and blue to limited-range YUV of BT.709, and back."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from ffmpeg_worker.raster.surfaces.bitmap import Pixels, YuvBitmap
from ffmpeg_worker.scene.curve import Color

_RED, _BLUE = 0.2126, 0.0722
_LUMA = np.array([_RED, 1 - _RED - _BLUE, _BLUE])
_U = (np.array([0, 0, 1]) - _LUMA) / (2 * (1 - _BLUE))
_V = (np.array([1, 0, 0]) - _LUMA) / (2 * (1 - _RED))

PREMULTIPLIED: npt.NDArray[np.float32] = np.array(
    [
        [*(_LUMA * 219 / 255), 16 / 255],
        [*(_U * 224 / 255), 128 / 255],
        [*(_V * 224 / 255), 128 / 255],
        [0, 0, 0, 1],
    ],
    dtype=np.float32,
)
"""From red, green, blue, opacity (multiplied with it, 0 to 255) to Y, U, V, opacity, multiplied likewise."""

_Y_SCALE = 255 / 219
_RED_V = 255 / 224 * 2 * (1 - _RED)
_BLUE_U = 255 / 224 * 2 * (1 - _BLUE)
_GREEN_U = -_BLUE_U * _BLUE / (1 - _RED - _BLUE)
_GREEN_V = -_RED_V * _RED / (1 - _RED - _BLUE)


def yuva_from_rgba(rgba: Pixels) -> Pixels:
    """Four channels for four, both multiplied with the opacity."""
    return cv2.convertScaleAbs(cv2.transform(rgba.astype(np.float32), PREMULTIPLIED))  # type: ignore[return-value]


def yuv_of(colour: Color) -> tuple[float, float, float]:
    """Y, U and V (0 to 255, not rounded) of a colour, without its opacity."""
    y, u, v, _ = PREMULTIPLIED @ np.array([*(part * 255 for part in colour[:3]), 255], dtype=np.float32)
    return float(y), float(u), float(v)


def rgb_from_yuv(y: Pixels, u: Pixels, v: Pixels) -> tuple[Pixels, Pixels, Pixels]:
    """Red, green and blue planes of luma and half-size chroma planes."""
    size = (y.shape[1], y.shape[0])
    u = cv2.resize(u, size, interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
    v = cv2.resize(v, size, interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
    red = cv2.addWeighted(y, _Y_SCALE, v, _RED_V, -16 * _Y_SCALE - 128 * _RED_V)
    blue = cv2.addWeighted(y, _Y_SCALE, u, _BLUE_U, -16 * _Y_SCALE - 128 * _BLUE_U)
    chroma = cv2.addWeighted(u, _GREEN_U, v, _GREEN_V, -128 * (_GREEN_U + _GREEN_V), dtype=cv2.CV_32F)
    luma = cv2.addWeighted(y, _Y_SCALE, y, 0, -16 * _Y_SCALE, dtype=cv2.CV_32F)
    green = cv2.add(luma, chroma, dtype=cv2.CV_8U)
    return red, green, blue  # type: ignore[return-value]


def rgba_from_planes(planes: YuvBitmap) -> Pixels:
    """Four channels, multiplied with the opacity."""
    colours = rgb_from_yuv(planes.y, planes.u, planes.v)
    if planes.alpha is None:
        return cv2.merge([*colours, np.full_like(planes.y, 255)])  # type: ignore[return-value]
    alpha = planes.alpha
    return cv2.merge([*(cv2.multiply(part, alpha, scale=1 / 255) for part in colours), alpha])  # type: ignore[return-value]
