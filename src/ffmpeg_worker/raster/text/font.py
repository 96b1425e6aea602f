"""Font faces, and fonts: a face at one size, weight and slant."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import uharfbuzz as hb

UNITS = 64
"""HarfBuzz units per pixel."""

MISSING_BOX = 0x25A1
"""An empty square, for characters that no font has. The glyphs that fonts have for this are often stripes."""

# Invisible characters, which a face need not have.
_IGNORED = frozenset(
    {0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD, *range(0xFE00, 0xFE10), *range(0xE0020, 0xE0080)}
)
_SYNTHETIC_SLANT = 0.2
_SLANT_DEGREES = -12.0
_SLANT_AXES = {"ital", "slnt"}
_BOLD_WEIGHT = 600
_MIN_MISSING_WEIGHT = 150
_MAX_SYNTHETIC_BOLD = 0.035
_FAMILY_NAMES = (hb.OTNameIdPredefined.TYPOGRAPHIC_FAMILY, hb.OTNameIdPredefined.FONT_FAMILY)


class Face:
    """One face of a font file; `weights` is the range of weights that it supports.

    `path` is its file, if it is not packed; `is_bundled`: it comes with the package.

    Raises:
        ValueError: the file is not a font.
    """

    def __init__(
        self,
        blob: Any,
        index: int = 0,
        *,
        family: str | None = None,
        weight: int | None = None,
        is_italic: bool | None = None,
        path: Path | None = None,
        is_bundled: bool = False,
    ) -> None:
        self.path = path
        self.is_bundled = is_bundled
        self.harfbuzz = hb.Face(blob, index)
        if not self.harfbuzz.glyph_count:
            raise ValueError("the file is not a font")
        default = hb.Font(self.harfbuzz)
        self.names = tuple(name for name in map(self.harfbuzz.get_name, _FAMILY_NAMES) if name)
        self.family = family or (self.names[0] if self.names else "")
        axes = {axis.tag: axis for axis in self.harfbuzz.axis_infos}
        self._axes = {tag: (axis.min_value, axis.max_value) for tag, axis in axes.items()}
        fixed = weight or round(default.get_style_value(hb.StyleTag.WEIGHT))
        self.weights = self._axes.get("wght", (fixed, fixed)) if weight is None else (weight, weight)
        self.is_italic = bool(default.get_style_value(hb.StyleTag.ITALIC)) if is_italic is None else is_italic
        self.is_color = bool(
            self.harfbuzz.has_color_layers or self.harfbuzz.has_color_paint or self.harfbuzz.has_color_png
        )

    @functools.cached_property
    def characters(self) -> frozenset[int]:
        """The code points of its glyphs."""
        return frozenset(self.harfbuzz.unicodes)

    def covers(self, cluster: str) -> bool:
        """Whether it has a glyph for every visible character of a cluster."""
        return all(ord(letter) in self.characters or ord(letter) in _IGNORED for letter in cluster)

    def variations(self, weight: int, is_slanted: bool) -> dict[str, float]:
        """Return the values of its variation axes for a weight, and for a slant if it has one as an axis."""
        low, high = self.weights
        values = {"wght": float(min(max(weight, low), high))} if "wght" in self._axes else {}
        if is_slanted and self._axes.get("ital", (0, 0))[1] > 0:
            values["ital"] = 1.0
        elif is_slanted and self._axes.get("slnt", (0, 0))[0] < 0:
            values["slnt"] = max(self._axes["slnt"][0], _SLANT_DEGREES)
        return values

    def distance(self, weight: int, is_italic: bool) -> tuple[bool, float]:
        """Return a sort key: less is nearer to a weight and slant."""
        low, high = self.weights
        return self.is_italic != is_italic, max(low - weight, weight - high, 0)


class Font:
    """A face at a size in pixels; a weight or slant that the face lacks is synthesized.

    `missing` is the glyph for characters that no font has.

    `ascent` and `descent` are positive. `underline` and `strike` are the distance of these lines' middle below the
    baseline, and their thickness; all in pixels.
    """

    def __init__(self, face: Face, size: float, weight: int, is_italic: bool) -> None:
        self.face = face
        self.size = size
        self.harfbuzz = hb.Font(face.harfbuzz)
        self.harfbuzz.scale = (round(size * UNITS), round(size * UNITS))
        is_slanted = is_italic and not face.is_italic
        variations = face.variations(weight, is_slanted)
        if variations:
            self.harfbuzz.set_variations(variations)
        if not face.is_color:
            missing = weight - face.weights[1]
            if weight >= _BOLD_WEIGHT and missing >= _MIN_MISSING_WEIGHT:
                self.harfbuzz.synthetic_bold = min(missing / 300 * 0.025, _MAX_SYNTHETIC_BOLD)
            if is_slanted and not variations.keys() & _SLANT_AXES:
                self.harfbuzz.synthetic_slant = _SYNTHETIC_SLANT
        self.missing = self.harfbuzz.get_nominal_glyph(MISSING_BOX) or 0
        extents = self.harfbuzz.get_font_extents("ltr")
        self.ascent = extents.ascender / UNITS
        self.descent = -extents.descender / UNITS
        self.underline = self._line_metrics(hb.OTMetricsTag.UNDERLINE_OFFSET, hb.OTMetricsTag.UNDERLINE_SIZE)
        self.strike = self._line_metrics(hb.OTMetricsTag.STRIKEOUT_OFFSET, hb.OTMetricsTag.STRIKEOUT_SIZE)

    def _line_metrics(self, offset: Any, size: Any) -> tuple[float, float]:
        thickness = max(self.harfbuzz.get_metric_position_with_fallback(size) / UNITS, 1.0)
        top = -self.harfbuzz.get_metric_position_with_fallback(offset) / UNITS
        return top + thickness / 2, thickness


def find_nearest(faces: Iterable[Face], weight: int, is_italic: bool) -> Face | None:
    """Return the face nearest to a weight and slant; `None` without faces."""
    return min(faces, key=lambda face: face.distance(weight, is_italic), default=None)
