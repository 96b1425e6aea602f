"""What is drawn onto a surface: pixels with the forms that they were already brought into."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]


class RgbaBitmap:
    """Red, green, blue and opacity, multiplied with the opacity: `rgba` is (height, width, 4).

    Never changed after it was made; the same tile drawn again is recognised, and what was worked out for it is
    kept in `forms`. `offset` is where its top left lies from the top left of its source's box, in pixels: a tile
    may reach beyond the box (shadows of text) or cover a part of it alone.
    """

    __slots__ = ("forms", "offset", "rgba")

    def __init__(self, rgba: Pixels, offset: tuple[int, int] = (0, 0)) -> None:
        self.rgba = rgba
        self.offset = offset
        self.forms: dict[Any, Any] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.rgba.shape[1], self.rgba.shape[0]


class YuvBitmap:
    """YUV 4:2:0 of BT.709 in limited range, as video comes: `y` is (height, width), `u` and `v` half of each.

    Width and height are even. `alpha` (height, width) is the opacity, `None` for opaque; the planes are not
    multiplied with it. Never changed after they were made.
    """

    __slots__ = ("alpha", "forms", "u", "v", "y")

    def __init__(self, y: Pixels, u: Pixels, v: Pixels, alpha: Pixels | None = None) -> None:
        self.y = y
        self.u = u
        self.v = v
        self.alpha = alpha
        self.forms: dict[Any, Any] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.y.shape[1], self.y.shape[0]


Bitmap = RgbaBitmap | YuvBitmap


class Source(Protocol):
    """What one element shows, opened."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its box; its pictures are as large, but for tiles with an `offset`."""
        ...

    def picture(self, time_s: float) -> Bitmap | None:
        """The picture at a time of the element; the same object while nothing changes, `None` for nothing.

        Times mostly rise; they may jump.
        """
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...
