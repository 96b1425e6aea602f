"""A source that shows the spectrum of a sound as moving bars or a line."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import cv2
import numpy as np

from ffmpeg_worker.raster.media.audio_levels import AudioLevels
from ffmpeg_worker.raster.media.object_fit import Size
from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Floats, Pixels, RgbaBitmap
from ffmpeg_worker.scene.content import WaveformContent

_BAR_WIDTH = 0.5
"""Of the distance between two bars."""

_SHIFT = 4
"""Fractional bits of OpenCV's drawing coordinates."""


class WaveformSource:
    """A `Source` of a sound's levels: low frequencies on the left, mirrored at the horizontal center line."""

    def __init__(self, content: WaveformContent, path: Path, size: Size, *, where: str = "") -> None:
        """Open the file's first audio stream. Raises: RasterError."""
        self._content = content
        self.size = size
        self._bars = max(min(content.bars, size[0] // 2), 1)
        self._levels = AudioLevels(path, self._bars, where=where)
        red, green, blue, alpha = content.color
        color = np.array([red * alpha, green * alpha, blue * alpha, alpha])
        # Premultiplied RGBA for each coverage.
        self._table = np.round(np.arange(256)[:, None] * color).astype(np.uint8)
        self._key: bytes | None = None
        self._bitmap: RgbaBitmap | None = None

    def render(self, time_s: float) -> Bitmap | None:
        """Return the levels at a time of the element."""
        levels = self._levels.at(self._content.begin_s + max(time_s, 0.0) * self._content.speed)
        # Changes of less than a quarter of a pixel are invisible.
        heights = np.round(levels * self.size[1] * 2).astype(np.int32)
        key = heights.tobytes()
        if self._bitmap is None or key != self._key:
            coverage = (
                _draw_bars(heights, self.size) if self._content.look == "bars" else _draw_line(levels, self.size)
            )
            channels = [cv2.LUT(coverage, self._table[:, channel]) for channel in range(4)]
            self._bitmap = RgbaBitmap(cast(Pixels, cv2.merge(channels)))
            self._key = key
        return self._bitmap

    def close(self) -> None:
        """Close the file."""
        self._levels.close()
        self._bitmap = None


def _draw_bars(heights: np.ndarray[tuple[int], np.dtype[np.int32]], size: Size) -> Pixels:
    """Draw bars with rounded ends; `heights` are in half pixels."""
    width, height = size
    coverage = np.zeros((height, width), np.uint8)
    distance = width / heights.size
    thickness = max(int(distance * _BAR_WIDTH), 1)
    unit = 1 << _SHIFT
    middle = (height - 1) / 2
    for index, level in enumerate(heights):
        x = round(((index + 0.5) * distance - 0.5) * unit)
        reach = max(level / 4 - thickness / 2, 0.0)
        top, bottom = round((middle - reach) * unit), round((middle + reach) * unit)
        cv2.line(coverage, (x, top), (x, bottom), 255, thickness, cv2.LINE_AA, _SHIFT)
    return coverage


def _draw_line(levels: Floats, size: Size) -> Pixels:
    """Draw a smooth line that swings about the center line by the level of each band."""
    width, height = size
    coverage = np.zeros((height, width), np.uint8)
    thickness = max(round(height / 40), 2)
    signs = np.where(np.arange(levels.size) % 2 == 0, 1.0, -1.0)
    ends = np.concatenate(([0.0], levels * signs, [0.0])).astype(np.float32)
    curve = cv2.resize(ends[None], (width, 1), interpolation=cv2.INTER_CUBIC)[0].clip(-1, 1)
    unit = 1 << _SHIFT
    y = (height - 1) / 2 - curve * (height / 2 - thickness)
    points = np.stack((np.arange(width) * unit, np.round(y * unit)), axis=1).astype(np.int32)
    cv2.polylines(
        coverage, [points], isClosed=False, color=255, thickness=thickness, lineType=cv2.LINE_AA, shift=_SHIFT
    )
    return coverage
