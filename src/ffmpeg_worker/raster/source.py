"""The interface of sources, which render the content of an element at any time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ffmpeg_worker.raster.surfaces.bitmap import Bitmap
from ffmpeg_worker.scene.scene import Element


class Source(Protocol):
    """The opened content of one element."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the content's box. Bitmaps have this size, except those with an `offset`."""
        ...

    def render(self, time_s: float) -> Bitmap | None:
        """Return the bitmap at a time of the element; `None` if nothing is visible.

        Returns the same object while nothing changes. Times mostly increase; they may jump.
        """
        ...

    def close(self) -> None:
        """Release files, decoders and bitmaps."""
        ...


OpenSource = Callable[[Element, tuple[int, int] | None], Source]
"""Opens an element's content at a size in pixels, or at its own size for `None`."""
