"""Fades through black or white: the picture takes the color, and the next one appears out of it."""

from __future__ import annotations

from collections.abc import Mapping

import cv2

from ffmpeg_worker.raster.surfaces.bitmap import Pixels, RgbaBitmap
from ffmpeg_worker.raster.surfaces.rgba_surface import RgbaSurface
from ffmpeg_worker.raster.surfaces.yuv_surface import YuvSurface

SHADES: Mapping[str, float] = {"fade-black": 0.0, "fade-white": 1.0}
"""Transitions that fade through a shade of gray, 0 (black) to 1."""


def fade_bitmap(rgba: Pixels, shade: float, presence: float) -> RgbaBitmap:
    """Return premultiplied pixels at a presence of 0 to 1: they appear as a silhouette, then in their colors."""
    shaded = _shade(rgba, shade, max(2 * presence - 1, 0.0))
    return RgbaBitmap(shaded if presence >= 0.5 else cv2.convertScaleAbs(shaded, alpha=2 * presence))  # type: ignore[arg-type]


def fade_rgba(onto: RgbaSurface, before: RgbaSurface, shade: float, progress: float) -> None:
    """Fade from `before` to the pixels of `onto`; what is transparent stays so."""
    source, weight = (before, 1 - 2 * progress) if progress < 0.5 else (onto, 2 * progress - 1)
    onto.rgba[:] = _shade(source.rgba, shade, weight)


def fade_yuv(onto: YuvSurface, before: YuvSurface, shade: float, progress: float) -> None:
    """Fade from `before` to the pixels of `onto`; `before` may be overwritten."""
    color = (shade, shade, shade, 1.0)
    if progress < 0.5:
        onto.fill(color)
        onto.mix(before, 2 * progress)
    else:
        before.fill(color)
        onto.mix(before, 2 * progress - 1)


def _shade(rgba: Pixels, shade: float, weight: float) -> Pixels:
    """Mix premultiplied pixels, with a weight of 0 to 1, and the shade at the same opacity."""
    alpha = rgba[:, :, 3]
    level = cv2.convertScaleAbs(alpha, alpha=shade)
    flat = cv2.merge([level, level, level, alpha])
    return cv2.addWeighted(rgba, weight, flat, 1 - weight, 0)  # type: ignore[return-value]
