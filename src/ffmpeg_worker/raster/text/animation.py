"""Letters, words or lines that come or go one after the other."""

from __future__ import annotations

import math
from collections.abc import Callable

from ffmpeg_worker.raster.text.glyph_masks import STILL, GlyphTransform
from ffmpeg_worker.raster.text.layout import Glyph, Layout
from ffmpeg_worker.scene.easing import read_easing
from ffmpeg_worker.scene.text_style import TextAnimation

Moves = list[tuple[tuple[Glyph, ...], GlyphTransform]]

_HIDDEN = GlyphTransform(opacity=0.0)
_POP_FROM = 0.3
_WAVE_HEIGHT = 0.25


class Animation:
    """How a layout's parts stand at a time."""

    def __init__(self, animation: TextAnimation, layout: Layout) -> None:
        self._animation = animation
        self._size = layout.size
        self._units = _units(animation.by, layout)
        self._abouts = [_middle(unit, layout) for unit in self._units]
        self._ease = read_easing(animation.easing)
        self._length = animation.duration_s + animation.stagger_s * max(len(self._units) - 1, 0)

    def moves(self, time_s: float) -> Moves | None:
        """Where each part is at a time of the element; `None` while all of them rest."""
        animation = self._animation
        if animation.leaves:
            begin = animation.element_s - self._length
            if time_s <= begin:
                return None
            passed = time_s - begin
        elif time_s >= self._length:
            return None
        else:
            passed = time_s
        moves: Moves = []
        for index, (unit, about) in enumerate(zip(self._units, self._abouts, strict=True)):
            share = (passed - index * animation.stagger_s) / max(animation.duration_s, 1e-6)
            moves.append((unit, self._move(min(max(share, 0.0), 1.0), about)))
        return moves

    def _move(self, share: float, about: tuple[float, float]) -> GlyphTransform:
        name = self._animation.name
        if name == "wave":
            height = math.sin(share * 2 * math.pi) * _WAVE_HEIGHT * self._size
            return GlyphTransform(y=-height) if 0 < share < 1 else STILL
        # A part that leaves goes the way back that it would have come.
        present = 1 - share if self._animation.leaves else share
        if present >= 1:
            return STILL
        if name == "typewriter":
            is_seen = share < 1 if self._animation.leaves else share > 0
            return STILL if is_seen else _HIDDEN
        if present <= 0:
            return _HIDDEN
        eased = 1 - self._ease(share) if self._animation.leaves else self._ease(share)
        return _LOOKS[name](eased, self._size, about)


def _slide(way: float) -> Callable[[float, float, tuple[float, float]], GlyphTransform]:
    return lambda eased, size, about: GlyphTransform(
        y=way * (1 - eased) * size, opacity=_visible(eased), about=about
    )


def _visible(eased: float) -> float:
    return min(max(eased, 0.0), 1.0)


_LOOKS: dict[str, Callable[[float, float, tuple[float, float]], GlyphTransform]] = {
    "fade": lambda eased, _size, about: GlyphTransform(opacity=_visible(eased), about=about),
    "slide-up": _slide(0.6),
    "slide-down": _slide(-0.6),
    "pop": lambda eased, _size, about: GlyphTransform(
        scale=max(_POP_FROM + (1 - _POP_FROM) * eased, 0.01), opacity=_visible(eased * 2), about=about
    ),
}


def _units(by: str, layout: Layout) -> list[tuple[Glyph, ...]]:
    """The glyphs that move together, in reading order; spaces go with what is before them."""
    ordered = sorted(layout.glyphs, key=lambda glyph: glyph.start)
    words = {}
    for box in layout.words:
        words.update(dict.fromkeys(range(box.start, box.end), box.word))
    units: dict[object, list[Glyph]] = {}
    last: object = None
    for glyph in ordered:
        is_space = glyph.start not in words
        key: object = (
            glyph.line if by == "line" else words.get(glyph.start) if by == "word" else (glyph.start, glyph.line)
        )
        if is_space and by != "line" and last is not None:
            key = last
        units.setdefault(key, []).append(glyph)
        last = key
    return [tuple(unit) for unit in units.values()]


def _middle(unit: tuple[Glyph, ...], layout: Layout) -> tuple[float, float]:
    line = layout.lines[unit[0].line]
    left, right = min(glyph.left for glyph in unit), max(glyph.right for glyph in unit)
    return (left + right) / 2, (line.top + line.bottom) / 2
