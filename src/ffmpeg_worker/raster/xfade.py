"""Transitions drawn by libavfilter's `xfade` filter, at any progress."""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import av
import cv2
import numpy as np
from av.filter import Graph
from av.filter.context import FilterContext

from ffmpeg_worker.composition.transitions import TRANSITIONS
from ffmpeg_worker.raster.color_fade import SHADES, fade_bitmap, fade_rgba, fade_yuv
from ffmpeg_worker.raster.crop_masks import CROPPING, crop_surfaces, draw_crop_mask
from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Pixels, RgbaBitmap, apply_mask
from ffmpeg_worker.raster.surfaces.bt709 import to_rgba
from ffmpeg_worker.raster.surfaces.rgba_surface import RgbaSurface
from ffmpeg_worker.raster.surfaces.yuv_surface import YuvSurface

_STEPS = 10_000
SQUEEZING = ("squeeze-h", "squeeze-v")
"""Transitions that squeeze the old picture: a single element that enters is the one that is squeezed, too."""

_ACTIVE = {"circle-open": (1 / 6, 5 / 6), "circle-close": (1 / 6, 5 / 6)}
"""The progress between which something changes, where that is not all of it."""

COLORING = ("fade-grays", "fade-fast", "fade-slow")
"""Transitions that would fill the transparent area around an element with a color."""

Surface = YuvSurface | RgbaSurface


class Xfade:
    """One transition between frames of one size and pixel format."""

    def __init__(self, name: str, size: tuple[int, int], pixel_format: str) -> None:
        self._format = pixel_format
        self._graph = Graph()
        rate = f"time_base=1/{_STEPS}:frame_rate={_STEPS}/1:pixel_aspect=1/1"
        source = f"video_size={size[0]}x{size[1]}:pix_fmt={pixel_format}:{rate}"
        self._before, self._after = (self._graph.add("buffer", source) for _ in range(2))
        xfade = TRANSITIONS[name].xfade
        effect = self._graph.add("xfade", f"transition={xfade}:duration=1:offset={-1 / _STEPS:.6f}")
        # xfade does not support 4:2:0: the graph converts to another format, and this filter back.
        last = self._graph.add("format", f"pix_fmts={pixel_format}")
        self._sink = self._graph.add("buffersink")
        self._before.link_to(effect, 0, 0)
        self._after.link_to(effect, 0, 1)
        effect.link_to(last)
        last.link_to(self._sink)
        self._graph.configure()
        self._has_begun = False
        self._active = _ACTIVE.get(name, (0.0, 1.0))

    def mix(self, before: Pixels, after: Pixels, progress: float) -> Pixels:
        """Return the frame at a progress above 0 and below 1; arrays are as PyAV stores the pixel format."""
        if not self._has_begun:
            # xfade measures progress from the time of the first pair.
            self._has_begun = True
            self._step(before, after, 0)
        first, last = self._active
        progress = first + progress * (last - first)
        return self._step(before, after, min(max(round(progress * _STEPS), 1), _STEPS - 1) - 1)

    def _step(self, before: Pixels, after: Pixels, time: int) -> Pixels:
        self._push(self._before, before, time)
        self._push(self._after, after, time)
        frame = self._sink.pull()
        return cast("av.VideoFrame", frame).to_ndarray()  # type: ignore[return-value]

    def _push(self, source: FilterContext, pixels: Pixels, time: int) -> None:
        frame = av.VideoFrame.from_ndarray(pixels, format=self._format)
        frame.pts = time
        frame.time_base = Fraction(1, _STEPS)
        source.push(frame)


