"""Text animations: letters, words or lines that appear or disappear one after the other."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from ffmpeg_worker.composition.easings import parse_easing
from ffmpeg_worker.raster.text.glyph_masks import UNCHANGED, GlyphTransform
from ffmpeg_worker.raster.text.layout import Glyph, Layout
from ffmpeg_worker.scene.text_style import TextAnimation

_Point = tuple[float, float]
AnimatedGlyphs = list[tuple[tuple[Glyph, ...], GlyphTransform]]

_WORD = re.compile(r"\S+")
_HIDDEN = GlyphTransform(opacity=0.0)
_POP_START_SCALE = 0.3
_WAVE_HEIGHT = 0.25


class Animation:
    """The animation of a layout's letters, words or lines."""

    def __init__(self, animation: TextAnimation, layout: Layout) -> None:
        self._animation = animation
        self._size = layout.style.size
        self._units = _split_units(animation.by, layout)
        self._centers = [_center(unit, layout) for unit in self._units]
        self._ease = parse_easing(animation.easing).function
        self._length_s = animation.duration_s + animation.stagger_s * max(len(self._units) - 1, 0)

    def transforms(self, time_s: float) -> AnimatedGlyphs | None:
        """Return the transform of each unit at a time of the element; `None` while the text stands still."""
        animation = self._animation
        if animation.leaves:
            begin_s = animation.element_s - self._length_s
            if time_s <= begin_s:
                return None
            passed_s = time_s - begin_s
        elif time_s >= self._length_s:
            return None
        else:
            passed_s = time_s
        transforms: AnimatedGlyphs = []
        for index, (unit, center) in enumerate(zip(self._units, self._centers, strict=True)):
            progress = (passed_s - index * animation.stagger_s) / max(animation.duration_s, 1e-6)
            transforms.append((unit, self._transform(min(max(progress, 0.0), 1.0), center)))
        return transforms

    def _transform(self, progress: float, center: _Point) -> GlyphTransform:
        name, leaves = self._animation.name, self._animation.leaves
        if name == "wave":
            height = math.sin(progress * 2 * math.pi) * _WAVE_HEIGHT * self._size
            return GlyphTransform(y=-height) if 0 < progress < 1 else UNCHANGED
        # Units that leave run the animation backwards.
        presence = 1 - progress if leaves else progress
        if presence >= 1:
            return UNCHANGED
        if name == "typewriter":
            is_visible = progress < 1 if leaves else progress > 0
            return UNCHANGED if is_visible else _HIDDEN
        if presence <= 0:
            return _HIDDEN
        eased = 1 - self._ease(progress) if leaves else self._ease(progress)
        return _EFFECTS[name](eased, self._size, center)


def _slide(distance: float) -> Callable[[float, float, _Point], GlyphTransform]:
    """Return a slide from this distance below, as a multiple of the font size."""
    return lambda eased, size, center: GlyphTransform(
        y=distance * (1 - eased) * size, opacity=_clamp(eased), center=center
    )


def _clamp(opacity: float) -> float:
    return min(max(opacity, 0.0), 1.0)


_EFFECTS: dict[str, Callable[[float, float, _Point], GlyphTransform]] = {
    "fade": lambda eased, _size, center: GlyphTransform(opacity=_clamp(eased), center=center),
    "slide-up": _slide(0.6),
    "slide-down": _slide(-0.6),
    "pop": lambda eased, _size, center: GlyphTransform(
        scale=max(_POP_START_SCALE + (1 - _POP_START_SCALE) * eased, 0.01),
        opacity=_clamp(eased * 2),
        center=center,
    ),
}


def _split_units(by: str, layout: Layout) -> list[tuple[Glyph, ...]]:
    """Return the glyphs that move together, in logical order; a space belongs to the unit before it."""
    ordered = sorted(layout.glyphs, key=lambda glyph: glyph.start)
    words = {
        position: number
        for number, word in enumerate(_WORD.finditer(layout.text))
        for position in range(*word.span())
    }
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


def _center(unit: tuple[Glyph, ...], layout: Layout) -> _Point:
    line = layout.lines[unit[0].line]
    left, right = min(glyph.left for glyph in unit), max(glyph.right for glyph in unit)
    return (left + right) / 2, (line.top + line.bottom) / 2
