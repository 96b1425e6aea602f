"""Fonts: a face of a file, and that face at one size, weight and slant."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import uharfbuzz as hb

UNITS = 64
"""Parts of a pixel that HarfBuzz counts in."""

_IGNORED = frozenset(
    {0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD, *range(0xFE00, 0xFE10), *range(0xE0020, 0xE0080)}
)
_SLANT = 0.2
_SLANT_DEGREES = -12.0
_SLANTING = {"ital", "slnt"}
_BOLD = 600
_LACKING = 150
_BOLDEST = 0.035
_FAMILY_NAMES = (hb.OTNameIdPredefined.TYPOGRAPHIC_FAMILY, hb.OTNameIdPredefined.FONT_FAMILY)


class Face:
    """One face of a font file. `weights` is the range it can be drawn at.

    Raises:
        ValueError: it is no font.
    """

    def __init__(
        self,
        blob: Any,
        index: int = 0,
        *,
        family: str | None = None,
        weight: int | None = None,
        is_italic: bool | None = None,
    ) -> None:
        self.harfbuzz = hb.Face(blob, index)
        if not self.harfbuzz.glyph_count:
            raise ValueError("the file is not a font")
        plain = hb.Font(self.harfbuzz)
        self.names = tuple(name for name in map(self.harfbuzz.get_name, _FAMILY_NAMES) if name)
        self.family = family or (self.names[0] if self.names else "")
        axes = {axis.tag: axis for axis in self.harfbuzz.axis_infos}
        self._axes = {tag: (axis.min_value, axis.max_value) for tag, axis in axes.items()}
        fixed = weight or round(plain.get_style_value(hb.StyleTag.WEIGHT))
        self.weights = self._axes.get("wght", (fixed, fixed)) if weight is None else (weight, weight)
        self.is_italic = bool(plain.get_style_value(hb.StyleTag.ITALIC)) if is_italic is None else is_italic
        self.is_colour = bool(
            self.harfbuzz.has_color_layers or self.harfbuzz.has_color_paint or self.harfbuzz.has_color_png
        )

    @functools.cached_property
    def characters(self) -> frozenset[int]:
        """The code points that it has a glyph for."""
        return frozenset(self.harfbuzz.unicodes)

    def covers(self, cluster: str) -> bool:
        """Whether it has every visible character of a cluster."""
        return all(ord(letter) in self.characters or ord(letter) in _IGNORED for letter in cluster)

    def place(self, weight: int, is_slanted: bool) -> dict[str, float]:
        """Where on its axes a weight lies, and a slant that it has not otherwise."""
        low, high = self.weights
        place = {"wght": float(min(max(weight, low), high))} if "wght" in self._axes else {}
        if is_slanted and self._axes.get("ital", (0, 0))[1] > 0:
            place["ital"] = 1.0
        elif is_slanted and self._axes.get("slnt", (0, 0))[0] < 0:
            place["slnt"] = max(self._axes["slnt"][0], _SLANT_DEGREES)
        return place

    def distance(self, weight: int, is_italic: bool) -> tuple[bool, float]:
        """How far it is from what is asked for; less is nearer."""
        low, high = self.weights
        return self.is_italic != is_italic, max(low - weight, weight - high, 0)


class Font:
    """A face at a size in pixels; weight and slant are imitated where the face has them not.

    `ascent` and `descent` are positive, `underline` and `strike` are (distance below the baseline of the middle,
    thickness); all in pixels.
    """

    def __init__(self, face: Face, size: float, weight: int, is_italic: bool) -> None:
        self.face = face
        self.size = size
        self.harfbuzz = hb.Font(face.harfbuzz)
        self.harfbuzz.scale = (round(size * UNITS), round(size * UNITS))
        is_slanted = is_italic and not face.is_italic
        place = face.place(weight, is_slanted)
        if place:
            self.harfbuzz.set_variations(place)
        if not face.is_colour:
            missing = weight - face.weights[1]
            if weight >= _BOLD and missing >= _LACKING:
                self.harfbuzz.synthetic_bold = min(missing / 300 * 0.025, _BOLDEST)
            if is_slanted and not place.keys() & _SLANTING:
                self.harfbuzz.synthetic_slant = _SLANT
        extents = self.harfbuzz.get_font_extents("ltr")
        self.ascent = extents.ascender / UNITS
        self.descent = -extents.descender / UNITS
        self.underline = self._line(hb.OTMetricsTag.UNDERLINE_OFFSET, hb.OTMetricsTag.UNDERLINE_SIZE)
        self.strike = self._line(hb.OTMetricsTag.STRIKEOUT_OFFSET, hb.OTMetricsTag.STRIKEOUT_SIZE)

    def _line(self, offset: Any, size: Any) -> tuple[float, float]:
        thickness = max(self.harfbuzz.get_metric_position_with_fallback(size) / UNITS, 1.0)
        top = -self.harfbuzz.get_metric_position_with_fallback(offset) / UNITS
        return top + thickness / 2, thickness


def nearest(faces: Iterable[Face], weight: int, is_italic: bool) -> Face | None:
    """The face of a family that comes nearest to a weight and slant."""
    return min(faces, key=lambda face: face.distance(weight, is_italic), default=None)
