"""Transitions that libavfilter draws, at any share of the way."""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import av
import cv2
import numpy as np
from av.filter import Graph
from av.filter.context import FilterContext

from ffmpeg_worker.raster.effects import masked
from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Pixels, RgbaBitmap
from ffmpeg_worker.raster.surfaces.rgba_surface import RgbaSurface
from ffmpeg_worker.raster.surfaces.transform_rgba import tile_of
from ffmpeg_worker.raster.surfaces.yuv_surface import YuvSurface
from ffmpeg_worker.scene.transitions import SHAPED, xfade_name

_STEPS = 10_000
_CROPPING = ("circlecrop", "rectcrop")
_COLOURING = ("fadeblack", "fadewhite", "fadegrays", "fadefast", "fadeslow")

Surface = YuvSurface | RgbaSurface


class Xfade:
    """One transition between pictures of one size and format."""

    def __init__(self, name: str, size: tuple[int, int], pixel_format: str) -> None:
        self._format = pixel_format
        self._graph = Graph()
        rate = f"time_base=1/{_STEPS}:frame_rate={_STEPS}/1:pixel_aspect=1/1"
        feed = f"video_size={size[0]}x{size[1]}:pix_fmt={pixel_format}:{rate}"
        self._before, self._after = (self._graph.add("buffer", feed) for _ in range(2))
        effect = self._graph.add("xfade", f"transition={xfade_name(name)}:duration=1:offset={-1 / _STEPS:.6f}")
        # xfade has no 4:2:0; what it is given instead is brought back.
        last = self._graph.add("format", f"pix_fmts={pixel_format}")
        self._end = self._graph.add("buffersink")
        self._before.link_to(effect, 0, 0)
        self._after.link_to(effect, 0, 1)
        effect.link_to(last)
        last.link_to(self._end)
        self._graph.configure()
        self._has_begun = False

    def mixed(self, before: Pixels, after: Pixels, share: float) -> Pixels:
        """What is seen when that share of the way is done, more than 0 and less than 1.

        Arrays are as PyAV has them for the format.
        """
        if not self._has_begun:
            # Shares are counted from the time of the first pair.
            self._has_begun = True
            self._step(before, after, 0)
        return self._step(before, after, min(max(round(share * _STEPS), 1), _STEPS - 1) - 1)

    def _step(self, before: Pixels, after: Pixels, time: int) -> Pixels:
        self._push(self._before, before, time)
        self._push(self._after, after, time)
        frame = self._end.pull()
        return cast("av.VideoFrame", frame).to_ndarray()  # type: ignore[return-value]

    def _push(self, end: FilterContext, pixels: Pixels, time: int) -> None:
        frame = av.VideoFrame.from_ndarray(pixels, format=self._format)
        frame.pts = time
        frame.time_base = Fraction(1, _STEPS)
        end.push(frame)


class Mixer:
    """Every transition of one place, with the graph of the last one kept."""

    def __init__(self) -> None:
        self._key: tuple[str, tuple[int, int], str] | None = None
        self._xfade: Xfade | None = None

    def coming(self, picture: Bitmap, name: str, share: float, *, leaves: bool = False) -> Bitmap | None:
        """A picture that comes out of nothing, or goes; `None` for nothing."""
        if share <= 0 or share >= 1:
            return picture if (share >= 1) != leaves else None
        if name in SHAPED or name in _CROPPING:
            return masked(picture, self._mask(name, picture.size, share, leaves=leaves))
        rgba = picture.rgba if isinstance(picture, RgbaBitmap) else tile_of(picture).rgba
        if name == "distance":
            # From nothing every colour is too far away, and would come all at once.
            return RgbaBitmap(cv2.convertScaleAbs(rgba, alpha=1 - share if leaves else share))  # type: ignore[arg-type]
        nothing = np.zeros_like(rgba)
        pair = (rgba, nothing) if leaves else (nothing, rgba)
        mixed = self._mixed(name, picture.size, "gbrap", pair, share)
        if name in _COLOURING:
            # Around the picture nothing turns black or white.
            mixed[:, :, 3] = cv2.min(mixed[:, :, 3], rgba[:, :, 3])
        # An effect that brightens may lift a colour above its opacity.
        return RgbaBitmap(cv2.min(mixed, cv2.merge([mixed[:, :, 3]] * 4)))  # type: ignore[arg-type]

    def exchange(self, onto: Surface, before: Surface, name: str, share: float) -> None:
        """Make of `onto`, which is what comes, the mixture with what was there before, a surface of its kind."""
        # At the very ends some effects leave out a line, or read one that there is not.
        if share >= 1:
            return
        size = (onto.width, onto.height)
        if share <= 0:
            onto.copy_from(before)  # type: ignore[arg-type]  # they are of one kind
        elif xfade_name(name) == "fade":
            onto.mix(before, share)  # type: ignore[arg-type]
        elif name in SHAPED:
            onto.mix(before, self._mask(name, size, share))  # type: ignore[arg-type]
        elif isinstance(onto, RgbaSurface) and isinstance(before, RgbaSurface):
            onto.rgba[:] = self._mixed(name, size, "gbrap", (before.rgba, onto.rgba), share)
        elif isinstance(onto, YuvSurface) and isinstance(before, YuvSurface):
            onto.replace(self._mixed(name, size, "yuv420p", (before.i420, onto.i420), share))

    def _mask(self, name: str, size: tuple[int, int], share: float, *, leaves: bool = False) -> Pixels:
        """Where what comes is seen, or what goes."""
        nothing = np.zeros((size[1], size[0]), np.uint8)
        everything = np.full_like(nothing, 255)
        pair = (everything, nothing) if leaves else (nothing, everything)
        return self._mixed(name, size, "gray", pair, share)

    def _mixed(
        self, name: str, size: tuple[int, int], pixel_format: str, pair: tuple[Pixels, Pixels], share: float
    ) -> Pixels:
        key = (name, size, pixel_format)
        if self._xfade is None or self._key != key:
            self._key, self._xfade = key, Xfade(name, size, pixel_format)
        return self._xfade.mixed(*pair, share)
