"""Presets of text style."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OUTLINE = {"color": "#000000", "width": "8%"}
_EDGE = {"color": "#00000099", "width": "4.5%"}
_CAPTION = {"font_weight": 700, "vertical_align": "bottom"}
_SHADOW = {"y": "4%", "blur": "16%", "color": "#00000099"}
_SHADOWS = [{"y": "2%", "blur": "10%", "color": "#000000b3"}, {"y": "4%", "blur": "45%", "color": "#000000b3"}]
"""A narrow shadow that separates the letters from a bright picture, and a wide one that darkens it."""

_LARGE_EDGE = {"color": "#00000066", "width": "1.5%"}
_LARGE_SHADOWS = [
    {"y": "1%", "blur": "6%", "color": "#00000099"},
    {"y": "3%", "blur": "30%", "color": "#00000099"},
]

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "plain": {"font_size": "6%", "font_weight": 600, "stroke": _EDGE, "shadow": _SHADOWS},
    "outline": {**_CAPTION, "font_size": "6%", "stroke": _OUTLINE},
    "box": {
        **_CAPTION,
        "font_size": "6%",
        "font_weight": 600,
        "background": {"color": "#000000b3", "padding": ["12%", "32%"], "radius": "20%", "per_line": True},
    },
    "karaoke": {
        **_CAPTION,
        "font_size": "7%",
        "stroke": _OUTLINE,
        "highlight": {"color": "#ffd400", "mode": "fill", "said": "#ffd400"},
    },
    "word": {
        **_CAPTION,
        "font_size": "8%",
        "font_weight": 800,
        "word_spacing": "5%",
        "stroke": _OUTLINE,
        "shadow": [_SHADOW],
        "highlight": {"color": "#ffd400", "scale": 1.12, "mode": "word"},
    },
    "word-box": {
        **_CAPTION,
        "font_size": "7.5%",
        "font_weight": 800,
        "line_height": 1.25,
        "word_spacing": "8%",
        "stroke": {"color": "#000000", "width": "6%"},
        "shadow": [_SHADOW],
        "highlight": {
            "color": "#ffffff",
            "background": {"color": "#7c3aed", "padding": ["0%", "14%"], "radius": "22%"},
            "mode": "word",
        },
    },
    "appear": {
        **_CAPTION,
        "font_size": "7%",
        "stroke": {"color": "#000000", "width": "6%"},
        "shadow": [_SHADOW],
        "highlight": {"mode": "appear"},
    },
    "title": {
        "font_size": "11%",
        "font_weight": 800,
        "line_height": 1.1,
        "stroke": _LARGE_EDGE,
        "shadow": _LARGE_SHADOWS,
    },
    "quote": {
        "font_size": "7%",
        "font_weight": 600,
        "font_style": "italic",
        "line_height": 1.35,
        "stroke": _EDGE,
        "shadow": _SHADOWS,
    },
    "neon": {
        "font_size": "9%",
        "font_weight": 700,
        "color": "#ffffff",
        "shadow": [
            {"color": "#00e5ff", "blur": "10%"},
            {"color": "#00e5ffb3", "blur": "30%"},
            {"color": "#0080ff80", "blur": "60%"},
            {"color": "#000000b3", "blur": "60%"},
            {"color": "#00000099", "blur": "90%"},
        ],
    },
}
"""Fields of each preset. Lengths are percentages of the font size, font sizes of the canvas."""


def suit_dark_text(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a preset for dark letters: its outline, box and shadows are white instead of black."""
    changed = dict(fields)
    for name in ("stroke", "background"):
        if name in changed:
            changed[name] = {**changed[name], "color": _lighten(changed[name]["color"])}
    if "shadow" in changed:
        changed["shadow"] = [{**one, "color": _lighten(one["color"])} for one in changed["shadow"]]
    return changed


def _lighten(color: str) -> str:
    return color.replace("#000000", "#ffffff", 1)
