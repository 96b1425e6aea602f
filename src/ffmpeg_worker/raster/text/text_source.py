"""Text of a scene as a source of pictures."""

from __future__ import annotations

import math

from ffmpeg_worker.raster.surfaces.bitmap import RgbaBitmap
from ffmpeg_worker.raster.text.animation import Animation
from ffmpeg_worker.raster.text.font_library import FontLibrary
from ffmpeg_worker.raster.text.glyph_masks import GlyphTransform, Group
from ffmpeg_worker.raster.text.layout import Layout
from ffmpeg_worker.raster.text.layout_text import measure
from ffmpeg_worker.raster.text.painter import Painter
from ffmpeg_worker.scene.curve import Color, Curve, color_at
from ffmpeg_worker.scene.scene import TextContent


class TextSource:
    """Text of an element that is `width` and `height` large, as far as they are given.

    `size` is the text's box, the background's padding within; tiles reach beyond it with outlines and shadows,
    or cover less of it, as their `offset` says. `layout` tells what is where.
    """

    def __init__(
        self, content: TextContent, width: float | None, height: float | None, library: FontLibrary
    ) -> None:
        style = content.style
        self.layout: Layout = measure(
            content.text, style, width, height, library=library, most_width=content.most_width
        )
        self._colour = style.colour
        self._painter = Painter(self.layout, style)
        self._animation = content.animation and Animation(content.animation, self.layout)
        self._still: tuple[Color, RgbaBitmap] | None = None
        self._moving: tuple[tuple[Color, tuple[GlyphTransform, ...]], RgbaBitmap] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """The text's box, in whole pixels."""
        return max(math.ceil(self.layout.width), 1), max(math.ceil(self.layout.height), 1)

    def picture(self, time_s: float) -> RgbaBitmap:
        """The text at a time; the same tile while nothing changes."""
        colour = color_at(self._colour, time_s) if isinstance(self._colour, Curve) else self._colour
        moves = self._animation.moves(time_s) if self._animation else None
        if moves is not None:
            state = (colour, tuple(move for _, move in moves))
            if self._moving is None or self._moving[0] != state:
                groups = [Group(glyphs, colour, move) for glyphs, move in moves]
                self._moving = (state, self._painter.paint(groups))
            return self._moving[1]
        if self._still is None or self._still[0] != colour:
            self._still = (colour, self._painter.paint([Group(self.layout.glyphs, colour)]))
        return self._still[1]

    def close(self) -> None:
        """Nothing is held."""
