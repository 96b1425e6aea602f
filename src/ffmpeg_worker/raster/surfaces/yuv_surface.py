"""An opaque 4:2:0 surface, in the planes that an encoder takes."""

from __future__ import annotations

import cv2
import numpy as np

from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Pixels, RgbaBitmap, YuvBitmap, split_i420
from ffmpeg_worker.raster.surfaces.blend_modes import blend
from ffmpeg_worker.raster.surfaces.bt709 import color_to_yuv, to_rgba, yuv_to_rgb
from ffmpeg_worker.raster.surfaces.patch import YuvPatch, halve, mix, replaces_surface
from ffmpeg_worker.raster.surfaces.placement import Placement
from ffmpeg_worker.raster.surfaces.transform_rgba import transform_rgba, transform_rgba_to_yuv
from ffmpeg_worker.raster.surfaces.transform_yuv import transform_yuv
from ffmpeg_worker.raster.surfaces.warp import Rect
from ffmpeg_worker.raster.transform import translate
from ffmpeg_worker.scene.curve import Color


class YuvSurface:
    """Limited-range BT.709 YUV 4:2:0; width and height are even.

    A bitmap that covers the whole surface is borrowed instead of copied, until something is drawn over it.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._own = np.empty(width * height * 3 // 2, np.uint8)
        self._planes = split_i420(self._own, width, height)
        self._borrowed: YuvBitmap | None = None

    @property
    def planes(self) -> tuple[Pixels, Pixels, Pixels]:
        """Y, U and V; read-only, as they may belong to a borrowed bitmap."""
        if self._borrowed is not None:
            return self._borrowed.y, self._borrowed.u, self._borrowed.v
        return self._planes

    @property
    def buffers(self) -> tuple[memoryview, ...]:
        """The frame's bytes in I420 order, in one piece or three; copied only if a plane is not contiguous."""
        if self._borrowed is None:
            return (self._own.data,)
        return tuple(np.ascontiguousarray(plane).data.cast("B") for plane in self.planes)

    @property
    def i420(self) -> Pixels:
        """The frame in one piece: (height · 3/2, width)."""
        self._copy_borrowed()
        return self._own.reshape(self.height * 3 // 2, self.width)

    def replace(self, i420: Pixels) -> None:
        """Set all pixels from a frame in one piece."""
        self._borrowed = None
        np.copyto(self._own, i420.reshape(-1))

    def mix(self, below: YuvSurface, share: float | Pixels) -> None:
        """Mix with another surface; `share` is the weight of this one: 0 to 1, or 0 to 255 for each pixel."""
        shares: list[float | Pixels] = [share] * 3 if isinstance(share, float) else [share, *[halve(share)] * 2]
        for own, here, there, part in zip(self._planes, self.planes, below.planes, shares, strict=True):
            mix(there, here, part, own)
        self._borrowed = None

    def fill(self, color: Color) -> None:
        """Set every pixel to a color; its opacity is ignored."""
        self._borrowed = None
        for plane, value in zip(self._planes, color_to_yuv(color), strict=True):
            plane[:] = round(value)

    def copy_from(self, other: YuvSurface) -> None:
        """Copy the pixels of another surface of the same size."""
        self._borrowed = other._borrowed
        if self._borrowed is None:
            np.copyto(self._own, other._own)

    def draw(self, bitmap: Bitmap, placement: Placement) -> None:
        """Draw a bitmap over the current pixels."""
        if placement.blend_mode != "normal":
            self._draw_blended(bitmap, placement)
        elif isinstance(bitmap, RgbaBitmap):
            self._composite(transform_rgba_to_yuv(bitmap, placement, self._rect))
        elif replaces_surface(bitmap, placement, (self.width, self.height)):
            self._borrowed = bitmap
        else:
            self._composite(transform_yuv(bitmap, placement, self._rect))

    @property
    def _rect(self) -> Rect:
        return Rect(0, 0, self.width, self.height)

    def _composite(self, patch: YuvPatch | None) -> None:
        patch = patch.crop(self._rect) if patch else None
        if patch is None:
            return
        self._copy_borrowed()
        for index, (target, part) in enumerate(zip(self._planes, patch.planes, strict=True)):
            below = target[(patch.rect.halve() if index else patch.rect).slices]
            if patch.backdrop is None:
                np.copyto(below, part)
            else:
                cv2.multiply(below, patch.backdrop[1 if index else 0], dst=below, scale=1 / 255)
                cv2.add(below, part, dst=below)

    def _copy_borrowed(self) -> None:
        if self._borrowed is not None:
            for own, other in zip(self._planes, self.planes, strict=True):
                np.copyto(own, other)
            self._borrowed = None

    def _draw_blended(self, bitmap: Bitmap, placement: Placement) -> None:
        rgba = bitmap if isinstance(bitmap, RgbaBitmap) else to_rgba(bitmap)
        patch = transform_rgba(rgba, "rgba", placement.transform, self._rect)
        common = patch and patch.rect.intersect(self._rect)
        if not patch or not common:
            return
        rect = common.expand_to_even()
        y, u, v = self.planes
        luma, chroma = y[rect.slices], rect.halve().slices
        below = cv2.merge([*yuv_to_rgb(luma, u[chroma], v[chroma]), np.full_like(luma, 255)])
        inner = below[common.relative_to(rect).slices]
        above = patch.pixels[common.relative_to(patch.rect).slices]
        blended = RgbaBitmap(blend(inner, above, placement.blend_mode))  # type: ignore[arg-type]
        self.draw(blended, Placement(translate(common.x, common.y), placement.opacity))
