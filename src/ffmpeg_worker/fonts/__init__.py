"""The font files that come with the package."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
_COLOR_FONT = "Twemoji"


def bundled_fonts() -> list[Path]:
    """Return all font files."""
    return sorted(FOLDER.glob("*.ttf"))


def outline_fonts() -> list[Path]:
    """Return the fonts without colors, for programs such as libass that draw only outlines of glyphs."""
    return [path for path in bundled_fonts() if path.stem != _COLOR_FONT]
