"""A source that shows text."""

from __future__ import annotations

import math

from ffmpeg_worker.raster.surfaces.bitmap import RgbaBitmap
from ffmpeg_worker.raster.text.animation import AnimatedGlyphs, Animation
from ffmpeg_worker.raster.text.font_library import FontLibrary
from ffmpeg_worker.raster.text.glyph_masks import UNCHANGED, GlyphGroup
from ffmpeg_worker.raster.text.layout_text import layout_text
from ffmpeg_worker.raster.text.painter import Painter
from ffmpeg_worker.scene.content import TextContent
from ffmpeg_worker.scene.curve import Color, color_at


class TextSource:
    """A `Source` of text in a box of `width` and `height`, as far as they are given.

    `size` is the text's box, with the padding of the background. Bitmaps extend beyond it with outlines and
    shadows, or cover only a part of it; their `offset` is relative to the box.
    """

    def __init__(
        self, content: TextContent, width: float | None, height: float | None, library: FontLibrary
    ) -> None:
        style = content.style
        self.layout = layout_text(content.text, style, width, height, library=library, max_width=content.max_width)
        self._color = style.color
        self._painter = Painter(self.layout)
        self._animation = content.animation and Animation(content.animation, self.layout)
        self._last: tuple[tuple[Color, AnimatedGlyphs | None], RgbaBitmap] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """The text's box, in whole pixels."""
        return max(math.ceil(self.layout.width), 1), max(math.ceil(self.layout.height), 1)

    def render(self, time_s: float) -> RgbaBitmap:
        """Return the text at a time; the same object while nothing changes."""
        color = color_at(self._color, time_s)
        animated = self._animation.transforms(time_s) if self._animation else None
        if self._last is None or self._last[0] != (color, animated):
            moved = [(self.layout.glyphs, UNCHANGED)] if animated is None else animated
            groups = [GlyphGroup(glyphs, color, transform) for glyphs, transform in moved]
            self._last = ((color, animated), self._painter.paint(groups))
        return self._last[1]

    def close(self) -> None:
        """Do nothing: text holds no resources."""
