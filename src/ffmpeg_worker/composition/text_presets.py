"""Presets of text style."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_CAPTION = {"font_size": "5%", "font_weight": 700, "vertical_align": "bottom"}
_SHADOW = {"x": 0, "y": "4%", "blur": "12%", "color": "#00000099"}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "plain": {"font_size": "5%", "font_weight": 500, "shadow": [_SHADOW]},
    "outline": {**_CAPTION, "stroke": {"color": "#000000", "width": "8%"}},
    "box": {
        **_CAPTION,
        "font_weight": 600,
        "background": {"color": "#000000b3", "padding": ["12%", "30%"], "radius": "15%", "per_line": True},
    },
    "karaoke": {
        **_CAPTION,
        "font_size": "6%",
        "stroke": {"color": "#000000", "width": "8%"},
        "highlight": {"color": "#ffd400", "mode": "fill", "said": "#ffd400"},
    },
    "word": {
        **_CAPTION,
        "font_size": "7%",
        "font_weight": 800,
        "stroke": {"color": "#000000", "width": "8%"},
        "highlight": {"color": "#ffd400", "scale": 1.12, "mode": "word"},
    },
    "word-box": {
        **_CAPTION,
        "font_size": "6.5%",
        "font_weight": 800,
        "shadow": [_SHADOW],
        "highlight": {
            "color": "#ffffff",
            "background": {"color": "#7c3aed", "padding": ["6%", "14%"], "radius": "18%"},
            "mode": "word",
        },
    },
    "appear": {**_CAPTION, "font_size": "6%", "shadow": [_SHADOW], "highlight": {"mode": "appear"}},
    "title": {"font_size": "10%", "font_weight": 800, "line_height": 1.1, "shadow": [_SHADOW]},
    "quote": {"font_size": "6%", "font_weight": 500, "font_style": "italic", "line_height": 1.35},
    "neon": {
        "font_size": "8%",
        "font_weight": 700,
        "color": "#ffffff",
        "shadow": [
            {"color": "#00e5ff", "blur": "10%"},
            {"color": "#00e5ffb3", "blur": "30%"},
            {"color": "#0080ff80", "blur": "60%"},
        ],
    },
}
"""Fields of each preset. Lengths are percentages of the font size, font sizes of the canvas."""
