"""The fonts of the package, as files."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "fonts"
_IN_COLOUR = "Twemoji"


def own_fonts() -> list[Path]:
    """All of them."""
    return sorted(_FOLDER.glob("*.ttf"))


def outline_fonts() -> list[Path]:
    """Those for programs that draw letters themselves: few draw them in colour, and Twemoji is nothing without."""
    return [path for path in own_fonts() if path.stem != _IN_COLOUR]
