"""Sources made of arrays, and a library that records which are open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, RgbaBitmap, YuvBitmap
from ffmpeg_worker.scene.content import ImageContent
from ffmpeg_worker.scene.scene import Element, Scene


def solid(width: int, height: int, rgba: tuple[int, int, int, int]) -> RgbaBitmap:
    """An image of one color, premultiplied."""
    return RgbaBitmap(np.full((height, width, 4), rgba, np.uint8))


def gray(width: int, height: int, y: int) -> YuvBitmap:
    """An opaque image of one gray."""
    chroma = np.full((height // 2, width // 2), 128, np.uint8)
    return YuvBitmap(np.full((height, width), y, np.uint8), chroma, chroma.copy())


def noise_bitmap(width: int, height: int, seed: int = 1) -> RgbaBitmap:
    """An image of random colors and opacities, with many fully transparent and opaque pixels."""
    noise = np.random.default_rng(seed)
    alpha = noise.choice([0, 255, 255, *range(1, 255, 9)], (height, width, 1))
    color = noise.integers(0, 256, (height, width, 3))
    return RgbaBitmap(np.dstack([np.rint(color * alpha / 255), alpha]).astype(np.uint8))


class Still:
    """A source of one image, or of one image for each time; `closed` is set when it is closed."""

    def __init__(self, show: Bitmap | Callable[[float], Bitmap | None]) -> None:
        self._show = show
        self.times: list[float] = []
        self.closed = False

    @property
    def size(self) -> tuple[int, int]:
        """The size of the first image."""
        picture = self._show(0.0) if callable(self._show) else self._show
        return picture.size if picture else (2, 2)

    def render(self, time_s: float) -> Bitmap | None:
        """The image at this time."""
        self.times.append(time_s)
        return self._show(time_s) if callable(self._show) else self._show

    def close(self) -> None:
        """Record that the source is closed."""
        self.closed = True


class Library:
    """Opens the source that an element's `where` names; `opened` lists the names and sizes."""

    def __init__(self, **shown: Bitmap | Callable[[float], Bitmap | None]) -> None:
        self._shown = shown
        self.opened: list[tuple[str, tuple[int, int] | None]] = []
        self.stills: dict[str, Still] = {}

    def __call__(self, element: Element, size: tuple[int, int] | None) -> Still:
        self.opened.append((element.where, size))
        still = self.stills[element.where] = Still(self._shown[element.where])
        return still

    @property
    def open_now(self) -> set[str]:
        """The sources that are not closed."""
        return {name for name, still in self.stills.items() if not still.closed}


def element(where: str, first: int = 0, last: int = 100, **more: Any) -> Element:
    """An element at the top left that shows the source `where`."""
    known: dict[str, Any] = {"content": ImageContent(where), "x": 0.0, "y": 0.0, **more}
    return Element(where, first, last, **known)


def scene(*elements: Element, size: tuple[int, int] = (96, 64), fps: int = 10) -> Scene:
    """A scene of these elements on black."""
    return Scene(*size, (fps, 1), 100, (0.0, 0.0, 0.0, 1.0), elements)
