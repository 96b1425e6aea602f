"""The loudness of a sound as bars or a line that move with it."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import cv2
import numpy as np

from ffmpeg_worker.raster.media.audio_levels import AudioLevels, Floats
from ffmpeg_worker.raster.media.object_fit import Size
from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Pixels, RgbaBitmap
from ffmpeg_worker.scene.scene import WaveformContent

_THICKNESS = 0.5
"""A bar's share of the room that it has."""

_SHIFT = 4
"""Bits after the point in coordinates that OpenCV draws at."""


class WaveformSource:
    """A `Source` of a sound's loudness: low sounds on the left, mirrored about the middle line."""

    def __init__(self, content: WaveformContent, path: Path, size: Size, *, where: str = "") -> None:
        """Open the file's sound. Raises: RasterError."""
        self._content = content
        self._size = size
        self._bars = max(min(content.bars, size[0] // 2), 1)
        self._loudness = AudioLevels(path, self._bars, where=where)
        red, green, blue, alpha = content.colour
        colour = np.array([red * alpha, green * alpha, blue * alpha, alpha])
        # By coverage: red, green, blue and opacity, multiplied with the opacity.
        self._table = np.round(np.arange(256)[:, None] * colour).astype(np.uint8)
        self._key: bytes | None = None
        self._tile: RgbaBitmap | None = None

    @property
    def size(self) -> Size:
        """Width and height."""
        return self._size

    def picture(self, time_s: float) -> Bitmap | None:
        """The loudness at a time of the element."""
        levels = self._loudness.at(self._content.begin_s + max(time_s, 0.0) * self._content.speed)
        # Less than a quarter of a pixel is not seen.
        heights = np.round(levels * self._size[1] * 2).astype(np.int32)
        key = heights.tobytes()
        if self._tile is None or key != self._key:
            cover = _bars(heights, self._size) if self._content.look == "bars" else _line(levels, self._size)
            channels = [cv2.LUT(cover, self._table[:, channel]) for channel in range(4)]
            self._tile = RgbaBitmap(cast(Pixels, cv2.merge(channels)))
            self._key = key
        return self._tile

    def close(self) -> None:
        """Free the sound and the picture."""
        self._loudness.close()
        self._tile = None


def _bars(heights: np.ndarray[tuple[int], np.dtype[np.int32]], size: Size) -> Pixels:
    """Rounded bars; `heights` are in half pixels."""
    width, height = size
    cover = np.zeros((height, width), np.uint8)
    room = width / heights.size
    thick = max(int(room * _THICKNESS), 1)
    unit = 1 << _SHIFT
    middle = (height - 1) / 2
    for index, level in enumerate(heights):
        x = round(((index + 0.5) * room - 0.5) * unit)
        reach = max(level / 4 - thick / 2, 0.0)
        top, bottom = round((middle - reach) * unit), round((middle + reach) * unit)
        cv2.line(cover, (x, top), (x, bottom), 255, thick, cv2.LINE_AA, _SHIFT)
    return cover


def _line(levels: Floats, size: Size) -> Pixels:
    """A smooth line that swings about the middle as far as it is loud."""
    width, height = size
    cover = np.zeros((height, width), np.uint8)
    thick = max(round(height / 40), 2)
    signs = np.where(np.arange(levels.size) % 2 == 0, 1.0, -1.0)
    ends = np.concatenate(([0.0], levels * signs, [0.0])).astype(np.float32)
    curve = cv2.resize(ends[None], (width, 1), interpolation=cv2.INTER_CUBIC)[0].clip(-1, 1)
    unit = 1 << _SHIFT
    y = (height - 1) / 2 - curve * (height / 2 - thick)
    points = np.stack((np.arange(width) * unit, np.round(y * unit)), axis=1).astype(np.int32)
    cv2.polylines(cover, [points], isClosed=False, color=255, thickness=thick, lineType=cv2.LINE_AA, shift=_SHIFT)
    return cover
