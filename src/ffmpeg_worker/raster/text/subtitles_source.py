"""A source that shows subtitles."""

from __future__ import annotations

import bisect
import functools
import itertools
import math

from ffmpeg_worker.raster.surfaces.bitmap import RgbaBitmap
from ffmpeg_worker.raster.text.break_text import split_words
from ffmpeg_worker.raster.text.font_library import FontLibrary
from ffmpeg_worker.raster.text.glyph_masks import GlyphGroup
from ffmpeg_worker.raster.text.karaoke import Karaoke, KaraokeState
from ffmpeg_worker.raster.text.layout_text import layout_text
from ffmpeg_worker.raster.text.painter import Painter
from ffmpeg_worker.scene.content import Cue, SubtitlesContent, Word
from ffmpeg_worker.scene.curve import Color, color_at
from ffmpeg_worker.scene.subtitles.align_words import spread
from ffmpeg_worker.scene.text_style import TextStyle

_MAX_CACHED = 3


class SubtitlesSource:
    """A `Source` of cues in a box of `width` (else the content's `max_width`) and `height` (else one line).

    Cues with more lines extend beyond the box: upwards if the style is vertically aligned to the bottom,
    downwards for the top, both ways for the center. Simultaneous cues are stacked.
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
        self._width = content.max_width if width is None else width
        self._height = style.line_height * style.size + 2 * padding if height is None else height
        self._active_cues = functools.lru_cache(_MAX_CACHED)(self._lay_out)

    @property
    def size(self) -> tuple[int, int]:
        """The box, in whole pixels."""
        return max(math.ceil(self._width), 1), max(math.ceil(self._height), 1)

    def render(self, time_s: float) -> RgbaBitmap | None:
        """Return the cues at a time, the same object while nothing changes; `None` between cues."""
        active = self._find_active(time_s)
        return self._active_cues(active).render(time_s) if active else None

    def close(self) -> None:
        """Release the bitmaps."""
        self._active_cues.cache_clear()

    def _lay_out(self, active: tuple[int, ...]) -> _ActiveCues:
        cues = [self._cues[index] for index in active]
        return _ActiveCues(cues, self._style, self._width, self._height, self._library)

    def _find_active(self, time_s: float) -> tuple[int, ...]:
        found: list[int] = []
        index = bisect.bisect_right(self._begins, time_s) - 1
        while index >= 0 and self._latest_ends[index] > time_s:
            if self._cues[index].end_s > time_s:
                found.append(index)
            index -= 1
        return tuple(reversed(found))


def estimate_word_times(cue: Cue) -> list[Word]:
    """Return the words of a cue, each with a part of its time in proportion to its length."""
    return spread((cue.text[start:end] for start, end in split_words(cue.text)), cue.begin_s, cue.end_s)


class _ActiveCues:
    """Cues that are shown at the same time, laid out as one text."""

    def __init__(
        self, cues: list[Cue], style: TextStyle, width: float, height: float, library: FontLibrary
    ) -> None:
        text = "\n".join(cue.text.strip() for cue in cues)
        self._layout = layout_text(text, style, width, height, library=library)
        self._painter = Painter(self._layout)
        highlight = self._layout.style.highlight
        self._karaoke: Karaoke | None = None
        if highlight is not None:
            words = [word for cue in cues for word in cue.words or estimate_word_times(cue)]
            self._karaoke = Karaoke(words, self._layout, highlight)
        self._color = style.color
        self._last: tuple[tuple[KaraokeState | None, Color], RgbaBitmap] | None = None

    def render(self, time_s: float) -> RgbaBitmap:
        color = color_at(self._color, time_s)
        state = self._karaoke.state_at(time_s) if self._karaoke else None
        if self._last is None or self._last[0] != (state, color):
            if self._karaoke is None or state is None:
                bitmap = self._painter.paint([GlyphGroup(self._layout.glyphs, color)])
            else:
                bitmap = self._painter.paint([*self._karaoke.groups(state, color)], self._karaoke.boxes(state))
            self._last = ((state, color), bitmap)
        return self._last[1]
