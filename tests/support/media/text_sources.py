"""Text sources for tests, and their images as arrays of the whole box."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ffmpeg_worker.raster.surfaces.bitmap import RgbaBitmap
from ffmpeg_worker.raster.text.font_library import FontLibrary
from ffmpeg_worker.raster.text.text_source import TextSource
from ffmpeg_worker.scene.content import TextContent
from ffmpeg_worker.scene.text_style import TextAnimation, TextStyle

LIBRARY = FontLibrary()


def text_source(
    text: str,
    *,
    width: float | None = None,
    height: float | None = None,
    max_width: float = 10_000,
    animation: TextAnimation | None = None,
    **style: Any,
) -> TextSource:
    """A text source; the font size is 48 pixels unless the style sets another."""
    return TextSource(TextContent(text, TextStyle(**style), max_width, animation), width, height, LIBRARY)


def on_canvas(tile: RgbaBitmap, size: tuple[int, int], margin: int = 64) -> npt.NDArray[np.float64]:
    """The tile in a box of `size` with a margin around it: (height, width, 4), 0 to 1."""
    width, height = size
    canvas = np.zeros((height + 2 * margin, width + 2 * margin, 4))
    x, y = tile.offset[0] + margin, tile.offset[1] + margin
    canvas[y : y + tile.size[1], x : x + tile.size[0]] = tile.rgba / 255
    return canvas


def drawn(text: str, **options: Any) -> npt.NDArray[np.float64]:
    """Draw text and return it as `on_canvas` does."""
    source = text_source(text, **options)
    return on_canvas(source.render(0.0), source.size)
