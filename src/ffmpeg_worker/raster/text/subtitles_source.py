"""Subtitles of a scene as a source of pictures."""

from __future__ import annotations

import bisect
import itertools
import math
from collections import OrderedDict

from ffmpeg_worker.raster.surfaces.bitmap import RgbaBitmap
from ffmpeg_worker.raster.text.font_library import FontLibrary
from ffmpeg_worker.raster.text.glyph_masks import Group
from ffmpeg_worker.raster.text.karaoke import Karaoke, Moment
from ffmpeg_worker.raster.text.layout import Layout
from ffmpeg_worker.raster.text.layout_text import measure
from ffmpeg_worker.raster.text.painter import Painter
from ffmpeg_worker.scene.curve import Color, Curve, color_at
from ffmpeg_worker.scene.scene import Cue, SubtitlesContent
from ffmpeg_worker.scene.text_style import TextStyle

_KEPT = 3


class SubtitlesSource:
    """Cues in a box of `width` (else the content's `most_width`) and `height`, else that of one line.

    Cues with more lines reach out of the box: upwards where the style is vertically aligned to the bottom,
    downwards for the top, both ways for the centre. Cues at one time stand below each other.
    """

    def __init__(
        self, content: SubtitlesContent, width: float | None, height: float | None, library: FontLibrary
    ) -> None:
        style = content.style
        self._cues = content.cues
        self._begins = [cue.begin_s for cue in content.cues]
        self._latest_ends = list(itertools.accumulate((cue.end_s for cue in content.cues), max))
        self._style = style
        self._library = library
        padding = style.background.padding_y if style.background else 0.0
        self._width = content.most_width if width is None else width
        self._height = style.line_height * style.size + 2 * padding if height is None else height
        self._shown: OrderedDict[tuple[int, ...], _Shown] = OrderedDict()

    @property
    def size(self) -> tuple[int, int]:
        """The box, in whole pixels."""
        return max(math.ceil(self._width), 1), max(math.ceil(self._height), 1)

    def picture(self, time_s: float) -> RgbaBitmap | None:
        """The cues of a time; the same tile while nothing changes, `None` between them."""
        active = self._active(time_s)
        if not active:
            return None
        shown = self._shown.pop(active, None)
        if shown is None:
            cues = [self._cues[index] for index in active]
            shown = _Shown(cues, self._style, self._width, self._height, self._library)
        self._shown[active] = shown
        if len(self._shown) > _KEPT:
            self._shown.popitem(last=False)
        return shown.picture(time_s)

    def close(self) -> None:
        """Let go of the tiles."""
        self._shown.clear()

    def _active(self, time_s: float) -> tuple[int, ...]:
        found: list[int] = []
        index = bisect.bisect_right(self._begins, time_s) - 1
        while index >= 0 and self._latest_ends[index] > time_s:
            if self._cues[index].end_s > time_s:
                found.append(index)
            index -= 1
        return tuple(reversed(found))


class _Shown:
    """The cues of one time."""

    def __init__(
        self, cues: list[Cue], style: TextStyle, width: float, height: float, library: FontLibrary
    ) -> None:
        text = "\n".join(cue.text.strip() or " ".join(word.text.strip() for word in cue.words) for cue in cues)
        self._layout: Layout = measure(text, style, width, height, library=library)
        self._painter = Painter(self._layout, style)
        words = sorted((word for cue in cues for word in cue.words), key=lambda word: word.begin_s)
        is_marked = bool(words) and style.highlight is not None
        self._karaoke = (
            Karaoke(words, self._layout, style.highlight, style.transform)
            if is_marked and style.highlight is not None
            else None
        )
        self._colour = style.colour
        self._last: tuple[tuple[Moment | None, Color], RgbaBitmap] | None = None

    def picture(self, time_s: float) -> RgbaBitmap:
        colour = color_at(self._colour, time_s) if isinstance(self._colour, Curve) else self._colour
        moment = self._karaoke.moment(time_s) if self._karaoke else None
        if self._last is None or self._last[0] != (moment, colour):
            self._last = ((moment, colour), self._painted(moment, colour))
        return self._last[1]

    def _painted(self, moment: Moment | None, colour: Color) -> RgbaBitmap:
        if self._karaoke is None or moment is None:
            return self._painter.paint([Group(self._layout.glyphs, colour)])
        return self._painter.paint([*self._karaoke.groups(moment, colour)], self._karaoke.boxes(moment))
