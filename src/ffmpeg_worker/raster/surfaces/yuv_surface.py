"""An opaque frame in the planes that an encoder takes."""

from __future__ import annotations

import cv2
import numpy as np

from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Pixels, RgbaBitmap, YuvBitmap
from ffmpeg_worker.raster.surfaces.blend_modes import blended
from ffmpeg_worker.raster.surfaces.bt709 import rgb_from_yuv, yuv_of
from ffmpeg_worker.raster.surfaces.patch import YuvPatch, half, hides, mix
from ffmpeg_worker.raster.surfaces.transform_rgba import tile_of, tile_patch, yuv_tile_patch
from ffmpeg_worker.raster.surfaces.transform_yuv import planes_patch
from ffmpeg_worker.raster.surfaces.warp import Rect
from ffmpeg_worker.raster.transform import Place
from ffmpeg_worker.scene.curve import Color


class YuvSurface:
    """BT.709 in limited range, 4:2:0, width and height even."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._own = np.empty(width * height * 3 // 2, np.uint8)
        self._planes = _views(self._own, width, height)
        self._borrowed: YuvBitmap | None = None

    @property
    def planes(self) -> tuple[Pixels, Pixels, Pixels]:
        """Y, U and V; to be read only, they may be the picture's that was drawn."""
        if self._borrowed is not None:
            return self._borrowed.y, self._borrowed.u, self._borrowed.v
        return self._planes

    @property
    def buffers(self) -> tuple[memoryview, ...]:
        """The frame's bytes in the order of I420, in one piece or three; nothing is copied if it can be helped."""
        if self._borrowed is None:
            return (self._own.data,)
        return tuple(np.ascontiguousarray(plane).data.cast("B") for plane in self.planes)

    @property
    def i420(self) -> Pixels:
        """The frame in one piece: (height · 3/2, width)."""
        self._own_pixels()
        return self._own.reshape(self.height * 3 // 2, self.width)

    def replace(self, i420: Pixels) -> None:
        """Another frame instead."""
        self._borrowed = None
        np.copyto(self._own, i420.reshape(-1))

    def mix(self, below: YuvSurface, share: float | Pixels) -> None:
        """Let another frame through; `share` is how much stays: 0 to 1, or 0 to 255 for each pixel."""
        shares: list[float | Pixels] = [share] * 3 if isinstance(share, float) else [share, *[half(share)] * 2]
        for own, here, there, part in zip(self._planes, self.planes, below.planes, shares, strict=True):
            mix(there, here, part, own)
        self._borrowed = None

    def fill(self, colour: Color) -> None:
        """One colour all over; its opacity is left out."""
        self._borrowed = None
        for plane, value in zip(self._planes, yuv_of(colour), strict=True):
            plane[:] = round(value)

    def copy_from(self, other: YuvSurface) -> None:
        """The same as another of that size."""
        self._borrowed = other._borrowed
        if self._borrowed is None:
            np.copyto(self._own, other._own)

    def draw(self, picture: Bitmap, place: Place) -> None:
        """Put a picture on top of what is there."""
        if place.blend != "normal":
            self._draw_blended(picture, place)
        elif isinstance(picture, RgbaBitmap):
            self._put(yuv_tile_patch(picture, place, self._rect))
        elif hides(picture, place, (self.width, self.height)):
            self._borrowed = picture
        else:
            self._put(planes_patch(picture, place, self._rect))

    @property
    def _rect(self) -> Rect:
        return Rect(0, 0, self.width, self.height)

    def _put(self, patch: YuvPatch | None) -> None:
        patch = patch.within(self._rect) if patch else None
        if patch is None:
            return
        self._own_pixels()
        x, y, width, height = patch.rect
        for index, (target, part) in enumerate(zip(self._planes, patch.planes, strict=True)):
            step = 2 if index else 1
            below = target[y // step : (y + height) // step, x // step : (x + width) // step]
            if patch.keep is None:
                np.copyto(below, part)
            else:
                cv2.multiply(below, patch.keep[1 if index else 0], dst=below, scale=1 / 255)
                cv2.add(below, part, dst=below)

    def _own_pixels(self) -> None:
        if self._borrowed is not None:
            for own, other in zip(self._planes, self.planes, strict=True):
                np.copyto(own, other)
            self._borrowed = None

    def _draw_blended(self, picture: Bitmap, place: Place) -> None:
        tile = picture if isinstance(picture, RgbaBitmap) else tile_of(picture)
        patch = tile_patch(tile, "rgba", place.matrix, self._rect)
        common = patch and patch.rect.within(self._rect)
        if not patch or not common:
            return
        rect = common.evened()
        y, u, v = self.planes
        luma = y[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]
        u, v = (
            part[rect.y // 2 : (rect.y + rect.height) // 2, rect.x // 2 : (rect.x + rect.width) // 2]
            for part in (u, v)
        )
        below = cv2.merge([*rgb_from_yuv(luma, u, v), np.full_like(luma, 255)])
        left, top = common.x - rect.x, common.y - rect.y
        inner = below[top : top + common.height, left : left + common.width]
        dx, dy = common.x - patch.rect.x, common.y - patch.rect.y
        above = patch.pixels[dy : dy + common.height, dx : dx + common.width]
        mixed = RgbaBitmap(blended(inner, above, place.blend))  # type: ignore[arg-type]
        self.draw(mixed, Place((1, 0, common.x, 0, 1, common.y), place.opacity))


def _views(buffer: Pixels, width: int, height: int) -> tuple[Pixels, Pixels, Pixels]:
    luma, chroma = width * height, width * height // 4
    return (
        buffer[:luma].reshape(height, width),
        buffer[luma : luma + chroma].reshape(height // 2, width // 2),
        buffer[luma + chroma :].reshape(height // 2, width // 2),
    )
