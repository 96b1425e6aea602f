"""A transparent RGBA surface."""

from __future__ import annotations

import cv2
import numpy as np

from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Pixels, RgbaBitmap
from ffmpeg_worker.raster.surfaces.blend_modes import blend
from ffmpeg_worker.raster.surfaces.bt709 import to_rgba
from ffmpeg_worker.raster.surfaces.patch import mix
from ffmpeg_worker.raster.surfaces.placement import Placement, quantize_opacity
from ffmpeg_worker.raster.surfaces.transform_rgba import transform_rgba
from ffmpeg_worker.raster.surfaces.warp import Rect
from ffmpeg_worker.scene.curve import Color


class RgbaSurface:
    """Premultiplied RGBA: `rgba` is (height, width, 4)."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.rgba: Pixels = np.zeros((height, width, 4), np.uint8)

    @property
    def buffers(self) -> tuple[memoryview, ...]:
        """The bytes of the straight pixels, in one piece."""
        return (self.to_straight().data.cast("B"),)

    def to_straight(self) -> Pixels:
        """Return the pixels with straight (not premultiplied) opacity, as files store them."""
        alpha = self.rgba[:, :, 3]
        if int(alpha.min()) == 255:
            return self.rgba.copy()
        parts = (cv2.divide(self.rgba[:, :, i], alpha, scale=255) for i in range(3))
        return cv2.merge([*parts, alpha])  # type: ignore[return-value]

    def fill(self, color: Color) -> None:
        """Set every pixel to a color."""
        red, green, blue, alpha = color
        self.rgba[:] = [round(part * alpha * 255) for part in (red, green, blue, 1.0)]

    def copy_from(self, other: RgbaSurface) -> None:
        """Copy the pixels of another surface of the same size."""
        np.copyto(self.rgba, other.rgba)

    def mix(self, below: RgbaSurface, share: float | Pixels) -> None:
        """Mix with another surface; `share` is the weight of this one: 0 to 1, or 0 to 255 for each pixel."""
        weight = share if isinstance(share, float) else cv2.merge([share] * 4)
        mix(below.rgba, self.rgba, weight, self.rgba)  # type: ignore[arg-type]

    def draw(self, bitmap: Bitmap, placement: Placement) -> None:
        """Draw a bitmap over the current pixels."""
        rgba = bitmap if isinstance(bitmap, RgbaBitmap) else to_rgba(bitmap)
        surface = Rect(0, 0, self.width, self.height)
        patch = transform_rgba(rgba, "rgba", placement.transform, surface)
        rect = patch and patch.rect.intersect(surface)
        if not patch or not rect:
            return
        above, below = patch.pixels[rect.relative_to(patch.rect).slices], self.rgba[rect.slices]
        if placement.blend_mode != "normal":
            above = blend(below, above, placement.blend_mode)
        opacity = quantize_opacity(placement.opacity)
        if opacity < 255:
            above = cv2.convertScaleAbs(above, alpha=opacity / 255)  # type: ignore[assignment]
        alpha = above[:, :, 3]
        if int(alpha.min()) == 255:
            np.copyto(below, above)
            return
        backdrop = cv2.bitwise_not(cv2.merge([alpha] * 4))
        cv2.multiply(below, backdrop, dst=below, scale=1 / 255)
        cv2.add(below, above, dst=below)