class TransitionMixer:
    """Draws the transitions of one element, and keeps the filter graph of the last one."""

    def __init__(self) -> None:
        self._key: tuple[str, tuple[int, int], str] | None = None
        self._xfade: Xfade | None = None

    def mix_with_nothing(
        self, bitmap: Bitmap, name: str, progress: float, *, is_leaving: bool = False
    ) -> Bitmap | None:
        """Return a bitmap that enters or leaves; `None` if nothing of it is visible."""
        if progress <= 0 or progress >= 1:
            return bitmap if (progress >= 1) != is_leaving else None
        if name in CROPPING:
            return apply_mask(bitmap, draw_crop_mask(name, bitmap.size, 1 - progress if is_leaving else progress))
        if TRANSITIONS[name].drawn_by == "mask":
            return apply_mask(bitmap, self._mask(name, bitmap.size, progress, is_leaving=is_leaving))
        rgba = bitmap.rgba if isinstance(bitmap, RgbaBitmap) else to_rgba(bitmap).rgba
        if name in SHADES:
            return fade_bitmap(rgba, SHADES[name], 1 - progress if is_leaving else progress)
        if name == "distance":
            # Every color is so far from transparent black that all of them would appear at the same time.
            opacity = 1 - progress if is_leaving else progress
            return RgbaBitmap(cv2.convertScaleAbs(rgba, alpha=opacity))  # type: ignore[arg-type]
        nothing = np.zeros_like(rgba)
        if name in SQUEEZING and not is_leaving:
            is_leaving, progress = True, 1 - progress
        pair = (rgba, nothing) if is_leaving else (nothing, rgba)
        mixed = self._mix(name, bitmap.size, "gbrap", pair, progress)
        if name in COLORING:
            # Keep what is around the bitmap transparent instead of black or white.
            mixed[:, :, 3] = cv2.min(mixed[:, :, 3], rgba[:, :, 3])
        # Effects that brighten may raise a premultiplied color above its opacity.
        return RgbaBitmap(cv2.min(mixed, cv2.merge([mixed[:, :, 3]] * 4)))  # type: ignore[arg-type]

    def mix_surfaces(self, onto: Surface, before: Surface, name: str, progress: float) -> None:
        """Mix the surface before the transition into `onto`, the surface after it; both are of one kind.

        `before` may be overwritten.
        """
        # Some effects skip a line, or read one that does not exist, at a progress of exactly 0 or 1.
        if progress >= 1:
            return
        size = (onto.width, onto.height)
        if progress <= 0:
            onto.copy_from(before)  # type: ignore[arg-type]  # they are of one kind
        elif name == "fade":
            onto.mix(before, progress)  # type: ignore[arg-type]
        elif TRANSITIONS[name].drawn_by == "mask":
            onto.mix(before, self._mask(name, size, progress))  # type: ignore[arg-type]
        elif name in CROPPING:
            crop_surfaces(onto, before, name, progress)
        elif isinstance(onto, RgbaSurface) and isinstance(before, RgbaSurface):
            if name in SHADES:
                fade_rgba(onto, before, SHADES[name], progress)
            else:
                onto.rgba[:] = self._mix(name, size, "gbrap", (before.rgba, onto.rgba), progress)
        elif isinstance(onto, YuvSurface) and isinstance(before, YuvSurface):
            if name in SHADES:
                fade_yuv(onto, before, SHADES[name], progress)
            else:
                onto.replace(self._mix(name, size, "yuv420p", (before.i420, onto.i420), progress))

    def _mask(self, name: str, size: tuple[int, int], progress: float, *, is_leaving: bool = False) -> Pixels:
        """Return the mask of a bitmap that enters or leaves."""
        nothing = np.zeros((size[1], size[0]), np.uint8)
        everything = np.full_like(nothing, 255)
        pair = (everything, nothing) if is_leaving else (nothing, everything)
        return self._mix(name, size, "gray", pair, progress)

    def _mix(
        self, name: str, size: tuple[int, int], pixel_format: str, pair: tuple[Pixels, Pixels], progress: float
    ) -> Pixels:
        key = (name, size, pixel_format)
        if self._xfade is None or self._key != key:
            self._key, self._xfade = key, Xfade(name, size, pixel_format)
        return self._xfade.mix(*pair, progress)
