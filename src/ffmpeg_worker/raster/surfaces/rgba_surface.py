"""A transparent picture that is drawn onto."""

from __future__ import annotations

import cv2
import numpy as np

from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Pixels, RgbaBitmap
from ffmpeg_worker.raster.surfaces.blend_modes import blended
from ffmpeg_worker.raster.surfaces.patch import eighth_bit, mix
from ffmpeg_worker.raster.surfaces.transform_rgba import tile_of, tile_patch
from ffmpeg_worker.raster.surfaces.warp import Rect
from ffmpeg_worker.raster.transform import Place
from ffmpeg_worker.scene.curve import Color


class RgbaSurface:
    """Red, green, blue and opacity, multiplied with it: `rgba` is (height, width, 4)."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.rgba: Pixels = np.zeros((height, width, 4), np.uint8)

    @property
    def buffers(self) -> tuple[memoryview, ...]:
        """The bytes of `rgba`, still multiplied with the opacity."""
        return (self.rgba.data,)

    def straight(self) -> Pixels:
        """The pixels as files hold them: not multiplied with the opacity."""
        alpha = self.rgba[:, :, 3]
        if int(alpha.min()) == 255:
            return self.rgba.copy()
        parts = (cv2.divide(self.rgba[:, :, i], alpha, scale=255) for i in range(3))
        return cv2.merge([*parts, alpha])  # type: ignore[return-value]

    def fill(self, colour: Color) -> None:
        """One colour all over, or nothing."""
        red, green, blue, alpha = colour
        self.rgba[:] = [round(part * alpha * 255) for part in (red, green, blue, 1.0)]

    def copy_from(self, other: RgbaSurface) -> None:
        """The same as another of that size."""
        np.copyto(self.rgba, other.rgba)

    def mix(self, below: RgbaSurface, share: float | Pixels) -> None:
        """Let another picture through; `share` is how much stays: 0 to 1, or 0 to 255 for each pixel."""
        each = share if isinstance(share, float) else cv2.merge([share] * 4)
        mix(below.rgba, self.rgba, each, self.rgba)  # type: ignore[arg-type]

    def draw(self, picture: Bitmap, place: Place) -> None:
        """Put a picture on top of what is there."""
        tile = picture if isinstance(picture, RgbaBitmap) else tile_of(picture)
        surface = Rect(0, 0, self.width, self.height)
        patch = tile_patch(tile, "rgba", place.matrix, surface)
        rect = patch and patch.rect.within(surface)
        if not patch or not rect:
            return
        x, y = rect.x - patch.rect.x, rect.y - patch.rect.y
        above = patch.pixels[y : y + rect.height, x : x + rect.width]
        below = self.rgba[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]
        if place.blend != "normal":
            above = blended(below, above, place.blend)
        level = eighth_bit(place.opacity)
        if level < 255:
            above = cv2.convertScaleAbs(above, alpha=level / 255)  # type: ignore[assignment]
        alpha = above[:, :, 3]
        if int(alpha.min()) == 255:
            np.copyto(below, above)
            return
        keep = cv2.bitwise_not(cv2.merge([alpha] * 4))
        cv2.multiply(below, keep, dst=below, scale=1 / 255)
        cv2.add(below, above, dst=below)
